"""The program that asked: which of its lines are right, which are wrong, and how one sees it.

The question:
    A C function makes an array of its argument, takes its size and its data pointer, lets
    go of the GIL, adds up the elements and takes the GIL back. Is that safe, and could a
    garbage collector move the array meanwhile? The accepted answer: take size and pointer
    before the block, and perhaps hold a reference while in it. A tag in brackets names a
    line of csrc/gilexample.c. Each claim below is run: the unsafe half is that file, the
    safe half csrc/gilexample_safe.c.

What is right:
    [read-before] Size and data pointer are fields of a Python object, and another thread may
    change them once it has the GIL. The program reads both before the block, so a change of
    these fields comes too late to matter. Without a GIL it may come at any time: see what
    remains.

    [own-reference] ``PyArray_FROM_OTF`` returns a new reference, also where it returns the
    very array that it was given. It is dropped after END, with the GIL. The answer's extra
    increment is not needed here. Nor does an argument as such need one: whoever calls a C
    function owns its arguments until it returns, and both "O" and "O!" of
    ``PyArg_ParseTuple`` borrow from there. An increment before the block is needed for an
    array that is borrowed from what other threads can change, as ``PyList_GET_ITEM`` and
    ``PyDict_GetItem`` lend it, and for one that is used after the function has returned.

    [released] Inside the block are only C's own variables and the array's elements. No
    garbage collector moves them: CPython's frees objects that keep only each other alive, and
    an object stays at its address as long as it lives. What does move is an array's data
    when the array is resized: see what remains.

    [index-type] ``npy_intp`` is as wide as a pointer. An ``int`` would overflow at 2**31
    elements, which are 16 GiB of double.

What is wrong:
    [aligned-only] ``NPY_ARRAY_ALIGNED`` says that each element lies where the processor can
    load it, not that it lies next to the one before. A strided view of double is aligned, so
    it is not copied, and the loop reads one double after the other from the view's start: of
    ``a[::2]`` also those in between, of ``a[::-1]`` those that lie behind the array.

    [unchecked-parse] Without an argument ``PyArg_ParseTuple`` sets an exception, returns 0
    and leaves X alone. The function goes on with whatever X was, here NULL.

    [unchecked-array] For what NumPy cannot convert, ``PyArray_FROM_OTF`` sets an exception
    and returns NULL. The next line reads the array's shape through it.

    [one-phase] The module is made by ``PyInit_gilexample`` itself and carries no word on what
    it supports. A free-threaded Python turns its GIL on when it loads such a module, unless
    told not to, and from 3.12 on a subinterpreter with a GIL of its own refuses it.

When a copy is made:
    NumPy copies what does not satisfy the request already: a list, another type, another byte
    order, elements that are not aligned. With the question's flags a strided view of double
    satisfies it, with those of the mended program only an array whose elements lie side by
    side in C order. A copy, once made, is private to the call: other threads can no longer
    interfere, at the price of the memory and, for a list, of a conversion that holds the GIL.
    While NumPy copies a large array it lets go of the GIL, and others may write to it.

What to write instead:
    ``METH_O`` leaves the counting of arguments to Python. ``NPY_ARRAY_IN_ARRAY`` asks for
    what the loop relies on. NULL is passed on, so the caller gets the exception. Two-phase
    initialisation says what the module supports: no subinterpreters, because NumPy does not
    support them, and no need for a GIL, because the module shares nothing between calls.

What remains:
    A reference keeps the array alive and nothing else. Another thread may write to the
    elements during the block (pattern torn-snapshot) or call ``resize`` with
    ``refcheck=False`` (pattern resize-under-reader) or ``__setstate__``, which free the data
    under the loop; who shares an array must not. Where there is no GIL, to change its shape
    or type in place during the call is as bad: on a free-threaded 3.13 that gave wrong sums
    and a crash. And a conversion can lose what the numbers meant: a mask, or the last digits
    of large integers, which NumPy counts as a safe conversion.

Forced:
    X begins as NULL, where the question leaves it without a value; what C finds then is up
    to the compiler and to what the stack held before. Array data are guarded, so that a read
    outside is a SIGSEGV instead of a wrong sum by luck. Where another thread has to act
    during the block, the interval after which threads are asked to hand over the GIL is set
    to 1000 s: nobody gets the GIL before the block lets go of it.

Sources:
    - The question: https://stackoverflow.com/questions/8824739
    - New references, copies, flags: https://numpy.org/doc/stable/user/c-info.how-to-extend.html#converting-an-arbitrary-sequence-object
    - Who owns an argument: https://docs.python.org/3/extending/extending.html#ownership-rules
    - Borrowed references and threads: https://docs.python.org/3/extending/extending.html#thin-ice
    - NULL: https://docs.python.org/3/extending/extending.html#null-pointers
    - Addresses are for life: https://docs.python.org/3/library/functions.html#id
    - Sharing arrays between threads: https://numpy.org/doc/stable/reference/thread_safety.html
    - Slots: https://docs.python.org/3/c-api/module.html#c.Py_mod_gil
    - Free-threaded Python and modules: https://docs.python.org/3/howto/free-threading-extensions.html
    - NumPy and subinterpreters: https://github.com/numpy/numpy/issues/24755
"""

