"""`pytest -p gil_demo.pytest_guard` names the test in which an access went wrong."""

import signal
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

BEGINNING = """
import ctypes
import numpy as np

def address(array):
    return array.__array_interface__["data"][0]
"""

TESTS = """
def test_well():
    assert np.ones(10).sum() == 10

def test_writes_outside():
    array = np.ones(10)
    ctypes.memset(address(array) - 2, 1, 1)

def test_well_again():
    assert np.zeros(10).sum() == 0
"""

DIES = """
def test_reads_outside():
    array = np.ones(10)
    ctypes.string_at(address(array) + 80, 1)
"""

ALIGNED = """
def test_aligned():
    assert all(address(np.empty(n, np.int8)) % 16 == 0 for n in range(1, 40))
"""


def pytest_run(folder: Path, tests: str, *words: str) -> CompletedProcess[str]:
    """Run pytest on some tests, in a process of its own."""
    (folder / "test_some.py").write_text(BEGINNING + tests)
    return subprocess.run(
        [sys.executable, *words, "-q", "-p", "no:cacheprovider", "test_some.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_write_outside_fails_the_test_that_made_it(tmp_path: Path) -> None:
    """The tests before and after it pass."""
    ended = pytest_run(tmp_path, TESTS, "-m", "pytest", "-p", "gil_demo.pytest_guard")
    assert ended.returncode == 1
    assert "1 failed, 2 passed" in ended.stdout
    assert "C wrote outside of the data of 1 array: the report is on" in ended.stdout
    assert "during the test test_some.py::test_writes_outside" in ended.stderr
    assert " arrays were guarded" in ended.stdout


def test_a_fault_ends_the_run_and_names_the_test(tmp_path: Path) -> None:
    """The faulthandler that pytest installs speaks as well."""
    ended = pytest_run(tmp_path, TESTS + DIES, "-m", "pytest", "-p", "gil_demo.pytest_guard")
    assert ended.returncode == -signal.SIGSEGV
    assert "during the test test_some.py::test_reads_outside" in ended.stderr
    assert "C read the first byte past the end of an array's data." in ended.stderr


def test_under_gil_demo_guard_the_plugin_adds_the_names(tmp_path: Path) -> None:
    """The whole run is guarded, imports of test modules too."""
    words = ["-m", "gil_demo", "guard", "-m", "pytest", "-p", "gil_demo.pytest_guard"]
    ended = pytest_run(tmp_path, TESTS + DIES, *words)
    assert ended.returncode == 128 + signal.SIGSEGV
    assert "during the test test_some.py::test_reads_outside" in ended.stderr


def test_under_gil_demo_guard_the_report_comes_without_the_plugin(tmp_path: Path) -> None:
    """NumPy is imported while pytest keeps standard error in a file: the report is not for it."""
    ended = pytest_run(tmp_path, DIES, "-m", "gil_demo", "guard", "-m", "pytest")
    assert ended.returncode == 128 + signal.SIGSEGV
    assert "C read the first byte past the end of an array's data." in ended.stderr


def test_the_alignment_is_an_option(tmp_path: Path) -> None:
    """Tests that rely on malloc's 16 bytes pass with --guard-align 16, and fail without."""
    words = ["-m", "pytest", "-p", "gil_demo.pytest_guard"]
    assert pytest_run(tmp_path, ALIGNED, *words).returncode == 1
    assert pytest_run(tmp_path, ALIGNED, *words, "--guard-align=16").returncode == 0
