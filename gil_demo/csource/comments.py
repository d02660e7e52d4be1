"""Reads the comments of C text, or reads past them."""

import re

from gil_demo.csource.tokens import COMMENT, LITERAL, tokens

TAG = re.compile(r"\b(?:right|wrong) \[([a-z-]+)\]")


def without_comments(source: str) -> str:
    """Return the same lines of C without their comments; what looks like one in a literal stays."""

    def blanked(match: re.Match[str]) -> str:
        return match.group() if match["literal"] else "\n" * match.group().count("\n")

    return re.sub(f"(?P<literal>{LITERAL})|{COMMENT}", blanked, source, flags=re.DOTALL)


def opening_comment(source: str) -> str:
    """Return the words of the comment that a text begins with, or '' if it begins with none."""
    first = next(iter(tokens(source)), None)
    if first is None or first.kind != "comment":
        return ""
    return " ".join(first.text.removeprefix("/*").removesuffix("*/").split())


def tagged_lines(source: str) -> dict[str, int]:
    """Return the tags in comments, ``right [tag]`` or ``wrong [tag]``, each with its line."""
    return {
        match[1]: comment.line + comment.text.count("\n", 0, match.start())
        for comment in tokens(source)
        if comment.kind == "comment"
        for match in TAG.finditer(comment.text)
    }