import ctypes
import gc
import re
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo.lab.lab import Lab
from gil_demo.lab.memory import Finding
from gil_demo.lab.thread import Thread
from gil_demo.measuring.switching import nobody_asks
from gil_demo.native.patterns import pattern_source
from gil_demo.native.question import gilexample
from gil_demo.words import Half, Outcome

NAME = "gilexample"

SIZE = 8192
"""Whole pages of double, so that nothing lies between an array and its guards."""

LONG_SIZE = 1_000_000
"""Elements that take C long enough for a waiting thread to wake up."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence about the program, the lines it is about, and a way to see that it is true.

    `demonstrate` runs in a child process, once with each program: the question's own as the
    unsafe half, and the mended one as the safe half.
    """

    name: str
    part: str
    tag: str
    sentence: str
    demonstrate: Callable[[Lab, Half], Finding]
    unsafe: Outcome
    safe: Outcome

    @property
    def environment(self) -> Mapping[str, str]:
        """What must be set before Python starts: nothing."""
        return {}

    @property
    def has_unforced(self) -> bool:
        """Whether it can be left to chance."""
        return False

    @property
    def timed(self) -> bool:
        """Whether it is about times: none is."""
        return False

    def expected(self, half: Half) -> Outcome:
        """The outcome that makes the sentence true of this half."""
        return self.safe if half == "safe" else self.unsafe

    def run(self, half: Half, lab: Lab) -> Finding:
        """See for oneself; the question's program may end the process."""
        return self.demonstrate(lab, half)


def sources() -> tuple[str, str]:
    """The C of the question's program and of the mended one, as they were compiled."""
    asked, mended = (pattern_source(stem) for stem in (NAME, f"{NAME}_safe"))
    assert asked is not None
    assert mended is not None
    return asked, mended


def tagged_lines(source: str) -> dict[str, int]:
    """The tags in the question's C, each with the number of its line."""
    return {
        tag: number
        for number, line in enumerate(source.splitlines(), start=1)
        for tag in re.findall(r"\b(?:right|wrong) \[([a-z-]+)\]", line)
    }


def _sum_of(half: Half, thing: Any) -> float:
    return float(gilexample(half).sum(thing))


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])


def _while_inside(lab: Lab, half: Half, thing: Any, act: Callable[[], Any]) -> tuple[float, Any]:
    """The sum of a thing, and what `act` returned in another thread while C was in its block.

    No thread is asked to hand over the GIL, and of all that the loop below does only the
    block lets go of it. So when the other thread has acted, that was between BEGIN and END.
    """
    summed = gilexample(half).sum
    gate = threading.Lock()
    acted: list[Any] = []

    def wait_and_act() -> None:
        with gate:
            acted.append(act())

    with nobody_asks():
        gate.acquire()
        other = Thread(lab, wait_and_act)
        gate.release()
        total = summed(thing)
        while not acted:
            total = summed(thing)
        other.result()
    return total, acted[0]


