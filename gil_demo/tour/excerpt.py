"""Lines of the question's own function, to be read before they are talked about."""

from gil_demo.csource.functions import function
from gil_demo.gallery.question import page
from gil_demo.results.lesson import Code, Line


def statements(source: str) -> dict[int, str]:
    """Find the statements of the question's function by their lines' numbers, without comments.

    A line that is indented more than the statement before it is a part of that statement.
    """
    found: dict[int, str] = {}
    for number, text in function(source, "sum").body_lines().items():
        if text.startswith(" "):
            found[max(found)] += f"\n{text}"
        else:
            found[number] = text
    return found


def excerpt(*remarks: tuple[str, str]) -> Code:
    """Return the statements that have these words in them, each with a remark or none."""
    source, _ = page.sources()
    known = statements(source).items()
    return Code(
        "",
        tuple(
            next(Line(number, text, remark) for number, text in known if words in text)
            for words, remark in remarks
        ),
    )
