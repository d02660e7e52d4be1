"""The question's own program: which of its lines are right, which are wrong, and how to see it.

The question:
    A C function makes an array of its argument, takes its size and its data pointer, releases
    the GIL, adds up the elements and takes the GIL back. Is that safe, and could a
    garbage collector move the array meanwhile? The accepted answer: take size and pointer
    before the block, and perhaps hold a reference while in it. A tag in brackets names a
    line of csrc/question/gilexample.c. Each claim below is run: the unsafe half is that file,
    the safe half gilexample_safe.c beside it.

What is right:
    [read-before] Size and data pointer are fields of a Python object, and another thread may
    change them once it has the GIL. The program reads both before the block, so a change of
    these fields comes too late to matter. Without a GIL it may come at any time: see "What
    remains".

    [own-reference] ``PyArray_FROM_OTF`` returns a new reference, even where it returns the
    very array that it was given. The program drops it after END, with the GIL. It does not
    need the extra increment that the answer recommends. An argument as such does not need one
    either: the caller of a C function owns the arguments until the function returns, and both
    "O" and "O!" of ``PyArg_ParseTuple`` borrow from the caller. Two kinds of array need an
    increment before the block: one borrowed from an object that other threads can change, as
    ``PyList_GET_ITEM`` and ``PyDict_GetItem`` lend it, and one that is used after the function
    has returned.

    [released] The block uses only C's own variables and the array's elements. No
    garbage collector moves them: CPython's collector frees objects that keep only each other
    alive, and an object stays at its address as long as it lives. An array's data do move when
    the array is resized: see "What remains".

    [index-type] ``npy_intp`` is as wide as a pointer. An ``int`` would overflow at 2**31
    elements, which are 16 GiB of double.

What is wrong:
    [aligned-only] ``NPY_ARRAY_ALIGNED`` says that each element lies where the processor can
    load it, not that it lies next to the one before. A strided view of double is aligned, so
    it is not copied, and the loop reads one double after the other from the view's start. For
    ``a[::2]`` it also reads the elements in between; for ``a[::-1]`` it reads the memory
    behind the array.

    [unchecked-parse] Without an argument ``PyArg_ParseTuple`` sets an exception, returns 0
    and leaves X alone. The function goes on with the value that X had, here NULL.

    [unchecked-array] If NumPy cannot convert the argument, ``PyArray_FROM_OTF`` sets an
    exception and returns NULL. The next line reads the array's shape through that pointer.

    [one-phase] ``PyInit_gilexample`` makes the module itself, and the module does not say what
    it supports, as even such a module can with ``PyUnstable_Module_SetGIL`` (3.13). A
    free-threaded Python turns its GIL on when it loads this one, unless told not to, and from
    3.12 on a subinterpreter with a GIL of its own refuses it.

When a copy is made:
    NumPy copies an argument that does not satisfy the request already: a list, another type,
    another byte order, elements that are not aligned. With the question's flags a strided view
    of double satisfies it. With the flags of the corrected program only an array whose elements
    lie next to each other in C order satisfies it. A copy, once made, is private to the call:
    other threads can no longer interfere, at the price of the memory and, for a list, of a
    conversion that holds the GIL. While NumPy copies a large array it releases the GIL, and
    other threads may write to the array.

What to write instead:
    ``METH_O`` leaves the counting of arguments to Python. ``NPY_ARRAY_IN_ARRAY`` asks for
    the layout that the loop relies on. NULL is passed on, so the caller gets the exception.
    Two-phase initialisation says what the module supports: no subinterpreters, because NumPy
    does not support them, and no need for a GIL, because the module shares nothing between
    calls.

What remains:
    A reference keeps the array alive and does nothing else. During the block another thread
    may write to the elements (pattern torn-snapshot). It may also call ``resize`` with
    ``refcheck=False`` (pattern resize-under-reader) or ``__setstate__``, or close the shared
    memory or the mapped file that the data lie in; all of these free what the
    loop reads. Code that shares an array must do none of these. Where there is no GIL, changing
    the array's shape or type in place during the call is as bad: on a free-threaded 3.13 that
    gave wrong sums and a crash. And a conversion can lose the meaning of the numbers: a mask,
    or the last digits of large integers, which NumPy counts as a safe conversion.

Forced:
    X begins as NULL, where the question leaves it without a value; which value C finds then
    depends on the compiler and on the earlier contents of the stack. Array data are guarded,
    so that a read outside is a SIGSEGV instead of a wrong sum by luck. Where another thread
    has to act during the block, the interval after which threads are asked to hand over the
    GIL is set to 1000 s: no thread gets the GIL before the block releases it.

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

from gil_demo.native.patterns import pattern_source

NAME = "gilexample"

RIGHT, WRONG = "What is right", "What is wrong"
COPIES, REMAINS = "When a copy is made", "What remains"


def sources() -> tuple[str, str]:
    """Return the C of the question's program and of the corrected one, as they were compiled."""
    asked, mended = (pattern_source(stem) for stem in (NAME, f"{NAME}_safe"))
    assert asked is not None
    assert mended is not None
    return asked, mended
