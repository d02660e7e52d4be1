"""Where a function has released the GIL is found, and every way out that forgets END."""

import pytest

from gil_demo.csource.blocks import Block, blocks
from gil_demo.csource.functions import functions


def blocks_of(body: str) -> tuple[Block, ...]:
    """The blocks of a function with this body, which begins in line 1."""
    (function,) = functions("int f(void) {" + body + "\n}")
    assert function.body is not None
    return blocks(function.body)


def the_block(body: str) -> Block:
    (block,) = blocks_of(body)
    return block


def exits_of(inside: str, before: str = "", after: str = "") -> list[str]:
    """The kinds of exits of a block with these statements in it."""
    text = f"{before} Py_BEGIN_ALLOW_THREADS {inside} Py_END_ALLOW_THREADS {after}"
    return [one.kind for one in the_block(text).exits]


def released(block: Block) -> list[str]:
    return [token.text for token in block.released]


def test_a_block_reaches_from_begin_to_end() -> None:
    """Its lines, and the tokens between the two macros."""
    block = the_block("a();\nPy_BEGIN_ALLOW_THREADS\nb();\nPy_END_ALLOW_THREADS\nc();")
    assert (block.first_line, block.last_line) == (2, 4)
    assert released(block) == ["b", "(", ")", ";"]
    assert block.exits == ()


def test_an_early_return_is_a_way_out_with_its_line() -> None:
    """END does not come, and Python goes on without the GIL."""
    block = the_block("\nPy_BEGIN_ALLOW_THREADS\nif (x)\nreturn 1;\nPy_END_ALLOW_THREADS\n")
    assert [(one.kind, one.line) for one in block.exits] == [("return", 4)]


@pytest.mark.parametrize(
    ("before", "inside", "after", "exits"),
    [
        ("", "if (x) goto out; y();", "out: z();", ["goto"]),
        ("", "if (x) goto in; y(); in: z();", "", []),
        ("for (;;) {", "if (x) break;", "}", ["break"]),
        ("while (x) {", "if (x) continue;", "}", ["continue"]),
        ("", "for (;;) if (x) break; else continue;", "", []),
        ("", "while (x) { if (y) { break; } }", "", []),
        ("", "do { if (x) continue; } while (y);", "", []),
        ("for (;;) {", "while (x) y(); break;", "}", ["break"]),
        ("for (;;) {", "do x(); while (y); continue;", "}", ["continue"]),
        ("", "switch (x) { case 1: break; default: y(); }", "", []),
        ("for (;;) {", "switch (x) { case 1: continue; }", "}", ["continue"]),
        ("", 'puts("return"); /* return */', "", []),
    ],
)
def test_ways_out_are_told_from_ways_on(
    before: str, inside: str, after: str, exits: list[str]
) -> None:
    """A jump that stays in the block, or ends a loop inside of it, leads to END."""
    assert exits_of(inside, before, after) == exits


def test_a_return_with_the_gil_taken_back_is_no_fault() -> None:
    """Py_BLOCK_THREADS before a return is what Python's documentation asks for."""
    block = the_block(
        "Py_BEGIN_ALLOW_THREADS if (x) { Py_BLOCK_THREADS return 1; } y(); Py_END_ALLOW_THREADS"
    )
    assert block.exits == ()
    assert "return" not in released(block)
    assert "y" in released(block)


def test_between_block_and_unblock_the_gil_is_not_released() -> None:
    """What stands there may call Python."""
    block = the_block(
        "Py_BEGIN_ALLOW_THREADS a(); Py_BLOCK_THREADS b(); Py_UNBLOCK_THREADS c();"
        " Py_END_ALLOW_THREADS"
    )
    assert {"a", "c"} <= set(released(block))
    assert "b" not in released(block)


def test_the_functions_behind_the_macros_make_blocks_too() -> None:
    """A restore deeper in braces holds until they close; the one as deep as the save is the end."""
    block = the_block(
        "s = PyEval_SaveThread(); if (x) { PyEval_RestoreThread(s); return 1; }\n"
        "if (y) return 2;\nPyEval_RestoreThread(s); return 3;"
    )
    assert [(one.kind, one.line) for one in block.exits] == [("return", 2)]
    assert block.last_line == 3


def test_a_block_may_begin_and_end_in_braces_of_their_own() -> None:
    """Under a condition, as large arrays alone are worth it."""
    block = the_block(
        "if (large) { s = PyEval_SaveThread(); } work(); if (large) { PyEval_RestoreThread(s); }"
    )
    assert block.last_line == 1
    assert "work" in released(block)


def test_a_block_without_end_reaches_to_the_end_of_the_function() -> None:
    """The line of END is not there."""
    block = the_block("NPY_BEGIN_THREADS; work(); return 1;")
    assert block.last_line is None
    assert [one.kind for one in block.exits] == ["return"]


def test_blocks_of_one_function_are_told_apart() -> None:
    """One after the other, and one inside the other."""
    one = "Py_BEGIN_ALLOW_THREADS a(); Py_END_ALLOW_THREADS"
    assert [released(block) for block in blocks_of(f"{one} {one}")] == [["a", "(", ")", ";"]] * 2
    outer, inner = blocks_of(
        "NPY_BEGIN_THREADS; NPY_BEGIN_THREADS; a(); NPY_END_THREADS;\nNPY_END_THREADS;"
    )
    assert (outer.last_line, inner.last_line) == (2, 1)
