"""Takes a page of the gallery apart: it is the docstring of a module."""

import re
from inspect import cleandoc


def page_parts(docstring: str) -> tuple[str, dict[str, str]]:
    """Return what a docstring begins with, and its parts by their headings."""
    head, *rest = re.split(r"^(\S[^\n]*):$\n", cleandoc(docstring), flags=re.MULTILINE)
    return head.strip(), {
        heading: cleandoc("\n" + text) for heading, text in zip(rest[::2], rest[1::2], strict=True)
    }
