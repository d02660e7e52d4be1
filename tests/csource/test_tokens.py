"""C text is cut into tokens, and nothing inside a comment or a literal is taken for C."""

from gil_demo.csource.tokens import Token, closing, code, tokens

SOURCE = """\
#define BOTH(x) \\
    f(x) /* in a
    directive */
int x = 0x1p-3; // until \\
the end
char *s = "/* no \\"comment\\" */", c = '"';
a->b <<= 1.5e+3;
"""


def texts(source: str) -> list[str]:
    return [token.text for token in code(source)]


def test_comments_and_directives_are_no_code() -> None:
    """A continued directive, a comment in it and a continued line comment are one token each."""
    assert texts(SOURCE) == [
        *["int", "x", "=", "0x1p-3", ";"],
        *["char", "*", "s", "=", '"/* no \\"comment\\" */"', ",", "c", "=", "'\"'", ";"],
        *["a", "->", "b", "<<=", "1.5e+3", ";"],
    ]
    assert [token.kind for token in tokens(SOURCE)].count("directive") == 1
    assert [token.kind for token in tokens(SOURCE)].count("comment") == 1


def test_every_token_says_where_it_is() -> None:
    """The place in the text and the line, also behind tokens of several lines."""
    for token in tokens(SOURCE):
        assert SOURCE[token.start : token.end] == token.text
        assert token.line == SOURCE.count("\n", 0, token.start) + 1
    (comment,) = (token for token in tokens(SOURCE) if token.kind == "comment")
    assert (comment.line, comment.last_line) == (4, 5)


def test_a_comment_that_does_not_end_reaches_to_the_end() -> None:
    """Half-written C is cut too."""
    assert texts("int x; /* no end\nint y;") == ["int", "x", ";"]


def test_brackets_find_their_partners() -> None:
    """Brackets inside literals do not count, and an open one reaches to the end."""
    among: tuple[Token, ...] = code('f(g(")"), h[0]) { x; ')
    assert among[closing(among, 1)].text == ")"
    assert among[closing(among, 1) + 1].text == "{"
    opening = closing(among, 1) + 1
    assert closing(among, opening) == len(among) - 1
