"""Conditions: their text in one form, and what is known of them on a way through a function."""

import re
from functools import lru_cache

Fact = tuple[str, int]
"""A condition in its one form and its truth, or ``name#`` and the constant that it holds."""

Facts = frozenset[Fact]

MAX_FACTS = 16
MAX_LENGTH = 100
MAX_CONSTANT = 11
CONSTANTS = {"NULL": 0, "nullptr": 0, "false": 0, "FALSE": 0, "true": 1, "TRUE": 1, "0L": 0}
NUMBER = re.compile(r"-?\s*\d+")
COMPARISON = re.compile(r"(.+?)\s*(==|!=|<=|>=|<|>)\s*([^=<>]+)")
ASSIGNMENT = re.compile(r"\(\s*([\w.>-]+?)\s*=(?!=).*\)\s*((?:[=!<>]=?.*)?)", re.DOTALL)
OPPOSITE = {"!=": "==", ">=": "<", "<=": ">"}
DECIDES = re.compile(r"(?:switch )?([A-Za-z_]\w*)((?:->|\.)[\w.>-]+)?(?: == .*)?")
IMPURE_CALL = re.compile(r"\b(?!\w*(?:_Check|CHK|_IS|_HAS|IS_|ISSET)\w*)\w+\s*\(")


def constant(text: str) -> int | None:
    """Return the value of a constant that is written out, or None."""
    text = text.strip()
    if len(text) > MAX_CONSTANT:
        return None
    if text in CONSTANTS:
        return CONSTANTS[text]
    if NUMBER.fullmatch(text):
        return int(text.replace(" ", ""))
    return None


@lru_cache(maxsize=8192)
def normal(text: str) -> tuple[str, bool] | None:
    """Return a condition's one form and whether the text says that or its opposite.

    ``x == NULL`` is the opposite of ``x``; ``(x = f()) < 0`` is ``x < 0``. None where nothing
    can be remembered, as with a call that may return something else the next time.
    """
    text = " ".join(text.split())
    assigned = ASSIGNMENT.fullmatch(text)
    if assigned:
        text = f"{assigned[1]} {assigned[2]}".strip()
    if len(text) > MAX_LENGTH or IMPURE_CALL.search(text) or "++" in text or "--" in text:
        return None
    compared = COMPARISON.fullmatch(text)
    if not compared or (
        "->" in text and compared[2] == ">" and "- >" not in text and _is_arrow(text, compared)
    ):
        compared = COMPARISON.fullmatch(text.replace("->", "\x01"))
        if not compared:
            return text, True
    left, operator, right = (part.replace("\x01", "->").strip() for part in compared.groups())
    if constant(right) == 0 and operator in ("==", "!="):
        return left, operator == "!="
    if operator in OPPOSITE:
        return f"{left} {OPPOSITE[operator]} {right}", False
    return f"{left} {operator} {right}", True


def _is_arrow(text: str, compared: re.Match[str]) -> bool:
    return text[compared.start(2) - 1] == "-"


def truth(key: str, facts: Facts) -> bool | None:
    """Return whether a condition in its one form is known to be true or false."""
    known = dict(facts)
    if key in known:
        return bool(known[key])
    if f"{key}#" in known:
        return bool(known[f"{key}#"])
    compared = _compared(key)
    if compared is None:
        return None
    left, operator, right = compared
    value = known.get(f"{left}#")
    if value is not None and (other := constant(right)) is not None:
        return {"==": value == other, "<": value < other, ">": value > other}.get(operator)
    if operator == "==":
        for fact, its in facts:
            if its and fact.startswith(f"{left} == ") and fact != key and right.isupper():
                return False
    return None


@lru_cache(maxsize=8192)
def _compared(key: str) -> tuple[str, str, str] | None:
    """Return the two sides of a comparison and what stands between them."""
    compared = COMPARISON.fullmatch(key.replace("->", "\x01"))
    if not compared:
        return None
    left, operator, right = (part.replace("\x01", "->").strip() for part in compared.groups())
    return left, operator, right


def assume(facts: Facts, key: str, value: bool) -> Facts:
    """Return the facts with one more."""
    if len(facts) >= MAX_FACTS:
        return facts
    return facts | {(key, int(value))}


def forget(facts: Facts, name: str) -> Facts:
    """Return the facts that do not mention a variable which now has another value."""
    if not facts:
        return facts
    mentioned = {fact for fact in facts if name in fact[0] and _mentions(fact[0], name)}
    return facts - mentioned if mentioned else facts


@lru_cache(maxsize=8192)
def _mentions(key: str, name: str) -> bool:
    return re.search(rf"(?<![\w.>]){re.escape(name)}(?!\w)", key) is not None


def decided_by(facts: Facts, parameters: dict[str, bool]) -> bool:
    """Tell whether a parameter's value decides that this way is taken.

    Args:
        facts: What is known on the way.
        parameters: The names of the parameters, and whether each is a pointer. That a pointer
            is not NULL decides nothing.
    """
    for key, _ in facts:
        match = DECIDES.fullmatch(key)
        if match and match[1] in parameters and (match[2] or not parameters[match[1]]):
            return True
    return False