# What is right


def _read_before(lab: Lab, half: Half) -> Finding:
    array = np.ones(LONG_SIZE)

    def halve_the_size() -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            array.dtype = np.complex128  # type: ignore[misc,assignment]  # a header changed in place
        return array.size

    total, size = _while_inside(lab, half, array, halve_the_size)
    what = f"elements added up, though another thread made them {size:,} inside the block"
    return lab.compare(what, total, LONG_SIZE)


class _Convertible:
    """Something that is no array, but can be made one."""

    def __init__(self) -> None:
        self.array = np.ones(LONG_SIZE)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.float64]:
        return self.array


def _own_reference(lab: Lab, half: Half) -> Finding:
    array, other = np.ones(LONG_SIZE), _Convertible()
    _, converted = _while_inside(lab, half, array, lambda: sys.getrefcount(array))
    _, argument = _while_inside(lab, half, other, lambda: sys.getrefcount(other))
    what = "references inside the block to an array, beyond those to an argument that is none"
    return lab.compare(what, converted - argument, 1)


def _borrowed_item(lab: Lab, half: Half) -> Finding:
    pattern = import_module("gil_demo.patterns.borrowed_reference")
    finding: Finding = getattr(pattern, half)(lab)
    return finding


def _released(lab: Lab, half: Half) -> Finding:
    total, _ = _while_inside(lab, half, np.ones(LONG_SIZE), lambda: None)
    return lab.compare("another thread ran Python inside the block; the sum", total, LONG_SIZE)


def _not_moved(lab: Lab, half: Half) -> Finding:
    array = np.ones(LONG_SIZE)
    places = id(array), _address(array)

    def collect() -> tuple[int, int]:
        gc.collect()
        return id(array), _address(array)

    total, places_inside = _while_inside(lab, half, array, collect)
    if places_inside != places:
        return Finding("wrong-value", f"id and data moved from {places} to {places_inside}")
    found = lab.compare("sum", total, LONG_SIZE)
    where = f"a collection during the block left the data at {places[1]:#x}"
    return Finding(found.outcome, f"{where}; {found.evidence}")


def _index_type(lab: Lab, half: Half) -> Finding:
    del lab, half  # the same for both: it is about C's types
    most = 2 ** (8 * ctypes.sizeof(ctypes.c_int) - 1) - 1
    width = np.dtype(np.intp).itemsize
    size = np.broadcast_to(1.0, most + 1).size
    outcome: Outcome = "ok" if width == ctypes.sizeof(ctypes.c_void_p) else "wrong-value"
    return Finding(
        outcome, f"npy_intp has {width} bytes; an array of {size:,} exists, an int ends at {most:,}"
    )


# What is wrong


def _every_other(lab: Lab, half: Half) -> Finding:
    return lab.compare("sum(arange(10.0)[::2])", _sum_of(half, np.arange(10.0)[::2]), 20.0)


def _column(lab: Lab, half: Half) -> Finding:
    table = np.arange(12.0).reshape(3, 4)
    return lab.compare("sum(table[:, 0])", _sum_of(half, table[:, 0]), 12.0)


def _transposed(lab: Lab, half: Half) -> Finding:
    table = np.arange(12.0).reshape(3, 4)
    return lab.compare("sum(table.T)", _sum_of(half, table.T), 66.0)


def _backwards(lab: Lab, half: Half) -> Finding:
    array = np.ones(SIZE)
    lab.say("sum(a[::-1]) was called")
    return lab.compare("sum(a[::-1])", _sum_of(half, array[::-1]), SIZE)


def _one_value(lab: Lab, half: Half) -> Finding:
    repeated = np.broadcast_to(np.ones(2)[:1], SIZE)
    lab.say("sum(broadcast_to(one, 8192)) was called")
    return lab.compare("sum(broadcast_to(one, 8192))", _sum_of(half, repeated), SIZE)


