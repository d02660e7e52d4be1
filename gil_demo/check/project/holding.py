"""Functions that hold certain words, in whatever branch of the preprocessor these stand."""

import re
from collections.abc import Iterable
from pathlib import Path

from gil_demo.check.source.source import Function, Source

MAX_READINGS = 4
"""How often a file is read anew for words in branches that no reading has kept."""

WORD = re.compile(r"\b[A-Za-z_]\w*")


class Holding:
    """The functions of some files that hold words; each word is looked for once."""

    def __init__(self, sources: Iterable[Source]) -> None:
        """Begin with the files and no word."""
        self._sources = list(sources)
        self._known: frozenset[str] = frozenset()
        self._found: dict[Path, dict[int, Function]] = {}

    def with_words(self, names: frozenset[str]) -> list[Function]:
        """Return the functions whose text has one of these words or of those before."""
        new = names - self._known
        self._known |= names
        for source in self._sources:
            here = source.words & new
            if here:
                words = WORD.finditer(source.code, 0, source.unread_from or len(source.code))
                offsets = [word.start() for word in words if word.group() in here]
                found = self._found.setdefault(source.path, {})
                found.update((id(function), function) for function in _holding(source, offsets))
        return [
            function
            for found in self._found.values()
            for function in sorted(found.values(), key=lambda function: function.opening)
        ]


def _holding(source: Source, offsets: list[int]) -> list[Function]:
    """Return the functions that hold some offsets, reading more branches if need be."""
    unread = [at for at in offsets if not source.in_directive(at) and not _is_read(source, at)]
    for _ in range(MAX_READINGS):
        if not unread:
            break
        source.add_branches(tuple(unread))
        unread = [offset for offset in unread if not _is_read(source, offset)][1:]
    return [function for offset in offsets for function in source.around(offset)]


def _is_read(source: Source, offset: int) -> bool:
    """Tell whether some reading of some function has the text at an offset."""
    return any(
        not body[offset - function.opening].isspace()
        for function in source.around(offset)
        for body in (function.body, *function.others)
        if offset - function.opening < len(body)
    )
