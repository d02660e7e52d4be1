"""Which names of Python's and NumPy's C API need the GIL.

The list, ``api.json``, is generated from installed headers and reviewed as a difference:
``python -m gil_demo.check.api INCLUDE_DIRECTORY…`` writes it anew. Every name that the headers
declare needs the GIL unless an entry of FREE or READS says otherwise, each with its reason. A
macro or an inline function that only uses names which read is one that reads, but for NEEDS.
"""

import json
import re
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path

FREE = {
    r"PyMem_Raw\w+|_PyMem_Raw\w+": "the raw domain does not need the GIL (c-api/memory)",
    r"PyThread_\w+|_?PyThread_at_fork_reinit": "locks, keys and threads of the system, no object",
    r"Py_tss_\w+": "thread specific storage is there before the interpreter (c-api/tls)",
    r"PyMutex_\w+|_PyMutex_\w+|PyMUTEX_\w+": "detaches by itself while it waits",
    r"PyCriticalSection\w*": "a no-op with the GIL; belongs to free-threaded builds",
    r"PyGILState_\w+": "made for threads that do not hold the GIL",
    r"PyEval_(?:SaveThread|RestoreThread|AcquireThread|ReleaseThread|AcquireLock|ReleaseLock)": (
        "switches the GIL"
    ),
    r"PyThreadState_(?:Swap|GetUnchecked|Ensure|Release)|_PyThreadState_UncheckedGet": (
        "reads or switches the thread state"
    ),
    r"PyEval_(?:ThreadsInitialized|InitThreads)": "reads a flag",
    r"PyInterpreterState_(?:Main|Head|Next|ThreadHead|GetID)|PyThreadState_Next": (
        "reads a list that debuggers walk"
    ),
    r"Py_FatalError|_Py_FatalError\w+|Py_Exit|Py_UNREACHABLE": "ends the process",
    r"Py_(?:Initialize|Finalize|IsInitialized|IsFinalizing|_IsFinalizing|PreInitialize|RunMain|"
    r"Main|BytesMain)\w*|_Py_IsFinalizing|_Py_IsCoreInitialized": "begins or ends the interpreter",
    r"PyConfig_\w+|PyPreConfig_\w+|PyStatus_\w+|PyWideStringList_\w+": "before the interpreter",
    r"Py_Get(?:Version|Platform|Copyright|Compiler|BuildInfo)|Py_Version": "returns a constant",
    r"Py_AddPendingCall|PyErr_SetInterrupt(?:Ex)?|_PyEval_SignalReceived": (
        "may be called without the GIL (c-api/threads, c-api/exceptions)"
    ),
    r"PyOS_(?:v?snprintf|mystr\w+|str(?:n?icmp|tol|toul)|getsig|setsig|AfterFork\w*|BeforeFork)": (
        "C only, or for the moment around a fork"
    ),
    r"Py_(?:Decode|Encode)Locale\w*|_Py_(?:Decode|Encode)\w+Ex": "uses the raw domain",
    r"PyTime_\w+Raw|_PyTime_(?!\w*Object)\w+|_Py_timespec\w*": "raises nothing",
    r"_?Py_atomic_\w+|_Py_ANNOTATE\w+": "atomic memory access",
    r"_PyUnicode_(?:Is|To)\w+|Py_UNICODE_(?:IS|TO)\w+|_Py_(?:dg|ctype)_\w+": "constant tables",
    r"Py_(?:IS|TO)[A-Z]+|_?Py_(?:ABS|MIN|MAX|CHARMASK|IS_\w+|ARRAY_LENGTH|MEMBER_SIZE|SAFE_DOWNCAST|"
    r"STRINGIFY|XSTRINGIFY|UNUSED|DEPRECATED|GCC_ATTRIBUTE|VA_COPY|BUILD_ASSERT\w*|ALIGNED|"
    r"ROUND_\w+|SIZE_ROUND\w+|ALIGN_\w+|MEMCPY|FORCE_\w+|OVERFLOWED|ADJUST_ERANGE\w*|"
    r"SET_\w*ER\w+|SET_ERRNO\w+|ARITHMETIC_\w+|CAST|CAN_START_THREADS|LOCAL\w*|GET_CODE|HUGE_VAL|"
    r"NAN|INFINITY|BEGIN_SUPPRESS\w*|DOUBLE_ROUND|SIZEOF\w*|INT\w*|UINT\w*|ASSERT\w*)": "plain C",
    r"PyDoc_STR\w*|Py(?:MODINIT|API|MODEXPORT)\w*|Py_(?:EXPORTED|IMPORTED)\w*": "a declaration",
    r"Py_HashBuffer|_Py_HashBytes|_Py_HashSecret\w*": "reads memory that the caller owns",
    r"PyBuffer_(?:IsContiguous|GetPointer|FillContiguousStrides)": "reads the caller's Py_buffer",
    r"_Py_(?:open_noraise|read_noraise|write_noraise|wfopen|wopen|wstat|get_blocking|"
    r"set_inheritable_async_safe|wreadlink|wrealpath|wgetcwd|dup_noraise|closerange|"
    r"popcount\d+|bit_length|bswap\d+|parse_\w+|ascii_\w+|strhex_impl|double_\w+|c_\w+)": (
        "C only: it says so with a return value, not with an exception"
    ),
    r"PyDataMem_(?:NEW|NEW_ZEROED|FREE|RENEW)": "malloc; tracemalloc takes the GIL by itself",
    r"NpyIter_(?:Reset|ResetBasePointers|ResetToIterIndexRange|Goto\w+|GetIterNext|"
    r"GetGetMultiIndex|Get(?:Data|Initial|Inner|Iter|Buffer|Index)\w*|GetReadFlags|GetWriteFlags|"
    r"IterationNeedsAPI|HasDelayedBufAlloc|Has\w+|Requires\w+|IsBuffered|IsGrowInner|IsFirstVisit|"
    r"GetN(?:Dim|Op)|GetShape|GetTransferFlags)": "without the GIL (numpy c-api/iterator)",
    r"NPY_\w+|PyArray_(?:MIN|MAX|MALLOC_ALIGNMENT)|npy_\w+": "NumPy's constants and plain C",
    r"NpyString_(?:load|pack|pack_null|acquire_allocators?|release_allocators?)": (
        "locks the allocator by itself (numpy c-api/strings)"
    ),
    r"PyOS_(?:InputHook|ReadlineFunctionPointer)": "a pointer that is called without the GIL",
    r"NpyIter_(?:GetOperandArray|GetDescrArray)": "returns what the iterator has",
    r"PyArray_(?:HASFIELDS|SAMESHAPE|ISFORTRAN|IsNativeByteOrder|MultiplyList|MultiplyIntList|"
    r"OverflowMultiplyList|CompareLists|GetNDArrayCVersion|GetEndianness|"
    r"GetNDArrayCFeatureVersion)": "arithmetic on C's numbers",
}
"""Names that need no GIL, as regular expressions of whole names, and why."""

