"""The words that release the GIL and take it back."""

import re

RELEASE = frozenset(
    [
        "Py_BEGIN_ALLOW_THREADS",
        "NPY_BEGIN_ALLOW_THREADS",
        "NPY_BEGIN_THREADS",
        "Py_UNBLOCK_THREADS",
        "PyEval_SaveThread",
        "PyEval_ReleaseThread",
        "PyEval_ReleaseLock",
    ]
)
MAYBE_RELEASE = frozenset(
    ["NPY_BEGIN_THREADS_THRESHOLDED", "NPY_BEGIN_THREADS_DESCR", "NPY_BEGIN_THREADS_NDITER"]
)
ACQUIRE = frozenset(
    [
        "Py_END_ALLOW_THREADS",
        "NPY_END_ALLOW_THREADS",
        "Py_BLOCK_THREADS",
        "PyEval_RestoreThread",
        "PyEval_AcquireThread",
        "PyEval_AcquireLock",
    ]
)
MAYBE_ACQUIRE = frozenset(["NPY_END_THREADS", "NPY_END_THREADS_DESCR"])
ENSURE = frozenset(["PyGILState_Ensure", "NPY_ALLOW_C_API", "PyThreadState_Ensure"])
UNENSURE = frozenset(["PyGILState_Release", "NPY_DISABLE_C_API", "PyThreadState_Release"])
UNKNOWN = frozenset(
    [
        "PyThreadState_Swap",
        "Py_NewInterpreter",
        "Py_NewInterpreterFromConfig",
        "Py_EndInterpreter",
        "Py_Finalize",
        "Py_FinalizeEx",
        "PyOS_AfterFork_Child",
        "PyOS_AfterFork",
        "PyThreadState_DeleteCurrent",
        "PyInterpreterState_Delete",
        "Py_Initialize",
        "Py_InitializeEx",
        "Py_InitializeFromConfig",
        "PyEval_InitThreads",
    ]
)
"""Calls after which nobody can say what this thread has."""

NO_RETURN = frozenset(
    [
        "exit",
        "_exit",
        "_Exit",
        "abort",
        "quick_exit",
        "Py_FatalError",
        "Py_Exit",
        "_Py_FatalErrorFormat",
        "longjmp",
        "siglongjmp",
        "_longjmp",
        "pthread_exit",
        "PyThread_exit_thread",
        "__builtin_unreachable",
        "Py_UNREACHABLE",
        "__builtin_trap",
        "terminate",
        "execv",
        "execve",
        "execvp",
    ]
)
RELEASE_GUARDS = frozenset({"gil_scoped_release"})
ACQUIRE_GUARDS = frozenset({"gil_scoped_acquire"})

WITH_BRACE = frozenset(
    [
        "Py_BEGIN_ALLOW_THREADS",
        "NPY_BEGIN_ALLOW_THREADS",
        "Py_END_ALLOW_THREADS",
        "NPY_END_ALLOW_THREADS",
    ]
)
"""Macros with a brace, which the compiler pairs within one function."""

SWITCHES = RELEASE | MAYBE_RELEASE | ACQUIRE | MAYBE_ACQUIRE | ENSURE | UNENSURE | UNKNOWN
GUARDS = RELEASE_GUARDS | ACQUIRE_GUARDS

BEGINS = RELEASE | MAYBE_RELEASE | ENSURE | GUARDS
"""Words without one of which a project neither releases the GIL nor takes it."""

ANY_BEGIN = re.compile(r"\b(?:" + "|".join(sorted(BEGINS)) + r")\b")
ANY_SWITCH = re.compile(r"\b(?:" + "|".join(sorted(SWITCHES | GUARDS)) + r")\b")
