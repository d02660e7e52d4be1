"""What a check of C source found."""

from dataclasses import dataclass

from gil_demo.words import Level


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a line; line and columns count from 1, columns in characters."""

    file: str
    line: int
    column: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Step:
    """A station on the way that leads to a finding, and what happens there."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unsafe, or worth a look, with the way that leads there.

    Attributes:
        rule: The rule's name.
        pattern: The page of the gallery that shows it happening, or empty.
        level: How sure it is.
        place: Where it is.
        function: The C function around it.
        released_at: The line where the GIL was released, or None.
        message: One sentence: why.
        instead: One sentence: what to write instead.
        way: How C gets there, in order; the last step is the place itself.
        places: Further places with the same cause.
        source_line: The line as it stands in the file.
        fingerprint: The same for the same finding after lines were inserted above it.
    """

    rule: str
    pattern: str
    level: Level
    place: Place
    function: str
    released_at: int | None
    message: str
    instead: str
    way: tuple[Step, ...]
    places: tuple[Place, ...]
    source_line: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class UnusedSuppression:
    """A comment that suppresses nothing, or that gives no reason."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """All findings at the level and above, and how much was read.

    Attributes:
        findings: In the order of files and lines.
        files: How many files were read.
        lines: How many lines they have.
        blocks: How many places release the GIL.
        functions: How many functions release the GIL or take it back.
        functions_not_understood: How many of these were not read whole.
        not_whole: Where those are.
        calls_not_followed: Calls through pointers and of methods inside blocks.
        unreadable: Files that could not be read, or not whole, and why.
        suppressed: How many findings comments suppressed.
        in_baseline: How many findings the baseline knows.
        unused: Comments that suppress nothing.
        patterns_seen: The patterns of the gallery that some rule looks for.
        patterns_unseen: Those that no checker of source can see.
    """

    findings: tuple[Finding, ...]
    files: int
    lines: int
    blocks: int
    functions: int
    functions_not_understood: int
    not_whole: tuple[Place, ...]
    calls_not_followed: int
    unreadable: tuple[tuple[str, str], ...]
    suppressed: int
    in_baseline: int
    unused: tuple[UnusedSuppression, ...]
    patterns_seen: tuple[str, ...]
    patterns_unseen: tuple[str, ...]
