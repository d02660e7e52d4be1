"""Loads damaged .npy files: each is refused in one line, or its numbers are those that NumPy reads.

python -m tests.faults.npy_files 3000
"""

import random
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from gil_demo.arrays import UnusableInput, load

TYPES = ("f8", ">f8", "f4", ">f4", "f2", "g", "i1", "u8", ">i8", "?", "c16", "U3", "M8[D]")

PIECES = (
    b"'fortran_order': True",
    b"(10, 10)",
    b"(-1,)",
    b"(2**62,)",
    b"(99999999999999999999,)",
    b"()",
    b"(0,)",
    b"'<f8'",
    b"'|O'",
    b"'>f4'",
    b"[('x', '<f8')]",
    b"{",
    b"\n",
    b"\x00",
    b"\x1b[2J",
    b"\xff\xfe",
    b"__import__('os')",
)


def whole(choose: random.Random) -> bytes:
    """Make the bytes of a .npy file that is in order."""
    numbers = np.arange(choose.choice([1, 7, 100, 1000])).astype(choose.choice(TYPES))
    header = repr(
        {"descr": numbers.dtype.str, "fortran_order": False, "shape": numbers.shape}
    ).encode()
    if choose.random() < 0.7:
        header += b" " * (-(len(header) + 11) % 64)
    header += b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + numbers.tobytes()


def damaged(choose: random.Random) -> bytes:
    """Make the bytes of a file with up to three damages."""
    text = bytearray(whole(choose))
    for _ in range(choose.randrange(4)):
        where = choose.randrange(min(len(text), 140) or 1)
        kind = choose.randrange(5)
        if kind == 0 and text:
            text[where] = choose.randrange(256)
        elif kind == 1:
            text[where:where] = choose.choice(PIECES)
        elif kind == 2:
            piece = choose.choice(PIECES)
            text[where : where + len(piece)] = piece
        elif kind == 3:
            del text[where : where + choose.randrange(1, 20)]
        else:
            del text[choose.randrange(len(text) + 1) :]
    return bytes(text)


def fault(path: Path) -> tuple[str, str]:
    """Load a file; return whether it was taken, and what is wrong with that."""
    before = path.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            array, notes = load(path, "scale")
    except UnusableInput as refusal:
        line = str(refusal)
        short = line.isprintable() and len(line) < 400 + len(str(path))
        return "refused", "" if short else f"is refused with {line!r}"
    except BaseException as error:
        return "failed", f"raises {error!r}"
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = np.load(path, allow_pickle=False).ravel(order="K").astype(np.float64)
    if not np.array_equal(array, wanted, equal_nan=True):
        return "taken", "has other numbers than NumPy reads"
    if not all(note.isprintable() for note in notes):
        return "taken", f"gets the notes {notes!r}"
    array[:] = 1
    return "taken", "" if path.read_bytes() == before else "was changed"


def loaded(files: int, seed: int = 0) -> tuple[Counter[str], list[str]]:
    """Load that many files; return how many were taken, and the faults."""
    choose, ends, faults = random.Random(seed), Counter[str](), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "numbers.npy"
        for _ in range(files):
            path.write_bytes(damaged(choose))
            end, wrong = fault(path)
            ends[end] += 1
            if wrong:
                faults.append(f"{path.read_bytes()[:200]!r} {wrong}")
            path.unlink()
    return ends, faults


if __name__ == "__main__":
    ends, faults = loaded(*map(int, sys.argv[1:]))
    print(f"{ends.total()} files, {len(faults)} wrong; {dict(ends)}")
    print(*faults, sep="\n")
    sys.exit(bool(faults))
