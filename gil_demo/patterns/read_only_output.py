"""C writes into memory that its owner lent for reading only.

Mechanism:
    "Read-only" is only a promise: it protects the memory from code that checks it. An array
    has its ``writeable`` flag, a buffer has its ``readonly`` field, and a bytes object must
    never change. C gets a plain pointer, and can write through it unless the memory pages
    themselves are read-only. ``PyBUF_SIMPLE`` does not ask for a writable buffer, so a
    read-only buffer is a correct answer to it; ``ffi.from_buffer`` makes that request unless
    it is given ``require_writable=True``.

What you will see:
    The kernel inverts an image in place. Given an array over a bytes object, it changes the
    bytes. There is no error, but the object is broken: it had cached its hash, and keeps it,
    so it equals another bytes object but has a different hash, which breaks dictionaries and
    sets. Then C is given an image in pages that are mapped read-only, as
    ``np.memmap`` with mode "r" maps a file. There the processor enforces the promise: SIGSEGV
    at the first write.

Why the safe half is safe:
    It asks for ``PyBUF_WRITABLE``. The owner must then give a writable buffer or fail, and it
    fails with the GIL held, before anything is written: bytes raise BufferError, as the
    documentation says, NumPy raises ValueError. The caller makes a copy and passes that.
    With NumPy's C API call ``PyArray_FailUnlessWriteable``. A conversion with
    ``NPY_ARRAY_WRITEABLE`` is something else: it makes a copy where the array is read-only,
    and C then writes into the copy. Writable does not mean that no other thread is reading.

Forced:
    Nothing. One thread is enough, and it happens every time. Neither sanitizer flags the
    unsafe half, preloaded into Python, because the memory is there, and only the owner knows
    that nobody may write to it.

In your own code:
    ``gil_demo.frozen(a)`` is a copy that the processor protects: C that writes to it stops at
    that line, under ``gil-demo guard`` with a report. ``gil-demo check`` has no rule for it.

    A read-only array, given to each: ``mutable_data()`` of pybind11 raises;
    ``nb::ndarray<double>``, ``double[:]`` of Cython and a Numba function that writes refuse it;
    ``const`` in these types accepts it. ``a.ctypes.data`` and ``ffi.from_buffer`` give the
    address: ask with ``ndpointer(float, flags="WRITEABLE")`` and ``require_writable=True``. In
    C++ a ``const_cast`` takes the promise back.

    Reports are mostly of the refusal, since joblib maps large arrays read-only (cython#1605).
    Beware of the remedy that sets the flag ``writeable`` for the call (dipy#427).

Sources:
    - https://docs.python.org/3/c-api/buffer.html#c.PyBUF_WRITABLE
    - Failing with BufferError: https://docs.python.org/3/c-api/buffer.html#c.PyObject_GetBuffer
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.PyArray_FailUnlessWriteable
    - https://cffi.readthedocs.io/en/stable/ref.html#ffi-buffer-ffi-from-buffer
    - https://docs.python.org/3/glossary.html#term-hashable
    - https://numpy.org/doc/stable/reference/generated/numpy.ndarray.flags.html
    - pybind11: https://pybind11.readthedocs.io/en/stable/advanced/pycpp/numpy.html#arrays
    - nanobind: https://nanobind.readthedocs.io/en/latest/ndarray.html
    - Cython: https://cython.readthedocs.io/en/latest/src/userguide/memoryviews.html
    - ctypes: https://numpy.org/doc/stable/reference/routines.ctypeslib.html#numpy.ctypeslib.ndpointer
    - https://github.com/cython/cython/issues/1605
    - https://github.com/dipy/dipy/pull/427
"""

import mmap

import numpy as np
from numpy.typing import NDArray

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "writing"
QUESTION = "May C write through a pointer from a buffer?"
UNSAFE = "crash"

SIZE = 64
INVERTED = bytes(255 - value for value in range(SIZE))


def unsafe(lab: Lab) -> Finding:
    """Ask for a buffer and write into it."""
    invert = lab.raising("read_only_output_unsafe")
    raw = _hashed_bytes()
    invert(np.frombuffer(raw, np.uint8))
    copy = bytes(bytearray(raw))
    hashes = "differs from" if hash(raw) != hash(copy) else "is"
    lab.say(
        f"C inverted a bytes object, whose hash now {hashes} its equal's,"
        " and went on to pages mapped read-only"
    )
    invert(_mapped_image())
    return Finding("ok", "pages mapped read-only were written")


def safe(lab: Lab) -> Finding:
    """Ask for a writable buffer, get a refusal, and pass a copy."""
    invert = lab.raising("read_only_output_safe")
    raw = _hashed_bytes()
    mapped = _mapped_image()
    outputs = {
        "bytes": raw,
        "an array over them": np.frombuffer(raw, np.uint8),
        "read-only pages": mapped,
    }
    refusals = []
    for name, output in outputs.items():
        try:
            invert(output)
        except (BufferError, ValueError) as error:
            refusals.append(f"{name} refused ({type(error).__name__}: {str(error).rstrip('.')})")
    copy = np.frombuffer(raw, np.uint8).copy()
    invert(copy)
    right = len(refusals) == len(outputs) and raw == bytes(range(SIZE)) and bytes(copy) == INVERTED
    more = "a copy was inverted, and the bytes are what they were"
    return Finding("ok" if right else "wrong-value", ", ".join(refusals), more)


def _hashed_bytes() -> bytes:
    """Make a new bytes object that has cached its hash, as the key of a dictionary has."""
    raw = bytes(range(SIZE))
    hash(raw)
    return raw


def _mapped_image() -> NDArray[np.uint8]:
    """Map an image in pages that the processor lets nobody write."""
    return np.frombuffer(mmap.mmap(-1, SIZE, access=mmap.ACCESS_READ), np.uint8)
