"""Reports of faulty accesses, from facts to sentences."""

import signal
from dataclasses import replace

import pytest

from gil_demo.gallery import registry
from gil_demo.guarding.facts import dtype_name, reports
from gil_demo.native import guard
from gil_demo.report.guard import (
    PAGES,
    closing_lines,
    guarded_line,
    headline,
    pages_of,
    report_text,
)
from gil_demo.results.guard import Block, Counts, Damage, Deed, NativeFrame, Report, Run, What
from gil_demo.results.patterns import Frame

MADE = Deed(0.5, 11, (Frame("made.py", 3, "make"),))
FREED = Deed(0.9, 12, (Frame("freed.py", 7, "drop"),))
BLOCK = Block("past-end", 0, 1600, 0x7000, 5, "alive", MADE, None)

REPORT = Report(
    what="past-end",
    access="read",
    address=0x7640,
    process=11,
    thread=11,
    seconds=1.0,
    label=None,
    blocks=(BLOCK,),
    damage=None,
    python=(),
    native=(),
    variables=(),
    told=False,
)

COUNTS = Counts(1, 50, 50, 0, 0, 0, 0, 9, 3, 0, 0, ("markers",))


def seen(what: What, access: str = "read", **block: object) -> str:
    """The sentence about an access near a block that is changed in some fields."""
    changed = replace(BLOCK, **block)  # type: ignore[arg-type]  # fields by name
    return headline(replace(REPORT, what=what, access=access, blocks=(changed,)))


def test_a_miss_is_told_in_bytes() -> None:
    """By how much, on which side, and whether the data were freed."""
    assert seen("past-end") == "C read the first byte past the end of an array's data."
    assert seen("past-end", distance=8).startswith("C read 8 bytes past the end of")
    before = seen("before-start", "write", place="before-start", distance=1)
    assert before == "C wrote to 1 byte before the start of an array's data."
    freed = seen("past-end", state="freed", freed=FREED)
    assert freed.endswith("past the end of an array's data that had been freed.")


def test_a_wild_address_is_not_charged_to_the_nearest_array() -> None:
    """Beyond some distance the nearest array is a guess."""
    assert seen("past-end", distance=10**7) == (
        "C read an address that no array has; the nearest data are far away."
    )


def test_the_less_near_array_is_shown_only_in_doubt() -> None:
    """Right behind one array nobody means the next one; between two, either may be meant."""
    other = replace(BLOCK, place="before-start", distance=6000)
    near, between = (
        report_text(replace(REPORT, blocks=(replace(BLOCK, distance=distance), other)))
        for distance in (0, 2000)
    )
    assert "less near" not in near
    assert "Or, less near: 6,000 bytes before the start" in between


def test_one_byte_is_no_plural() -> None:
    """In the size of an array, too."""
    text = report_text(replace(REPORT, blocks=(replace(BLOCK, size=1, distance=1),)))
    assert "C read 1 byte past the end" in text
    assert "The array's data: 1 byte at 0x7000" in text


def test_a_function_without_a_name_says_how_to_get_one() -> None:
    """Names and lines come with the compiler's -g."""
    text = report_text(replace(REPORT, native=(NativeFrame("/lib/some.so", 8, None),)))
    assert "a function without a name (compile it with -g) at some.so" in text


def test_damage_says_what_the_bytes_are_now() -> None:
    """The value is often enough to recognise who wrote it."""
    report = replace(
        REPORT, what="damaged", access="write", damage=Damage(2, (1, 255)), blocks=(BLOCK,)
    )
    assert headline(report) == (
        "C changed 2 bytes right after the end of an array's data (now 01 ff);"
        " noticed by looking at all arrays."
    )
    assert "Python code" not in report_text(replace(report, python=(Frame("a.py", 1, "f"),)))


@pytest.mark.parametrize("page", sorted({page for pages in PAGES.values() for page in pages}))
def test_a_page_that_explains_exists(page: str) -> None:
    """`gil-demo show` knows each name."""
    registry.load_all()
    assert registry.find(page).name == page