def _refused(lab: Lab, half: Half, *arguments: Any) -> Finding:
    """Whether a call that cannot be answered is answered with an exception."""
    call = f"sum({', '.join(map(repr, arguments))})"
    lab.say(f"{call} was called")
    try:
        total = gilexample(half).sum(*arguments)
    except (TypeError, ValueError) as error:
        return Finding("ok", f"{call} raised {type(error).__name__}: {error}")
    return Finding("wrong-value", f"{call} returned {total}")


def _one_phase(lab: Lab, half: Half) -> Finding:
    del lab
    module = gilexample(half)
    initialise = getattr(ctypes.PyDLL(module.__file__), f"PyInit_{module.__name__.split('.')[-1]}")
    initialise.restype = ctypes.c_void_p  # a definition comes as a borrowed reference
    kind = type(ctypes.cast(initialise(), ctypes.py_object).value).__name__
    outcome: Outcome = "ok" if kind == "moduledef" else "wrong-value"
    return Finding(outcome, f"{initialise.__name__} returned an object of type {kind}")


# When a copy is made

DOUBLE = 12  # NPY_DOUBLE
FLAGS = {"unsafe": 0x100, "safe": 0x101}  # NPY_ARRAY_ALIGNED, NPY_ARRAY_IN_ARRAY
FUNCTIONS = {"PyArray_DescrFromType": 45, "PyArray_FromAny": 69}  # places in NumPy's table


def _converted(half: Half, thing: Any) -> NDArray[np.float64]:
    """What ``PyArray_FROM_OTF`` returns in a program: this makes the call that the macro makes."""
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    capsule = import_module("numpy._core._multiarray_umath")._ARRAY_API
    table = (ctypes.c_void_p * 100).from_address(pointer_of(capsule, None))
    describe = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_int)(
        table[FUNCTIONS["PyArray_DescrFromType"]] or 0
    )
    integer, pointer, thing_type = ctypes.c_int, ctypes.c_void_p, ctypes.py_object
    convert = ctypes.PYFUNCTYPE(
        thing_type, thing_type, pointer, integer, integer, integer, pointer
    )(table[FUNCTIONS["PyArray_FromAny"]] or 0)
    array: NDArray[np.float64] = convert(thing, describe(DOUBLE), 0, 0, FLAGS[half], None)
    return array


def _copied(half: Half, thing: Any, own: int | None, expected: bool) -> Finding:
    """Whether C reads a copy, by the address of what it reads."""
    read = _address(_converted(half, thing))
    copied = read != own
    where = f"the argument's data are at {own:#x}" if own else "a list has no data for C to read"
    sentence = f"C reads at {read:#x}, {where}: {'a copy' if copied else 'no copy'}"
    return Finding("ok" if copied == expected else "wrong-value", sentence)


def _list_copied(lab: Lab, half: Half) -> Finding:
    del lab
    return _copied(half, [1, 2, 3], None, expected=True)


def _float32_copied(lab: Lab, half: Half) -> Finding:
    del lab
    array = np.ones(SIZE, np.float32)
    return _copied(half, array, _address(array), expected=True)


def _contiguous_not_copied(lab: Lab, half: Half) -> Finding:
    del lab
    array = np.ones(SIZE)
    return _copied(half, array, _address(array), expected=False)


def _strided_copied(lab: Lab, half: Half) -> Finding:
    del lab
    view = np.ones(SIZE)[::2]
    return _copied(half, view, _address(view), expected=True)


# What remains


def _mask(lab: Lab, half: Half) -> Finding:
    masked = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
    return lab.compare("sum of 1, 3 and a masked 2", _sum_of(half, masked), 4.0)


def _large_integer(lab: Lab, half: Half) -> Finding:
    large = 2**53 + 1
    total = int(_sum_of(half, np.array([large])))
    if total == large:
        return Finding("ok", f"sum of one integer: {total:,}, as it should be")
    return Finding("wrong-value", f"sum of one integer: expected {large:,}, found {total:,}")


