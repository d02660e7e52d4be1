"""Comments, the insides of strings and SWIG's own lines become blanks."""

import re

OPENING = re.compile(r"//|/\*|R\"(?P<raw>[^()\\\s\"]{0,16})\(|\"|'(?<![0-9]')")
LINE_COMMENT = re.compile(r"//[^\n\\]*(?:\\(?:\r\n|[\s\S])[^\n\\]*)*")
QUOTED = {
    quote: re.compile(rf"{quote}([^{quote}\\\n]*(?:\\(?:\r\n|[\s\S])[^{quote}\\\n]*)*)({quote}?)")
    for quote in "\"'"
}
SWIG = re.compile(r"^[ \t]*%[a-z]+\b[^\n{;]*?(?:%\{|(?=\{)|;|$)|%[{}]", re.MULTILINE)


def blank(text: str) -> str:
    """Return as many blanks, the ends of lines kept."""
    if "\n" not in text:
        return " " * len(text)
    return "\n".join(" " * len(line) for line in text.split("\n"))


def without_swig(text: str) -> str:
    """Return the text of a SWIG interface with SWIG's own lines blanked."""
    return SWIG.sub(lambda match: blank(match.group()), text)


def without_comments(text: str) -> str:
    """Return the text with comments and the insides of strings blanked.

    A quote that nothing closes in its line is no string. A quote further on in what was looked
    through for its end has no end either, so nothing is looked through twice.
    """
    pieces: list[str] = []
    done = position = 0
    open_until = {'"': 0, "'": 0}
    endless: set[str] = set()
    while (match := OPENING.search(text, position)) is not None:
        start, opening = match.start(), match.group()
        position = match.end()
        if opening == "//":
            end = _end_of(LINE_COMMENT, text, start)
            keep = 0
        elif opening == "/*":
            end = text.find("*/", position) + 2
            end, keep = (end if end > 1 else len(text)), 0
        elif opening[0] == "R":
            closing = f'){match["raw"]}"'
            end = -1 if closing in endless else text.find(closing, position)
            if end < 0:
                endless.add(closing)
                position = start + 1
                continue
            end, keep = end + len(closing), 2
        else:
            if start < open_until[opening]:
                continue
            found = QUOTED[opening].match(text, start)
            assert found is not None
            if not found[2]:
                open_until[opening] = found.end()
                continue
            if opening == "'" and not found[1]:
                continue
            end, keep = found.end(), 1
        tail = 1 if keep else 0
        pieces += [
            text[done : start + keep],
            blank(text[start + keep : end - tail]),
            text[end - tail : end],
        ]
        done = position = end
    pieces.append(text[done:])
    return "".join(pieces)


def _end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return start + 2 if match is None else match.end()
