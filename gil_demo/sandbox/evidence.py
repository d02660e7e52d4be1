"""Says in a sentence what a half found, or what it died of; nobody takes it apart again."""

from gil_demo.results.patterns import Death, Finding, Frame, Numbers
from gil_demo.sandbox.postmortem import FATAL


def evidence(left: Finding | Death) -> str:
    """Return the whole sentence: the clause, and after a semicolon what else there is to say."""
    more = left.more if isinstance(left, Finding) else _more(left)
    return f"{clause(left)}; {more}" if more else clause(left)


def clause(left: Finding | Death) -> str:
    """Return the clause that says what was seen."""
    if isinstance(left, Death):
        return _died(left)
    if left.found is None or left.expected is None:
        return left.seen
    if left.found == left.expected:
        return f"{left.seen}: {numbers(left.found)}, as it should be"
    return f"{left.seen}: expected {numbers(left.expected)}, found {numbers(left.found)}"


def numbers(value: Numbers) -> str:
    """Return numbers with all digits of whole ones, and few of others."""
    if isinstance(value, tuple):
        return ", ".join(map(numbers, value))
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.15g}" if value.is_integer() else f"{value:,.6g}"


def _died(death: Death) -> str:
    """Return what killed a child, and when."""
    if death.cause == "no-result":
        return death.error or "it left no result"
    if death.cause == "deadlock":
        return death.note or "no thread went on"
    if death.cause == "time-limit":
        cause = death.error or "it was stopped at the time limit"
    else:
        cause = death.signal or "a signal"
        if death.fatal_error is not None:
            cause += f" ({FATAL}{death.fatal_error})"
    if death.note is None or death.after_ms is None:
        return cause
    return f"{cause} {death.after_ms:,.0f} ms after {death.note}"


def _more(death: Death) -> str:
    """Return how far the kernel had got, or where the threads stood that could not go on."""
    if death.cause in ("deadlock", "time-limit"):
        stood = "; one ".join(_place(stack[0]) for stack in death.stacks if stack)
        return f"one thread {stood}" if stood else "there is no stack of any thread"
    if death.cause == "signal" and death.total:
        return f"the kernel had got through {death.done:,} of {death.total:,} elements"
    return ""


def _place(frame: Frame) -> str:
    if frame.file == "thread.py":  # of the lab: no line of a half lies between it and C
        return "stood in the C function in which it began"
    return f"stood at {frame.file}:{frame.line}, in {frame.function}"
