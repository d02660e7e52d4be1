"""What the tests of the guard run in child processes, which misuse ends."""

import signal
from collections.abc import Callable
from subprocess import CompletedProcess

Command = Callable[..., CompletedProcess[str]]
Child = Callable[[str], CompletedProcess[str]]

GUARDED = """
import ctypes, resource, sys, threading
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
import numpy as np
from numpy._core.multiarray import get_handler_name
from gil_demo.native import guard
from gil_demo.native.process import die_with_parent
die_with_parent()
page = resource.getpagesize()

def address(array):
    return array.__array_interface__["data"][0]

def read(where):
    return ctypes.c_char.from_address(where).value

def survived():
    print("survived", flush=True)

guard.install()
"""

HANDLER = """
import contextvars
class Allocator(ctypes.Structure):
    size = ctypes.c_size_t
    _fields_ = [
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", ctypes.c_void_p),
        ("malloc", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, size)),
        ("calloc", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, size, size)),
        ("realloc", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, size)),
        ("free", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, size)),
    ]
(capsule,) = [
    value
    for variable, value in contextvars.copy_context().items()
    if variable.name == "current_allocator"
]
pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
allocator = Allocator.from_address(pointer_of(capsule, b"mem_handler"))
"""

INACCESSIBLE = (-signal.SIGSEGV, -signal.SIGBUS)
"""How a process ends that touches what it may not: macOS has the second for some of it."""


def died(ended: CompletedProcess[str]) -> bool:
    """Whether the child was killed by the access, after it had said that all before was well."""
    return ended.returncode in INACCESSIBLE and ended.stdout == "survived\n"


def passed(ended: CompletedProcess[str]) -> bool:
    """Whether all statements were carried out."""
    return ended.returncode == 0 and ended.stdout.endswith("survived\n")