RIGHT, WRONG = "What is right", "What is wrong"
COPIES, REMAINS = "When a copy is made", "What remains"


def _claim(
    name: str,
    part: str,
    tag: str,
    sentence: str,
    demonstrate: Callable[[Lab, Half], Finding],
    unsafe: Outcome = "ok",
    safe: Outcome = "ok",
) -> Claim:
    return Claim(f"{NAME}/{name}", part, tag, sentence, demonstrate, unsafe, safe)


CLAIMS = (
    _claim(
        "read-before",
        RIGHT,
        "read-before",
        "Size and pointer are read before the block: what the header says later is of no matter.",
        _read_before,
    ),
    _claim(
        "own-reference",
        RIGHT,
        "own-reference",
        "The conversion's reference is the program's own; no further increment is needed.",
        _own_reference,
    ),
    _claim(
        "borrowed-item",
        RIGHT,
        "own-reference",
        "An array borrowed from a list does need an increment before the block.",
        _borrowed_item,
        unsafe="crash",
    ),
    _claim(
        "released",
        RIGHT,
        "released",
        "The block lets other threads run Python.",
        _released,
    ),
    _claim(
        "not-moved",
        RIGHT,
        "released",
        "The garbage collector moves neither the array nor its data.",
        _not_moved,
    ),
    _claim(
        "index-type",
        RIGHT,
        "index-type",
        "The loop's index counts arrays that an int could not.",
        _index_type,
    ),
    _claim(
        "every-other",
        WRONG,
        "aligned-only",
        "Of every other element, the sum is of the first ones in memory.",
        _every_other,
        unsafe="wrong-value",
    ),
    _claim(
        "column",
        WRONG,
        "aligned-only",
        "Of a table's first column, the sum is of the table's first elements in memory.",
        _column,
        unsafe="wrong-value",
    ),
    _claim(
        "transposed",
        WRONG,
        "aligned-only",
        "Of a whole table transposed, the sum is right by luck: order matters only in rounding.",
        _transposed,
    ),
    _claim(
        "backwards",
        WRONG,
        "aligned-only",
        "Backwards, C reads behind the array.",
        _backwards,
        unsafe="crash",
    ),
    _claim(
        "one-value",
        WRONG,
        "aligned-only",
        "Of one value broadcast to many, C reads many.",
        _one_value,
        unsafe="crash",
    ),
    _claim(
        "no-argument",
        WRONG,
        "unchecked-parse",
        "sum() kills the interpreter.",
        lambda lab, half: _refused(lab, half),
        unsafe="crash",
    ),
    _claim(
        "not-numbers",
        WRONG,
        "unchecked-array",
        'sum("abc") kills the interpreter.',
        lambda lab, half: _refused(lab, half, "abc"),
        unsafe="crash",
    ),
    _claim(
        "one-phase",
        WRONG,
        "one-phase",
        "The module is made before Python can ask what it supports.",
        _one_phase,
        unsafe="wrong-value",
    ),
    _claim(
        "list",
        COPIES,
        "own-reference",
        "A list is copied.",
        _list_copied,
    ),
    _claim(
        "float32",
        COPIES,
        "own-reference",
        "Single precision is copied.",
        _float32_copied,
    ),
    _claim(
        "contiguous",
        COPIES,
        "own-reference",
        "Contiguous double is not copied.",
        _contiguous_not_copied,
    ),
    _claim(
        "strided",
        COPIES,
        "aligned-only",
        "Strided double is not copied, and the loop needs that it were.",
        _strided_copied,
        unsafe="wrong-value",
    ),
    _claim(
        "mask",
        REMAINS,
        "own-reference",
        "A masked array's mask is not looked at, by either program.",
        _mask,
        unsafe="wrong-value",
        safe="wrong-value",
    ),
    _claim(
        "large-integer",
        REMAINS,
        "own-reference",
        "Integers beyond 2**53 are rounded to what a double can hold, by either program.",
        _large_integer,
        unsafe="wrong-value",
        safe="wrong-value",
    ),
)
"""All that the page says and a program can show, in the order of the page."""
