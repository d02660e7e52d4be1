"""Every claim about the question's program holds, and the page explains each."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from command_line import Command

from gil_demo.csource.comments import tagged_lines
from gil_demo.gallery import registry
from gil_demo.gallery.page import page_parts
from gil_demo.gallery.question import page
from gil_demo.gallery.question.claims import CLAIMS, Claim
from gil_demo.host import machine
from gil_demo.report import check_page
from gil_demo.sandbox import pool
from gil_demo.sandbox.evidence import evidence
from gil_demo.words import Half, each

CSRC = Path(__file__).parent.parent.parent.parent / "csrc" / "question"
HALVES: tuple[Half, ...] = ("unsafe", "safe")


# The claims


@pytest.fixture(scope="module")
def box() -> Iterator[pool.Sandbox]:
    with pool.Sandbox(2) as one:
        yield one


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: one.name)
def test_every_claim_holds(claim: Claim, half: Half, box: pool.Sandbox) -> None:
    """What the page says of a program is what is seen of it, each time.

    A claim that only a GIL lets us show is refused where there is none.
    """
    if claim.needs_gil and not machine.gil_enabled():
        with pytest.raises(registry.NeedsGil, match="PYTHON_GIL=1"):
            registry.subjects(claim.name)
        return
    endings = box.run_all([(claim, half)] * 3, lambda done, steps: None)
    assert {ending.outcome for ending in endings} <= set(each(claim.expected(half))), endings


def test_a_claim_that_crashes_says_what_was_called(box: pool.Sandbox) -> None:
    """The evidence names the call and the signal."""
    (claim,) = registry.subjects("gilexample/backwards")
    (ending,) = box.run_all([(claim, "unsafe")], lambda done, steps: None)
    assert re.fullmatch(r"SIGSEGV \d+ ms after sum\(a\[::-1\]\) was called", evidence(ending.left))


def test_every_tag_is_explained_and_every_explanation_has_its_line() -> None:
    """The tags in the question's C, those on the page and those of the claims are the same."""
    in_c = tagged_lines((CSRC / "gilexample.c").read_text()).keys()
    on_page = set(re.findall(r"^ +\[([a-z-]+)\]", page.__doc__ or "", flags=re.MULTILINE))
    assert in_c == on_page == {claim.tag for claim in CLAIMS}
    mended_tags = set(re.findall(r"[\[ ]([a-z]+-[a-z]+|released)(?=[\],])", mended_text()))
    assert in_c <= mended_tags


def mended_text() -> str:
    return (CSRC / "gilexample_safe.c").read_text()


def test_the_claims_are_in_the_order_of_the_page() -> None:
    """A reader meets each claim under its heading, and every name once."""
    _, parts = page_parts(page.__doc__ or "")
    places = [list(parts).index(claim.part) for claim in CLAIMS]
    assert all(before <= after for before, after in pairwise(places))
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS)
    assert "https://" in parts["Sources"]


def test_the_c_that_is_shown_is_the_c_in_the_tree() -> None:
    """The page shows the files from which the extensions are built."""
    files = (CSRC / "gilexample.c", CSRC / "gilexample_safe.c")
    assert page.sources() == tuple(file.read_text() for file in files)


def test_both_programs_have_their_parts_in_the_same_order() -> None:
    """Side by side, a function, a table or a call is met at the same place in both."""
    steps = (
        "PyArray_FROM_OTF", "PyArray_SIZE", "PyArray_DATA", "Py_BEGIN_ALLOW_THREADS", "data[i]",
        "Py_END_ALLOW_THREADS", "Py_DECREF", "PyFloat_FromDouble", "PyMethodDef",
        "struct PyModuleDef", "PyMODINIT_FUNC",
    )  # fmt: skip
    for text in page.sources():
        places = [text.index(step) for step in steps]
        assert places == sorted(places)


# The commands


def test_show_walks_through_the_program(command: Command) -> None:
    """One page: the C with numbered lines, what is said of each tag, and where it is."""
    shown = command("show", "gilexample").stdout
    numbers = tagged_lines((CSRC / "gilexample.c").read_text())
    assert all(f"[{tag}]" in shown for tag in numbers)
    for claim in CLAIMS:
        name = claim.name.removeprefix("gilexample/")
        assert re.search(rf"^ +{numbers[claim.tag]} +{name} ", shown, flags=re.MULTILINE)
    assert shown.index("csrc/question/gilexample.c") < shown.index(
        "csrc/question/gilexample_safe.c"
    )


def test_show_turns_no_gil_on(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check's parser would, in a build that can do without; the page says where it runs."""
    monkeypatch.setattr(machine, "free_threaded", lambda: True)
    monkeypatch.setattr(machine, "gil_enabled", lambda: False)
    monkeypatch.setattr(check_page, "check_text", pytest.fail)
    assert "tells, on a Python with a GIL." in " ".join(
        command("show", "gilexample").stdout.split()
    )


def test_show_prints_the_bare_c_and_the_difference(command: Command) -> None:
    """``--c`` is the question's file, and ``--diff`` leads from it to the mended one."""
    assert command("show", "gilexample", "--c").stdout == (CSRC / "gilexample.c").read_text()
    lines = command("show", "gilexample", "--diff").stdout.splitlines()
    assert lines[:2] == ["--- gilexample.c", "+++ gilexample_safe.c"]
    assert any(line.startswith("-") and "NPY_ARRAY_ALIGNED" in line for line in lines)


def test_try_runs_one_claim_or_all(command: Command) -> None:
    """A claim has a name of its own; the program's name stands for all of them."""
    one = command("try", "gilexample/every-other")
    assert one.returncode == 0
    assert "expected 20, found 10" in one.stdout
    gil = machine.gil_enabled()
    assert registry.subjects("gilexample") == tuple(
        claim for claim in CLAIMS if gil or not claim.needs_gil
    )


def test_the_programs_are_shown_unwrapped(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On 80 columns each line of C is one line of the screen."""
    monkeypatch.setenv("COLUMNS", "80")
    shown = [line.rstrip() for line in command("show", "gilexample").stdout.splitlines()]
    for source in page.sources():
        for number, line in enumerate(source.splitlines(), start=1):
            assert f"{number:>4} {line}".rstrip() in shown


def test_an_address_is_left_whole(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is longer than the screen is wide, so that it can be copied."""
    monkeypatch.setenv("COLUMNS", "80")
    shown = command("show", "gilexample").stdout
    assert "how-to-extend.html#converting-an-arbitrary-sequence-object\n" in shown
