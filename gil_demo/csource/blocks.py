"""Finds where a function has released the GIL, and every way out of there, as far as text tells.

Text does not tell what a macro hides or a function that is called does: neither a return
nor a BEGIN inside of them is seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast, get_args

from gil_demo.csource.tokens import Token, closing

RELEASE = {
    "Py_BEGIN_ALLOW_THREADS",
    "NPY_BEGIN_ALLOW_THREADS",
    "NPY_BEGIN_THREADS",
    "NPY_BEGIN_THREADS_DESCR",
    "NPY_BEGIN_THREADS_THRESHOLDED",
    "PyEval_SaveThread",
}
"""What releases the GIL at the beginning of a block."""

TAKE_BACK = {
    "Py_END_ALLOW_THREADS",
    "NPY_END_ALLOW_THREADS",
    "NPY_END_THREADS",
    "NPY_END_THREADS_DESCR",
    "PyEval_RestoreThread",
}
"""What takes it back. Where it is deeper in braces than the BEGIN, that holds until they close."""

PAUSE, RESUME = "Py_BLOCK_THREADS", "Py_UNBLOCK_THREADS"
"""What takes the GIL back inside a block, and releases it again."""

FUNCTIONS = {"PyEval_SaveThread", "PyEval_RestoreThread"}

MACROS = (RELEASE | TAKE_BACK | {PAUSE, RESUME}) - FUNCTIONS
"""These are whole statements, and need no semicolon."""

Leaving = Literal["return", "goto", "break", "continue"]


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out of a block that does not lead through its END, and its line."""

    kind: Leaving
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a function in which the GIL is released.

    `last_line` is that of END, or None where the text has none. `released` has the tokens at
    which the GIL is released: those between Py_BLOCK_THREADS and Py_UNBLOCK_THREADS are not
    among them, and a way out from there is none that forgets END.
    """

    first_line: int
    last_line: int | None
    released: tuple[Token, ...]
    exits: tuple[Exit, ...]


def blocks(body: tuple[Token, ...]) -> tuple[Block, ...]:
    """Return the blocks in the body of a function, by where they begin."""
    depths = tuple(_depths(body))
    return tuple(_block(body, depths, at) for at, token in enumerate(body) if token.text in RELEASE)


def _depths(body: tuple[Token, ...]) -> Iterator[int]:
    """Count how deep in braces each token is."""
    depth = 0
    for token in body:
        depth -= token.text == "}"
        yield depth
        depth += token.text == "{"


def _block(body: tuple[Token, ...], depths: tuple[int, ...], begin: int) -> Block:
    end = _end(body, depths, begin)
    inside = range(begin + 1, len(body) if end is None else end)
    taken_back = _taken_back(body, depths, inside)
    released = [at for at in inside if at not in taken_back]
    return Block(
        first_line=body[begin].line,
        last_line=None if end is None else body[end].line,
        released=tuple(body[at] for at in released),
        exits=tuple(
            Exit(cast(Leaving, body[at].text), body[at].line)
            for at in released
            if _leaves(body, inside, at)
        ),
    )


def _end(body: tuple[Token, ...], depths: tuple[int, ...], begin: int) -> int | None:
    """Find the index of a block's END, or None.

    That is the END as deep in braces as the BEGIN. Where the braces around the BEGIN close
    before, as behind ``if (large) { state = PyEval_SaveThread(); }``, it is the next one.
    """
    open_blocks, closed = 1, False
    for at in range(begin + 1, len(body)):
        closed = closed or depths[at] < depths[begin]
        if closed or depths[at] == depths[begin]:
            open_blocks += body[at].text in RELEASE
            open_blocks -= body[at].text in TAKE_BACK
        if open_blocks == 0:
            return at
    return None


def _taken_back(body: tuple[Token, ...], depths: tuple[int, ...], inside: range) -> frozenset[int]:
    """Find the indexes inside a block at which the GIL is taken back for a while."""
    found: set[int] = set()
    for begin in inside:
        if body[begin].text not in TAKE_BACK | {PAUSE}:
            continue
        for at in range(begin, inside.stop):
            if body[at].text == RESUME or depths[at] < depths[begin]:
                break
            found.add(at)
    return frozenset(found)


def _leaves(body: tuple[Token, ...], inside: range, at: int) -> bool:
    """Return whether a token leads out of the block."""
    kind = body[at].text
    if kind not in get_args(Leaving):
        return False
    if kind == "return":
        return True
    if kind == "goto":
        return body[at + 1].text not in {body[one].text for one in inside if _is_label(body, one)}
    around = {"for", "while", "do"} | ({"switch"} if kind == "break" else set())
    return not any(
        body[one].text in around and _statement_end(body, one) >= at for one in inside if one < at
    )


def _is_label(body: tuple[Token, ...], at: int) -> bool:
    """Return whether a token is a label that goto may name."""
    return (
        at + 1 < len(body)
        and body[at].kind == "word"
        and body[at + 1].text == ":"
        and body[at].text != "default"
        and (body[at - 1].text in {";", "{", "}", ":"} or body[at - 1].text in MACROS)
    )


def _statement_end(body: tuple[Token, ...], at: int) -> int:
    """Find the last token of the statement that begins at an index."""
    text = body[at].text if at < len(body) else ";"
    if text == "{":
        return closing(body, at)
    if text in {"for", "while", "switch", "if"}:
        end = _statement_end(body, closing(body, at + 1) + 1)
        if text == "if" and end + 1 < len(body) and body[end + 1].text == "else":
            return _statement_end(body, end + 2)
        return end
    if text == "do":
        return closing(body, _statement_end(body, at + 1) + 2) + 1  # … while ( … ) ;
    while at < len(body) and body[at].text not in {";", "}"} and body[at].text not in MACROS:
        at = closing(body, at) + 1 if body[at].text in {"(", "[", "{"} else at + 1
    return at
