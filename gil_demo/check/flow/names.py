"""The names that mean something by themselves on a way through a function."""

import re

KEYWORDS = frozenset(
    [
        "if",
        "while",
        "for",
        "switch",
        "sizeof",
        "defined",
        "catch",
        "alignof",
        "typeof",
        "__typeof__",
        "decltype",
        "else",
        "do",
        "static",
        "const",
        "int",
        "char",
        "void",
        "unsigned",
        "signed",
        "long",
        "short",
        "double",
        "float",
        "struct",
        "union",
        "enum",
        "not",
        "and",
        "or",
        "try",
        "typeid",
        "static_assert",
        "_Static_assert",
        "noexcept",
        "__attribute__",
    ]
)
JUMPS = frozenset(["return", "goto", "break", "continue", "throw", "co_return", "__leave"])
ASSERTS = frozenset(
    ["assert", "Py_ASSERT", "ASSERT", "_PyObject_ASSERT", "static_assert", "DEBUG_ASSERT"]
)
LIKELY = frozenset(
    [
        "likely",
        "unlikely",
        "LIKELY",
        "UNLIKELY",
        "NPY_LIKELY",
        "NPY_UNLIKELY",
        "__builtin_expect",
        "G_LIKELY",
        "G_UNLIKELY",
    ]
)
LOCKS = frozenset(
    [
        "pthread_mutex_lock",
        "pthread_rwlock_wrlock",
        "pthread_rwlock_rdlock",
        "mtx_lock",
        "EnterCriticalSection",
        "PyThread_acquire_lock",
        "PyMutex_Lock",
    ]
)
DETACHING = frozenset(["PyMutex_Lock"])
"""The locks that let others have the GIL while a thread waits for them."""
UNLOCKS = frozenset(
    [
        "pthread_mutex_unlock",
        "pthread_rwlock_unlock",
        "mtx_unlock",
        "LeaveCriticalSection",
        "PyThread_release_lock",
        "PyMutex_Unlock",
    ]
)
FORKS = frozenset(["fork", "fork1", "vfork", "forkpty"])
NEEDS_API = ("needs_api", "needs_pyapi")
"""Variables by which NumPy's code says that it keeps the GIL."""
OBJECTS = re.compile(
    r"type(?:_num|num)\s*==\s*NPY_OBJECT|(?:REFCHK|ISOBJECT|NPY_NEEDS_PYAPI|NPY_ITEM_REFCOUNT)\b"
)
"""Conditions by which NumPy's code says that the data are Python's objects."""
PYBIND = re.compile(r"(?:^|\W)(?:py|pybind11|nb|nanobind)\s*::\s*$")
PYBIND_CALLS = frozenset(
    [
        "cast",
        "print",
        "list",
        "dict",
        "tuple",
        "str",
        "int_",
        "float_",
        "bytes",
        "import",
        "eval",
        "exec",
        "isinstance",
        "len",
        "getattr",
        "setattr",
        "hasattr",
        "make_tuple",
        "reinterpret_borrow",
        "reinterpret_steal",
    ]
)