def test_a_null_pointer_in_the_interpreter_is_not_explained() -> None:
    """It may have many causes, so no page of the gallery is named."""
    report = replace(REPORT, what="null", blocks=(), native=(NativeFrame("/lib/some.so", 8, "f"),))
    assert pages_of(report) == ("unchecked-arguments",)
    inside = NativeFrame("/usr/lib/libpython3.12.so.1.0", 8, "PyObject_Malloc")
    assert pages_of(replace(report, native=(inside,))) == ()


def test_the_facts_of_a_report_lead_to_a_better_page() -> None:
    """Who freed the data, whose thread read them, and whether C wrote, come before the rest."""
    call = Frame("a.py", 1, "f")
    freed = replace(BLOCK, freed=Deed(1.0, 1, (call,)))
    by_close = replace(BLOCK, freed=Deed(1.0, 1, (Frame("a.py", 2, "close"), call)))
    report = replace(REPORT, what="freed", blocks=(freed,), python=(call,))
    assert pages_of(report) == PAGES["freed"]
    assert pages_of(replace(report, python=()))[0] == "kept-pointer"
    assert pages_of(replace(report, blocks=(by_close,)))[0] == "closed-under-call"
    inside = replace(freed, place="inside")
    damaged = replace(report, what="damaged", access="write", damage=Damage(2, (1, 255)))
    assert pages_of(replace(damaged, blocks=(inside,))) == PAGES["freed"]
    assert pages_of(replace(damaged, blocks=(BLOCK,))) == PAGES["damaged"]
    overrun = replace(REPORT, what="past-end", access="write", blocks=(BLOCK,))
    assert pages_of(overrun)[0] == "count-then-fill"
    assert pages_of(replace(overrun, access="read")) == PAGES["past-end"]


def test_facts_that_break_off_still_make_a_report() -> None:
    """A process that died while it wrote has told the essential."""
    text = (
        '{"fact": "report", "what": "null", "access": "read", "address": 8, "process": 1,'
        ' "thread": 1, "nanoseconds": 5000}\n{"fact": "python", "fra'
    )
    (report,) = reports(text)
    assert (report.what, report.address, report.python, report.told) == ("null", 8, (), False)


def test_each_limit_that_was_hit_is_named() -> None:
    """The last line never hides that arrays were not guarded."""
    settings = guard.settings(sample=10)
    assert guarded_line(COUNTS, settings) == "50 of 50 arrays were guarded"
    hit = replace(COUNTS, asked=100, sampled_out=20, over_waste=10, over_live=15, no_room=5)
    line = guarded_line(hit, settings)
    assert line.startswith("50 of 100 arrays were guarded")
    for number in (20, 10, 15, 5):
        assert f"{number} not: " in line


def test_a_death_without_a_report_is_explained() -> None:
    """The lines say that nothing could be reported, and why that may be."""
    run = Run(guard.settings(), 128 + signal.SIGSEGV, signal.SIGSEGV, COUNTS, (), True)
    lines = list(closing_lines(run))
    assert lines[0] == "the program died of SIGSEGV"
    assert "nothing could be reported" in lines[1]


def test_frames_that_cannot_be_read_are_told_of() -> None:
    """A report without Python code says why it has none."""
    run = Run(guard.settings(), 128 + signal.SIGSEGV, signal.SIGSEGV, COUNTS, (REPORT,), False)
    line = "the frames of this Python are not known here: the reports have no Python code"
    assert line in closing_lines(run)
    assert line not in closing_lines(replace(run, frames_known=True))
    assert line not in closing_lines(replace(run, reports=()))


def test_dtypes_have_numpy_s_names() -> None:
    """Kind and size make the name."""
    names = [dtype_name(*one) for one in (("f", 8), ("i", 2), ("c", 16), ("b", 1), ("V", 12))]
    assert names == ["float64", "int16", "complex128", "bool", "structured"]
    assert [dtype_name(kind, 8) for kind in "Mm"] == ["datetime64", "timedelta64"]
