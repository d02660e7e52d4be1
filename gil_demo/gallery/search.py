"""Finds patterns by words: of a page, of an error message, of how a program ends."""

import re
from collections.abc import Mapping, Sequence
from math import log

from gil_demo.gallery.pattern import Pattern
from gil_demo.words import Outcome, each

SYMPTOMS: Mapping[Outcome, str] = {
    "ok": "works",
    "wrong-value": "wrong value, wrong result, wrong answer, garbage, corrupt",
    "crash": "crash, segfault, segmentation fault, SIGSEGV, core dumped, bus error, garbage",
    "fatal-error": "fatal error, Fatal Python error, abort, aborted, SIGABRT, core dumped",
    "deadlock": "deadlock, hang, hangs, hanging, freeze, frozen, stuck, blocks for ever",
    "stall": "stall, delay, unresponsive, Ctrl-C, KeyboardInterrupt",
    "slow": "slow, slower, speed, performance",
    "unfinished": "",
}
"""What people say of a program that ends so."""

IDENTIFIER = re.compile(r"\w*_\w+|_?Py\w+|\w+[a-z][A-Z]\w*")

ENDING = re.compile(r"(?<=\w{3})(?:ing|ed|es|s)$")
"""What a search leaves away at the end of a word, so that it finds the word's other forms."""

MIN_LETTERS = 3
"""A shorter word says too little to be looked for beside others."""

NEAR = 0.7
"""How much of the best match another must have to be shown beside it."""

MAX_NEAR = 6


def search(words: str, patterns: Sequence[Pattern]) -> tuple[Pattern, ...]:
    """Return the patterns whose text has the words, in the order of the patterns.

    The words as they stand are looked for first, then each by itself: found are patterns that
    have them all, or most of them. A word that few patterns have counts more.
    """
    phrase = _plain(words)
    texts = {one: _text(one, words) for one in patterns}
    together = tuple(one for one, text in texts.items() if phrase in text)
    if not phrase:
        return ()
    if together:
        return together
    single = {word for word in phrase.split() if len(word) >= MIN_LETTERS} or {phrase}
    having = {word: _having(word, texts) for word in single}
    found = set(patterns).intersection(*having.values()) | _best(having, len(patterns))
    return tuple(one for one in patterns if one in found)


def _having(word: str, texts: Mapping[Pattern, str]) -> set[Pattern]:
    """Return the patterns that have a word, whatever its ending, in their text."""
    begins = re.compile(rf"\b{re.escape(ENDING.sub('', word))}")
    return {one for one, text in texts.items() if begins.search(text)}


def _best(having: Mapping[str, set[Pattern]], count: int) -> set[Pattern]:
    """Return the patterns that have the most telling words, none if only common words are found."""
    weights = {word: log(count / len(found)) for word, found in having.items() if found}
    scores: dict[Pattern, float] = {}
    for word, weight in weights.items():
        for one in having[word]:
            scores[one] = scores.get(one, 0.0) + weight
    if 2 * len(weights) < len(having):  # most words are in no page: this is about something else
        return set()
    enough = NEAR * max(scores.values(), default=0.0)
    near = sorted(scores, key=lambda one: -scores[one])[:MAX_NEAR]
    return {one for one in near if scores[one] >= enough > 0.0}


def _text(pattern: Pattern, words: str) -> str:
    """Return all that is said of a pattern; for a name of the C API, its C too."""
    parts = [
        pattern.name,
        pattern.chapter,
        pattern.question,
        pattern.hazard,
        *pattern.page.values(),
        *(SYMPTOMS[outcome] for outcome in _outcomes(pattern)),
    ]
    if IDENTIFIER.search(words):
        parts.append(pattern.source)
    return _plain("\n".join(parts))


def _outcomes(pattern: Pattern) -> set[Outcome]:
    """Return how the unsafe half ends, on any version that somebody may have."""
    declared = pattern.declared["unsafe"]
    of_versions = declared.values() if isinstance(declared, Mapping) else (declared,)
    return {outcome for one in of_versions for outcome in each(one)}


def _plain(text: str) -> str:
    """Return the words and numbers of a text in small letters, a single space between them.

    A power is one number, as 2**31 and as 2^31.
    """
    return " ".join(re.findall(r"\w+(?:(?:\.|\*\*)\w+)*", text.lower().replace("^", "**")))