READS = {
    r"Py_(?:TYPE|SIZE|REFCNT|IS_TYPE|Is|IsNone|IsTrue|IsFalse)": "reads an object's header",
    r"PyUnicode_(?:GetLength|GET_LENGTH|MaxCharValue|MAX_CHAR_VALUE|READY|KIND|DATA|READ\w*|"
    r"IS_\w+|1BYTE_DATA|2BYTE_DATA|4BYTE_DATA|AS_\w+|GET_SIZE|GET_DATA_SIZE)": (
        "reads a field of an object that never changes"
    ),
    r"PyBytes_(?:Size|AsString|AS_STRING|GET_SIZE)": "reads a field; raises only for another type",
    r"PyObject_CheckBuffer|PyType_(?:GetFlags|HasFeature|IsSubtype)|PyObject_TypeCheck": (
        "reads a type's header"
    ),
    r"Py\w+_Check(?:Exact)?": "reads a type's header",
    r"PyCapsule_CheckExact|PyArray_(?:DescrCheck|Check\w*|IS\w+)": "reads a type's header",
    r"PyDataMem_User\w+": "the handler is always valid, so that nothing is raised",
    r"PyArray_(?:EquivByteorders|IsScalar|Size|ITER_\w+|MultiIter_\w+|GETPTR\d|BYTES|ITEMSIZE)|"
    r"PyArrayNeighborhoodIter_\w+|_PyArrayNeighborhoodIter_\w+|_PyArray_ITER_\w+": (
        "reads the array's or moves the iterator's fields"
    ),
}
"""Names that only read fields: a race at worst, and advice rather than an error."""

NEEDS = {
    r"Py(?:List|Tuple|StructSequence)_SET_ITEM|PyCell_SET|PyUnicode_WRITE|"
    r"Py_SET_(?:SIZE|TYPE)|PyArray_(?:CLEAR|ENABLE)FLAGS": "writes to an object",
    r"Py(?:List|Sequence_Fast)_GET_ITEM|PyCell_GET|PyWeakref_GET_OBJECT": (
        "lends a reference that another thread may take away meanwhile"
    ),
    r"Py_VISIT": "calls through a pointer that is an argument",
    r"Py_BEGIN_CRITICAL_SECTION\w*": "needs an attached thread where there is no GIL",
}
"""Macros and inline functions that need the GIL although their bodies call nothing that does."""

ONLY_WITH_MESSAGE = {
    "NpyIter_Reset": 1,
    "NpyIter_GetIterNext": 1,
    "NpyIter_ResetBasePointers": 2,
    "NpyIter_ResetToIterIndexRange": 3,
}
"""Which argument must not be NULL for the function to need no GIL (numpy c-api/iterator)."""

