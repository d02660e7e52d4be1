"""The claims that the question's page makes, each with the line it is about and a way to see it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gil_demo.gallery.question import copies, demonstrations
from gil_demo.gallery.question.page import COPIES, NAME, REMAINS, RIGHT, WRONG
from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding
from gil_demo.words import Expected, Half, Outcome


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence about the program, the lines it is about, and a way to see that it is true.

    `demonstrate` runs in a child process, once with each program: the question's own as the
    unsafe half, and the corrected one as the safe half.
    """

    name: str
    part: str
    tag: str
    sentence: str
    demonstrate: Callable[[Lab, Half], Finding]
    unsafe: Outcome
    safe: Outcome
    needs_gil: bool = False
    """Whether what is seen proves it only where a GIL is: see `demonstrations`."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Return what must be set before Python starts: nothing."""
        return {}

    @property
    def has_unforced(self) -> bool:
        """Return whether it can be left to chance."""
        return False

    @property
    def timed(self) -> bool:
        """Return whether it is about times: none is."""
        return False

    def expected(self, half: Half) -> Expected:
        """Return the outcome that makes the sentence true of this half."""
        return self.safe if half == "safe" else self.unsafe

    def caveat(self, half: Half) -> str:
        """Say nothing: a claim that needs a GIL is not tried where there is none."""
        return ""

    def run(self, half: Half, lab: Lab) -> Finding:
        """Run it with one of the programs, in a child: the question's may end the process."""
        return self.demonstrate(lab, half)


def _claim(
    name: str,
    part: str,
    tag: str,
    sentence: str,
    demonstrate: Callable[[Lab, Half], Finding],
    unsafe: Outcome = "ok",
    safe: Outcome = "ok",
    needs_gil: bool = False,
) -> Claim:
    return Claim(f"{NAME}/{name}", part, tag, sentence, demonstrate, unsafe, safe, needs_gil)


CLAIMS = (
    _claim(
        "read-before",
        RIGHT,
        "read-before",
        "Size and pointer are read before the block: a later change of the header does not matter.",
        demonstrations.read_before,
        needs_gil=True,
    ),
    _claim(
        "own-reference",
        RIGHT,
        "own-reference",
        "The program owns the reference that the conversion returned; it needs no other increment.",
        demonstrations.own_reference,
        needs_gil=True,
    ),
    _claim(
        "borrowed-item",
        RIGHT,
        "own-reference",
        "An array borrowed from a list does need an increment before the block.",
        demonstrations.borrowed_item,
        unsafe="crash",
    ),
    _claim(
        "released",
        RIGHT,
        "released",
        "The block lets other threads run Python.",
        demonstrations.released,
        needs_gil=True,
    ),
    _claim(
        "not-moved",
        RIGHT,
        "released",
        "The garbage collector moves neither the array nor its data.",
        demonstrations.not_moved,
        needs_gil=True,
    ),
    _claim(
        "index-type",
        RIGHT,
        "index-type",
        "The loop's index counts arrays that an int could not.",
        demonstrations.index_type,
    ),
    _claim(
        "every-other",
        WRONG,
        "aligned-only",
        "Asked for every other element, the program adds up the first elements in memory.",
        demonstrations.every_other,
        unsafe="wrong-value",
    ),
    _claim(
        "column",
        WRONG,
        "aligned-only",
        "Asked for a table's first column, it adds up the table's first elements in memory.",
        demonstrations.column,
        unsafe="wrong-value",
    ),
    _claim(
        "transposed",
        WRONG,
        "aligned-only",
        "The sum of a whole transposed table is right by luck: order matters only in rounding.",
        demonstrations.transposed,
    ),
    _claim(
        "backwards",
        WRONG,
        "aligned-only",
        "Given a reversed array, C reads behind its end.",
        demonstrations.backwards,
        unsafe="crash",
    ),
    _claim(
        "one-value",
        WRONG,
        "aligned-only",
        "A broadcast value exists once in memory; C reads as if every copy were there.",
        demonstrations.one_value,
        unsafe="crash",
    ),
    _claim(
        "no-argument",
        WRONG,
        "unchecked-parse",
        "sum() kills the interpreter.",
        demonstrations.no_argument,
        unsafe="crash",
    ),
    _claim(
        "not-numbers",
        WRONG,
        "unchecked-array",
        'sum("abc") kills the interpreter.',
        demonstrations.not_numbers,
        unsafe="crash",
    ),
    _claim(
        "one-phase",
        WRONG,
        "one-phase",
        "The module is made before Python can ask what it supports.",
        demonstrations.one_phase,
        unsafe="wrong-value",
    ),
    _claim(
        "list",
        COPIES,
        "own-reference",
        "A list is copied.",
        copies.list_copied,
    ),
    _claim(
        "float32",
        COPIES,
        "own-reference",
        "An array of single precision is copied.",
        copies.float32_copied,
    ),
    _claim(
        "contiguous",
        COPIES,
        "own-reference",
        "A contiguous array of doubles is not copied.",
        copies.contiguous_not_copied,
    ),
    _claim(
        "strided",
        COPIES,
        "aligned-only",
        "A strided array of doubles is not copied, but the loop needs a copy.",
        copies.strided_copied,
        unsafe="wrong-value",
    ),
    _claim(
        "mask",
        REMAINS,
        "own-reference",
        "Neither program looks at a masked array's mask.",
        demonstrations.mask,
        unsafe="wrong-value",
        safe="wrong-value",
    ),
    _claim(
        "large-integer",
        REMAINS,
        "own-reference",
        "Both programs round integers beyond 2**53 to the nearest double.",
        demonstrations.large_integer,
        unsafe="wrong-value",
        safe="wrong-value",
    ),
)
"""All claims of the page that a program can show, in the order of the page."""
