"""The parser: tree-sitter with its grammars of C and C++, an optional part of gil-demo."""

from collections.abc import Callable
from functools import cache
from typing import Any

from gil_demo.errors import BadInput
from gil_demo.host import machine

HEAD = "void f()"
"""What stands before a body so that it parses as a function, whatever its own header is."""

PIECE = 2**16
"""How many bytes the parser gets at once."""

NO_PARSER = (
    "gil-demo check has no parser here: the grammar of C++ does not build for a free-threaded"
    " Python. Run it with another one (pip install 'gil-demo[check]'): it reads the same C"
)
"""The grammar of C++ 0.23 is written in the limited API, which free-threaded 3.13 and 3.14 lack."""

MAX_DEPTH = 120
"""How deep statements may nest before a function counts as not read."""


@cache
def _parsers() -> tuple[Any, Any]:
    try:
        import tree_sitter
        import tree_sitter_c
        import tree_sitter_cpp
    except ImportError as error:
        if machine.free_threaded():
            raise BadInput(NO_PARSER) from None
        raise BadInput(
            f"`gil-demo check` needs {error.name}, which is not installed: "
            "pip install 'gil-demo[check]'"
        ) from None
    languages = (tree_sitter_c.language(), tree_sitter_cpp.language())
    c, cpp = (tree_sitter.Parser(tree_sitter.Language(language)) for language in languages)
    return c, cpp


def would_turn_gil_on() -> bool:
    """Check whether loading the parser turns a GIL on where there is none.

    tree-sitter 0.26 does not declare that it can do without. `gil-demo check` takes that, and
    pages that only tell what the check finds do not run it then.
    """
    return machine.free_threaded() and not machine.gil_enabled()


def ensure_available() -> None:
    """Refuse to go on without the parser.

    Raises:
        BadInput: If the optional dependencies are not installed; it says how to install them.
    """
    _parsers()


def parse_body(body: str, cpp: bool, goes_on: Callable[[], bool]) -> Any:
    """Return the node of a function's body, or None if the parser was told to stop.

    Args:
        body: The text; offsets in the tree count from ``HEAD`` on.
        cpp: Whether it is C++.
        goes_on: Asked again and again, after equal pieces of the parser's work.
    """
    text = (HEAD + body).encode("latin-1")
    parser = _parsers()[cpp]
    try:
        tree = parser.parse(
            lambda offset, _: text[offset : offset + PIECE],
            progress_callback=lambda _, __: not goes_on(),
        )
    except ValueError:  # it was told to stop
        parser.reset()
        return None
    return tree.root_node
