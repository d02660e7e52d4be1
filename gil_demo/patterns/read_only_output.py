"""C writes into memory that its owner gave out for reading.

Mechanism:
    Read-only is a promise, kept by those who ask. An array has its ``writeable`` flag, a
    buffer its ``readonly`` field, a bytes object is never to change. C gets a plain
    pointer, and can write through it unless the pages themselves are read-only.
    ``PyBUF_SIMPLE`` says nothing of writing, so a read-only buffer is a proper answer to it;
    ``ffi.from_buffer`` asks that way unless told ``require_writable=True``.

What you will see:
    The kernel inverts an image in place. Given an array over a bytes object, it changes the
    bytes. Nothing complains, and the object is broken: it had cached its hash, and keeps it,
    so it equals another bytes object and has a different hash, which no dictionary and no
    set can bear. Then C is given an image in pages that are mapped read-only, as
    ``np.memmap`` with mode "r" maps a file. There the processor keeps the promise: SIGSEGV
    at the first write.

Why the safe half is safe:
    It asks for ``PyBUF_WRITABLE``. The owner must then give a writable buffer or fail, and it
    fails with the GIL held, before anything is written: bytes raise BufferError, as the
    documentation has it, NumPy raises ValueError. The caller makes a copy and passes that.
    With NumPy's C API call ``PyArray_FailUnlessWriteable``. To convert with
    ``NPY_ARRAY_WRITEABLE`` is something else: it makes a copy where the array is read-only,
    and C then writes into the copy. Writable does not mean that nobody else is reading.

Forced:
    Nothing. It takes one thread, and happens every time. Neither sanitizer flags the unsafe
    half, preloaded into Python, because the memory is there, and only the owner knows that
    it is not to be written.

Sources:
    - https://docs.python.org/3/c-api/buffer.html#c.PyBUF_WRITABLE
    - Failing with BufferError: https://docs.python.org/3/c-api/buffer.html#c.PyObject_GetBuffer
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.PyArray_FailUnlessWriteable
    - https://cffi.readthedocs.io/en/stable/ref.html#ffi-buffer-ffi-from-buffer
    - https://docs.python.org/3/glossary.html#term-hashable
    - https://numpy.org/doc/stable/reference/generated/numpy.ndarray.flags.html
"""

import mmap

import numpy as np
from numpy.typing import NDArray

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "writing"
QUESTION = "Is a pointer from a buffer good for writing?"
UNSAFE = "crash"

SIZE = 64
INVERTED = bytes(255 - value for value in range(SIZE))


def unsafe(lab: Lab) -> Finding:
    """C asks for a buffer and writes into it."""
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
    """C asks for a writable buffer, is refused, and is given a copy."""
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
    """A new bytes object that has cached its hash, as the key of a dictionary has."""
    raw = bytes(range(SIZE))
    hash(raw)
    return raw


def _mapped_image() -> NDArray[np.uint8]:
    """An image in pages that the processor lets nobody write."""
    return np.frombuffer(mmap.mmap(-1, SIZE, access=mmap.ACCESS_READ), np.uint8)
