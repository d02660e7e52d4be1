"""Finds out which functions of Python's C API kill a process that calls them without the GIL.

``python docs/without_gil.py python3.11 python3.12 python3.13 > gil_demo/check/without_gil.json``
runs each call in a child process of each interpreter. A function of ``ctypes.CDLL(None)`` is
called with the GIL released, and ``ctypes.pythonapi`` would hold it. No other thread runs, so a
race cannot show.
"""

import json
import signal
import subprocess
import sys

CALLS = {
    "PyErr_SetString": 'free.PyErr_SetString(py_object(ValueError), b"")',
    "PyErr_Occurred": "free.PyErr_Occurred()",
    "PyErr_CheckSignals": "free.PyErr_CheckSignals()",
    "PyMem_Malloc": "free.PyMem_Malloc(c_size_t(16))",
    "PyMem_Free": "free.PyMem_Free(memory)",
    "PyLong_FromLong": "free.PyLong_FromLong(c_long(1000))",
    "PyUnicode_FromString": 'free.PyUnicode_FromString(b"text")',
    "PyUnicode_AsUTF8": "free.PyUnicode_AsUTF8(py_object('\\xe9\\u20ac'))",
    "PyUnicode_GetLength": "free.PyUnicode_GetLength(py_object('text'))",
    "PyList_Append": "free.PyList_Append(py_object([]), py_object(None))",
    "PyObject_CallObject": "free.PyObject_CallObject(py_object(int), None)",
    "Py_IncRef": "free.Py_IncRef(py_object([]))",
    "Py_DecRef (not the last)": "pythonapi.Py_IncRef(o); free.Py_DecRef(o)",
    "Py_DecRef (the last)": "o = last(); free.Py_DecRef(o)",
}
"""What is called, and how; the names are bound by ``HEAD``."""

HEAD = """
from ctypes import *
free = CDLL(None)
free.PyErr_Occurred.restype = free.PyMem_Malloc.restype = free.PyLong_FromLong.restype = c_void_p
free.PyUnicode_FromString.restype = free.PyUnicode_AsUTF8.restype = c_void_p
free.PyObject_CallObject.restype = c_void_p
pythonapi.PyMem_Malloc.restype = c_void_p
memory = c_void_p(pythonapi.PyMem_Malloc(c_size_t(16)))
pythonapi.PyList_New.restype = c_void_p
o = py_object([])
def last(): return c_void_p(pythonapi.PyList_New(c_size_t(0)))
assert free.PyGILState_Check() == 0 and pythonapi.PyGILState_Check() == 1
"""
MAX_SECONDS = 30


def outcome(python: str, call: str) -> str:
    """Run one call without the GIL in a child; return its signal, ``hangs`` or ``passes``."""
    code = f"{HEAD}\nprint('called', flush=True)\n{call}\nimport os\nos._exit(0)"
    try:
        ended = subprocess.run(
            [python, "-I", "-c", code], capture_output=True, timeout=MAX_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "hangs"
    if ended.stdout.split() != [b"called"] or ended.returncode > 0:
        raise SystemExit(f"{python}: {call}: {ended.stderr.decode()}")
    return signal.Signals(-ended.returncode).name if ended.returncode else "passes"


def version(python: str) -> str:
    """Return an interpreter's version as X.Y.Z."""
    code = "import platform; print(platform.python_version())"
    ended = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return ended.stdout.strip()


def outcomes(pythons: list[str]) -> dict[str, dict[str, str]]:
    """Return what each call did on each interpreter."""
    versions = {version(python): python for python in pythons}
    return {
        name: {number: outcome(python, call) for number, python in versions.items()}
        for name, call in CALLS.items()
    }


if __name__ == "__main__":
    json.dump(outcomes(sys.argv[1:] or [sys.executable]), sys.stdout, indent=2)
    print()
