"""C goes on after parsing or conversion has failed, with a null pointer.

Mechanism:
    The C API reports failure by its return value: ``PyArg_ParseTuple`` returns 0,
    ``PyArray_FROM_OTF`` returns NULL, and each has then set an exception. Nothing stops C
    code that does not check. ``PyArray_DATA`` does not check either: given NULL it reads a
    field at an address just above zero, where no memory is.

What you will see:
    ``sum([1, 2, 3])`` is 6: with good arguments the two versions do the same.
    ``sum("abc")`` cannot be converted. NumPy sets a ValueError that says so, but the C never
    checks it, and it is lost: the next line kills the interpreter by SIGSEGV. ``sum()``
    dies as well, one step earlier: ``object`` is still what it was before parsing, here NULL;
    in the question it was given no value, and may be anything.

Why the safe half is safe:
    It checks every result that can be a failure, while the GIL is held and before the
    block begins. The function adds nothing to the exception: the function that failed has
    set it, so this one returns the value that means "failed", in a real extension NULL, and
    Python raises the exception. Inside the block C could not set one: ``PyErr_SetString``
    needs the GIL. A kernel that can fail notes the failure in a C variable, and the exception
    is raised after ``Py_END_ALLOW_THREADS``.

Forced:
    Nothing. One thread and one wrong argument are enough. UndefinedBehaviorSanitizer flags
    the unsafe half, with AddressSanitizer preloaded into Python, as an access through a
    null pointer.

In your own code:
    ``gil-demo guard`` names the line that read through NULL. Call each function with no
    argument, with a text and with None in a test.

    pybind11, nanobind, Cython, SWIG and f2py check the arguments before your function is
    called, and raise. cffi checks numbers and pointers; ctypes checks only what ``argtypes``
    says: without them it passes an int as a C ``int`` and a text as an address, whatever the
    function takes. Numba refuses at its first call. What you call yourself in the function,
    ``PyObject_GetAttrString`` for instance, is checked by none.

    Frequent in C by hand, NumPy included (numpy#12031): one function that can return NULL, and
    the next line that uses it. A conversion for another language crashed for anything but an
    array (pyml#61).

Sources:
    - https://docs.python.org/3/extending/extending.html#intermezzo-errors-and-exceptions
    - https://docs.python.org/3/c-api/arg.html#c.PyArg_ParseTuple
    - https://docs.python.org/3/c-api/exceptions.html#raising-exceptions
    - Only with the GIL: https://docs.python.org/3/c-api/threads.html
    - https://numpy.org/doc/stable/user/c-info.how-to-extend.html#converting-an-arbitrary-sequence-object
    - https://github.com/numpy/numpy/issues/12031
    - https://github.com/ocamllibs/pyml/issues/61
"""

from dataclasses import replace
from typing import Any

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "arguments"
QUESTION = "What if the argument is not an array, or is missing?"
UNSAFE = "crash"


def unsafe(lab: Lab) -> Finding:
    """Call C that checks no result."""
    return _sum_good_and_bad(lab, "unchecked_arguments_unsafe")


def safe(lab: Lab) -> Finding:
    """Call C that checks every result, and passes the exception on."""
    return _sum_good_and_bad(lab, "unchecked_arguments_safe")


def _sum_good_and_bad(lab: Lab, name: str) -> Finding:
    summed = lab.raising(name)
    right = lab.compare("sum([1, 2, 3])", summed(([1, 2, 3],)), 6)
    if right.outcome != "ok":
        return right
    lab.say("sum([1, 2, 3]) gave 6 and sum('abc') was called")
    refusals = [_refusal(summed, ("abc",)), _refusal(summed, ())]
    more = f"sum('abc'): {refusals[0]}; sum(): {refusals[1]}"
    return replace(right, outcome="ok" if all(refusals) else "wrong-value", more=more)


def _refusal(summed: Any, arguments: tuple[Any, ...]) -> str:
    """Return the exception that the call raised, or an empty text."""
    try:
        summed(arguments)
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return ""
