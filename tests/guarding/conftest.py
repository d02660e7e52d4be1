"""What the tests of the guard share: programs that run guarded, and what is reported of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from gil_demo.cli import run_command_line

Command = Callable[..., CompletedProcess[str]]

PRELUDE = """
import ctypes, resource, signal, sys, threading, time
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
import numpy as np

def address(array):
    return array.__array_interface__["data"][0]

def read(where):
    return ctypes.string_at(where, 1)

def write(where):
    ctypes.memset(where, 1, 1)
"""

ALLOCATOR = """
class Allocator(ctypes.Structure):
    size = ctypes.c_size_t
    _fields_ = [
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", ctypes.c_void_p),
        ("malloc", ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, size)),
        ("calloc", ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, size, size)),
        ("realloc", ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, size)),
        ("free", ctypes.PYFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, size)),
    ]
core = np._core if hasattr(np, '_core') else np.core
pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
table = ctypes.cast(
    pointer_of(core._multiarray_umath._ARRAY_API, None), ctypes.POINTER(ctypes.c_void_p)
)
get_handler = ctypes.PYFUNCTYPE(ctypes.py_object)(table[305])  # PyDataMem_GetHandler
allocator = Allocator.from_address(pointer_of(get_handler(), b"mem_handler"))
"""
"""NumPy's default allocator as C sees it, for what no array does by itself."""


@dataclass(frozen=True)
class Guarded:
    """A program that ran guarded: its exit code, its output, the document about it."""

    code: int
    output: str
    document: dict[str, Any]

    @property
    def reports(self) -> list[dict[str, Any]]:
        """The reports of the first run."""
        found: list[dict[str, Any]] = self.document["runs"][0]["reports"]
        return found

    @property
    def report(self) -> dict[str, Any]:
        """The only report of the first run."""
        (found,) = self.reports
        return found

    @property
    def counts(self) -> dict[str, Any]:
        """The counts of the first run."""
        found: dict[str, Any] = self.document["runs"][0]["counts"]
        return found

    @property
    def kind(self) -> tuple[str, str]:
        """What the only report says was wrong, and the kind of access."""
        return self.report["what"], self.report["access"]


Run = Callable[..., Guarded]


@pytest.fixture
def guarded(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Runs statements under ``gil-demo guard --json`` with some options."""
    monkeypatch.chdir(tmp_path)

    def run(statements: str, *options: str) -> Guarded:
        capfd.readouterr()
        code = run_command_line(("guard", "--json", *options, "-c", PRELUDE + statements))
        shown = capfd.readouterr()
        assert shown.out, shown.err
        return Guarded(code, shown.err, json.loads(shown.out))

    return run


@pytest.fixture
def block(python: Command) -> Command:
    """Runs statements in an ordinary process in which ``gil_demo`` is imported."""
    return lambda statements: python(PRELUDE + "import gil_demo\n" + statements)


@pytest.fixture
def allocator() -> str:
    """Statements that make `allocator`, NumPy's default one as C sees it."""
    return ALLOCATOR
