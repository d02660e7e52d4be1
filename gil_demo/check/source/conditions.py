"""Whether a branch of the preprocessor is taken, by what is known without a build."""

import re
from functools import lru_cache

KNOWN = {
    "PY_VERSION_HEX": 0x030D00F0,
    "PY_MAJOR_VERSION": 3,
    "PY_MINOR_VERSION": 13,
    "PY_MICRO_VERSION": 0,
    "WITH_THREAD": 1,
    "true": 1,
    "false": 0,
}
"""What a build with CPython 3.13 would define."""

UNDEFINED = frozenset(
    [
        "PYPY_VERSION",
        "PYPY_VERSION_NUM",
        "Py_GIL_DISABLED",
        "Py_LIMITED_API",
        "IS_PYPY",
        "PYPY",
        "WITHOUT_PYTHON",
        "Py_DEBUG",
        "Py_REF_DEBUG",
        "NDEBUG",
        "GRAALVM_PYTHON",
    ]
)
"""What a usual build with CPython leaves undefined."""

MANY = 2**31
"""The value of an unknown symbol in the reading that takes it for defined."""

TOKEN = re.compile(
    r"\s*(0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|&&|\|\||[=!<>]=|<<|>>|[-+*/%<>()!~&|^?:,])"
)
LEVELS = (
    ("||",),
    ("&&",),
    ("|", "^", "&"),
    ("==", "!="),
    ("<=", ">=", "<", ">"),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)


@lru_cache(maxsize=4096)
def taken(kind: str, text: str, cpp: bool, unknown: bool) -> bool:
    """Tell whether an ``#if``, ``#ifdef``, ``#ifndef`` or ``#elif`` is taken.

    Args:
        kind: The directive's name.
        text: What stands behind it.
        cpp: Whether the file is C++.
        unknown: Whether a symbol that is in neither table counts as defined.
    """
    expression = _Expression(text, cpp, unknown)
    try:
        if kind in ("ifdef", "elifdef"):
            return expression.defined(text.strip().split()[0])
        if kind in ("ifndef", "elifndef"):
            return not expression.defined(text.strip().split()[0])
        return bool(expression.value(0))
    except (IndexError, ValueError, RecursionError):
        return unknown


class _Expression:
    """The expression behind an ``#if``; raises IndexError or ValueError for what is none."""

    def __init__(self, text: str, cpp: bool, unknown: bool) -> None:
        text = re.sub(r"\\\r?\n", " ", text)
        self._tokens = TOKEN.findall(text[:2000])
        self._at = 0
        self._cpp = cpp
        self._unknown = unknown

    def defined(self, name: str) -> bool:
        """Tell whether a symbol is defined."""
        if name == "__cplusplus":
            return self._cpp
        return name in KNOWN or (name not in UNDEFINED and self._unknown)

    def value(self, level: int) -> int:
        """Return the value of what begins here, with operators of this level and above."""
        if level == len(LEVELS):
            return self._single()
        left = self.value(level + 1)
        while self._at < len(self._tokens) and self._tokens[self._at] in LEVELS[level]:
            operator = self._tokens[self._at]
            self._at += 1
            left = _applied(operator, left, self.value(level + 1))
        return left

    def _single(self) -> int:
        token = self._tokens[self._at]
        self._at += 1
        if token == "!":
            return int(not self._single())
        if token in "-+~":
            return {"-": -1, "+": 1, "~": -1}[token] * self._single()
        if token == "(":
            inner = self.value(0)
            self._at += 1
            return inner
        if token == "defined":
            bracket = self._tokens[self._at] == "("
            name = self._tokens[self._at + bracket]
            self._at += 3 if bracket else 1
            return int(self.defined(name))
        if token[0].isdigit():
            return int(token, 16 if token[:2] in ("0x", "0X") else 10)
        if not (token[0].isalpha() or token[0] == "_"):
            raise ValueError(token)
        if self._at < len(self._tokens) and self._tokens[self._at] == "(":
            self._skip_arguments()
        if token in KNOWN:
            return KNOWN[token]
        return MANY if self.defined(token) else 0

    def _skip_arguments(self) -> None:
        depth = 0
        while True:
            depth += {"(": 1, ")": -1}.get(self._tokens[self._at], 0)
            self._at += 1
            if not depth:
                return


def _applied(operator: str, left: int, right: int) -> int:
    comparisons = {
        "||": bool(left) or bool(right),
        "&&": bool(left) and bool(right),
        "==": left == right,
        "!=": left != right,
        "<=": left <= right,
        ">=": left >= right,
        "<": left < right,
        ">": left > right,
    }
    if operator in comparisons:
        return int(comparisons[operator])
    if operator in "|^&":
        return {"|": left | right, "^": left ^ right, "&": left & right}[operator]
    if operator in ("<<", ">>"):
        shift = min(max(right, 0), 64)
        return left << shift if operator == "<<" else left >> shift
    if operator in "/%":
        return 0 if not right else (left // right if operator == "/" else left % right)
    return {"+": left + right, "-": left - right, "*": left * right}[operator]
