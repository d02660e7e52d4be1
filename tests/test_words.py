"""The words: docs/words.md names the terms to avoid, and docstrings begin with a verb."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WORDS = ROOT / "docs" / "words.md"
FOLDERS = ("gil_demo", "csrc", "docs", "tests")
SUFFIXES = {".py", ".pyi", ".md", ".c", ".h"}
TEXTS = [
    *ROOT.glob("*.md"),
    *(
        path
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in SUFFIXES and path not in {WORDS, Path(__file__)}
    ),
]
NO_VERB = re.compile(
    r"(an?|the|all|any|both|each|every|no|not|one|two|as|at|by|for|from|if|in|into|of|on|so|"
    r"to|with|without|it|its|itself|this|that|these|those|they|there|he|somebody|nobody|nothing|"
    r"something|what\w*|where\w*|when\w*|whether|which\w*|who\w*|why|how\w*|c|python|gil|numpy|"
    r"another|code|colou?rs|ctrl|known|standard|texts?|threads|under|wall|readme|csrc)\b|\W",
    re.IGNORECASE,
)
"""A docstring that begins with one of these, or with a name in quotes, begins with no verb."""

CODE = [
    ROOT / "setup.py",
    ROOT / "csrc" / "build.py",
    *sorted((ROOT / "gil_demo").rglob("*.py")),
    *sorted((ROOT / "docs").rglob("*.py")),
]
"""The Python that people read beside the tests."""


def avoided() -> list[str]:
    """Read the terms to avoid from the last table of the glossary."""
    _, table = WORDS.read_text("utf-8").split("## Terms to avoid")
    rows = re.findall(r"^\| (.+?) \| .+ \|$", table, flags=re.MULTILINE)
    return [term for row in rows[2:] for term in row.split(", ")]


def avoided_in(text: str) -> list[str]:
    """Find the terms to avoid in a text, also across lines and in names with underscores."""
    text = re.sub(r"\blet[_-]go\b", "", text)  # a step's name in records that students have
    words = " ".join(re.sub(r"[^\w']|_", " ", text).lower().split())
    return [term for term in avoided() if re.search(rf"\b{term}\b", words)]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_text_uses_no_term_to_avoid(path: Path) -> None:
    """The glossary has one term for one thing, and every text uses it."""
    assert not avoided_in(path.read_text("utf-8"))


def test_a_term_to_avoid_is_found_across_lines_and_in_names() -> None:
    """The check above would see a term in a comment of two lines and in a function's name."""
    assert avoided_in("# Lets\n    go of it.") == ["lets go"]
    assert avoided_in("def test_steps_that_are_none_are_refused():") == ["that are none"]
    assert not avoided_in("a block that releases the GIL, and an outlet governed by it")


def functions(path: Path) -> Iterator[tuple[str, str]]:
    """Find a module's functions, except properties, with the first line of each docstring."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and not any(
            ast.unparse(decorator).endswith(("property", "fixture"))
            for decorator in node.decorator_list
        ):
            yield node.name, (ast.get_docstring(node) or "").split("\n")[0]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_function_says_what_it_does_with_a_verb(path: Path) -> None:
    """The first line of a docstring begins with a verb: not with an article, a relative, a name."""
    assert [(name, line) for name, line in functions(path) if NO_VERB.match(line)] == []