ANY_FREE, ANY_READS, ANY_NEEDS = (re.compile("|".join(names)) for names in (FREE, READS, NEEDS))

THROUGH_A_POINTER = "(pointer)"
"""What a macro's body calls that calls a function of some table."""

NAME = r"_?(?:Py|Npy|NPY)\w+"
INLINE = (
    rf"static\s+(?:inline|NPY_INLINE|NPY_UNUSED)[^;{{}}]*?\b({NAME})"
    r"\([^;{}]*\)\s*\{(.*?)^\}"
)
DEFINITION = r"^[ \t]*#[ \t]*define[^\n]*"
LOOKS_LIKE_API = re.compile(r"Py[A-Z]\w*_[A-Za-z]\w*|Py_[A-Z][A-Za-z]+")


@cache
def table() -> dict[str, str]:
    """Return ``needs``, ``reads`` or ``free`` for each name on the list."""
    text = files("gil_demo.check").joinpath("api.json").read_text(encoding="utf-8")
    lists: dict[str, list[str]] = json.loads(text)
    return {name: kind for kind in ("needs", "reads", "free") for name in lists[kind]}


@cache
def kind_of(name: str) -> str | None:
    """Return what a name of the API needs, or None for a name that is on no list."""
    known = table().get(name)
    if known is not None:
        return known
    if re.fullmatch(NAME, name) is None:
        return None
    return "free" if _free(name) else "reads" if _reads(name) else None


@cache
def looks_like_api(name: str) -> bool:
    """Tell whether a name that is on no list is written as those of the API are."""
    return LOOKS_LIKE_API.fullmatch(name) is not None


def reason(name: str) -> str:
    """Return why a name is free of the GIL or only reads; empty for one that needs it."""
    for group in (FREE, READS):
        for pattern, why in group.items():
            if re.fullmatch(pattern, name):
                return why
    return "its body reads fields only" if table().get(name) == "reads" else ""


def _free(name: str) -> bool:
    return ANY_FREE.fullmatch(name) is not None


def _reads(name: str) -> bool:
    return ANY_READS.fullmatch(name) is not None


def _kind_by_name(name: str) -> str:
    """Return what a macro or an inline function is unless its body calls what needs the GIL."""
    return "free" if _free(name) else "needs" if ANY_NEEDS.fullmatch(name) else "reads"


def generate(directories: list[Path]) -> dict[str, list[str]]:
    """Return the list that the headers below some directories give."""
    bodies: dict[str, set[str]] = {}
    names: set[str] = set()
    for directory in directories:
        for header in sorted(directory.rglob("*.h")):
            if "internal" in header.parts:
                continue
            text = re.sub(
                r"/\*.*?\*/|//[^\n]*", " ", header.read_text("utf-8", "replace"), flags=re.S
            )
            text = re.sub(r"\\\r?\n", " ", text)
            declared = re.sub(rf"{INLINE}|{DEFINITION}", " ", text, flags=re.M | re.S)
            declaration = rf"\b({NAME})\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*;"
            names |= set(re.findall(declaration, declared))
            names |= set(re.findall(rf"PyAPI_FUNC\([^()]*\)\s*({NAME})", text))
            table_entry = rf"#define\s+({NAME})\s*\\?\s*\(\*\([^;]*?PyArray_API\[\d+\]\)"
            names |= set(re.findall(table_entry, text))
            macro = rf"^[ \t]*#[ \t]*define[ \t]+({NAME})\([^()]*\)([^\n]*)"
            for name, body in re.findall(macro, text, flags=re.M):
                bodies.setdefault(name, set()).update(_called(body))
            for name, body in re.findall(INLINE, text, flags=re.M | re.S):
                bodies.setdefault(name, set()).update(_called(body))
    for name in names:
        bodies.pop(name, None)
    kinds = {n: "free" if _free(n) else "reads" if _reads(n) else "needs" for n in names}
    kinds |= {n: _kind_by_name(n) for n in bodies}
    kinds[THROUGH_A_POINTER] = "needs"
    changed = True
    while changed:
        changed = False
        for name, called in bodies.items():
            needs = any(kinds.get(one, "free") == "needs" for one in called)
            if needs and kinds[name] == "reads" and not _reads(name):
                kinds[name] = "needs"
                changed = True
    return {
        kind: sorted(
            name for name, its in kinds.items() if its == kind and name != THROUGH_A_POINTER
        )
        for kind in ("needs", "reads", "free")
    }


def _called(body: str) -> set[str]:
    called = set(re.findall(rf"\b({NAME})\s*\(", body))
    if re.search(r"->\s*\w+(?:\s*|\))\(", body):
        called.add(THROUGH_A_POINTER)
    return called


if __name__ == "__main__":
    json.dump(generate([Path(argument) for argument in sys.argv[1:]]), sys.stdout, indent=0)
    print()
