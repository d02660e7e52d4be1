"""The project's own C as a labelled corpus: unsafe halves are flagged, safe halves never."""

import re
from pathlib import Path

import pytest
from checking import TOP, findings

from gil_demo.check.rule import Rule, all_patterns, load_all, patterns_seen, rules_for
from gil_demo.csource.functions import functions
from gil_demo.csource.halves import halves

pytestmark = pytest.mark.usefixtures("parser")

CSRC = TOP / "csrc"
SOURCES = sorted(CSRC.rglob("*.c"))
PATTERNS = CSRC / "patterns"
WRONG = "_unsafe|_unforced|_no_gil$|_free_threaded$"
SHOWN = [(rule, stem) for rule in load_all() for stem in rule.flags if stem != "gilexample"]


@pytest.mark.parametrize(("rule", "stem"), SHOWN, ids=lambda one: getattr(one, "name", one))
def test_a_rule_flags_the_unsafe_half_of_its_patterns(rule: Rule, stem: str) -> None:
    """What a rule says it finds is found under its name, in the unsafe half or in its place."""
    flagged = [one for one in findings(PATTERNS / f"{stem}.c") if one.rule == rule.name]
    assert flagged
    assert all(re.search(WRONG, one.function) for one in flagged)


@pytest.mark.parametrize("name", all_patterns())
def test_a_safe_half_is_silent_at_every_level(name: str) -> None:
    """Nothing is said of a function that does it right, nor of the helpers of both halves.

    Not either as a further place of what is wrong in the unsafe half.
    """
    file = PATTERNS / f"{name.replace('-', '_')}.c"
    wrong = [one for one in functions(file.read_text()) if re.search(WRONG, " ".join(one.names))]
    lines = {
        place.line
        for found in findings(file, level="advice")
        for place in (found.place, *found.places)
    }
    assert {
        line for line in lines if not any(one.first_line <= line <= one.last_line for one in wrong)
    } == set()


@pytest.mark.parametrize("name", all_patterns())
def test_a_safe_half_alone_is_silent(name: str, tmp_path: Path) -> None:
    """A safe half is silent too where the unsafe one does not stand beside it."""
    parts = halves((PATTERNS / f"{name.replace('-', '_')}.c").read_text())
    file = tmp_path / "safe.c"
    file.write_text(parts.shared + parts.safe)
    assert findings(file, level="advice") == ()


@pytest.mark.parametrize("name", all_patterns())
def test_a_pattern_that_no_rule_claims_is_not_flagged(name: str) -> None:
    """Where the page says that the check cannot see a hazard, it says nothing."""
    if name not in patterns_seen():
        assert rules_for(name) == ()
        assert findings(PATTERNS / f"{name.replace('-', '_')}.c") == ()


def test_the_question_s_program_has_its_three_findings() -> None:
    """Parsing is not checked, the array may be NULL, and aligned is not contiguous."""
    (asked,) = [path for path in SOURCES if path.name == "gilexample.c"]
    assert sorted(one.rule for one in findings(asked)) == [
        "strided-view",
        "unchecked-arguments",
        "unchecked-arguments",
    ]


def test_the_question_s_program_mended_has_none() -> None:
    """The same module as it should be written is silent at every level."""
    (mended,) = [path for path in SOURCES if path.name == "gilexample_safe.c"]
    assert findings(mended) == ()


def test_the_project_s_other_c_is_silent() -> None:
    """Nothing is found in the C that is meant to be right."""
    others = [path for path in SOURCES if path.parent != PATTERNS and path.name != "gilexample.c"]
    assert findings(*others) == ()
