"""The checker finds a contradiction that is made up, and none in a document as it should be."""

import json
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from command_line import Command
from contradictions import contradictions

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run of this moment, on this machine."""
    return document(tmp_path_factory, "run", "--rounds", "1", "--json")


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The whole lesson, as this machine shows it now."""
    return document(tmp_path_factory, "tour", "--no-input", "--json")


def document(folder: pytest.TempPathFactory, *arguments: str) -> dict[str, Any]:
    """What a command prints."""
    command = [sys.executable, "-m", "gil_demo", *arguments]
    done = subprocess.run(
        command,
        cwd=folder.mktemp("empty"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def test_a_run_does_not_contradict_itself(run: dict[str, Any]) -> None:
    """Each number in a sentence is a figure, and the verdict follows from the figures."""
    assert contradictions(run) == []


def test_a_lesson_does_not_contradict_itself(tour: dict[str, Any]) -> None:
    """In no step, whatever it shows."""
    assert contradictions(tour) == []


def held_peak(run: dict[str, Any]) -> None:
    run["picture"][0]["peak_inside"] += 1


def state(run: dict[str, Any]) -> None:
    run["verdict"]["state"] = "contradicted"


def tick(run: dict[str, Any]) -> None:
    span = run["picture"][0]["spans"][0]
    middle = (span["enter_ns"] + span["exit_ns"]) // 2
    run["picture"][0]["ticker"] = [{"first_ns": middle, "last_ns": middle, "ticks": 1}]
    run["environment"]["gil_enabled"] = True  # without one a tick may fall there


def share(run: dict[str, Any]) -> None:
    run["environment"]["machine_busy"] = 0.77
    run["verdict"]["reasons"].append("Others took 55% of the cores.")


def quiet(run: dict[str, Any]) -> None:
    run["environment"]["machine_busy"] = 0.77
    run["verdict"] = {"state": "shown", "reasons": ["With the GIL held, none."]}


def invented(run: dict[str, Any]) -> None:
    run["verdict"]["reasons"].append("The ticker ticked 123,456,789 times.")


def impossible(run: dict[str, Any]) -> None:
    held = next(row for row in run["scaling"] if (row["gil"], row["threads"]) == ("held", 2))
    held["speedup"] = {"median": 4.27, "low": 4.27, "high": 4.27}
    run["verdict"]["reasons"].append("2 threads got 4.27x as much done as one (held 4.27x).")


def counted(run: dict[str, Any]) -> None:
    run["verdict"]["reasons"].append("Released, of 999 patterns, each half ended as declared.")


def slow(run: dict[str, Any]) -> None:
    row = next(row for row in run["patterns"] if "slow" in row["expected"])
    row["evidence"] = "a block: 0.93 times (0.80 to 1.20) as long"


def unexplained(run: dict[str, Any]) -> None:
    row = next(row for row in run["patterns"] if row["expected"] == "slow")
    row["evidence"] = "one lock: at most 1 of 2 calls; 0.75 times (0.39 to 0.86) as long"


def wrong(run: dict[str, Any]) -> None:
    row = next(row for row in run["patterns"] if row["finding"] and row["finding"]["found"])
    row["finding"]["found"] = row["finding"]["expected"] = 7
    row["finding"]["outcome"] = "wrong-value"


def uncollected(run: dict[str, Any]) -> None:
    beside = {"held-collected": (0, 0), "released-collected": (2, 0)}
    run["responsiveness"] = [
        {**run["responsiveness"][0], "gil": company, "collections_begun": begun}
        | {"collections_ended": ended}
        for company, (begun, ended) in beside.items()
    ]
    run["verdict"] = {"state": "shown", "reasons": ["Either way, it ticked."]}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (held_peak, ", and the spans say"),
        (state, "the verdict is contradicted, and the figures say"),
        (tick, "a tick fell inside the held call of thread"),
        (uncollected, "no collection began inside an attached call"),
        (uncollected, "no collection ended inside a released call"),
        (share, "others took 55% by the verdict, 0.77 by the figures"),
        (quiet, "others took 77%, and the verdict does not say so"),
        (invented, "123456789 is no figure"),
        (impossible, "held 4.27x is told as a finding"),
        (counted, "999 patterns are counted, of"),
        (slow, "was faster in some round"),
        (unexplained, "was faster in some round"),
        (wrong, "found 7, expected 7: wrong-value"),
    ],
)
def test_a_made_up_contradiction_of_a_run_is_found(
    run: dict[str, Any], change: Change, complaint: str
) -> None:
    """Each of these was on a screen once, or could have been."""
    assert any(complaint in one for one in new_faults(run, change))


def new_faults(document: dict[str, Any], change: Change) -> set[str]:
    """What the checker says of a document once it is changed, and did not say before."""
    changed = deepcopy(document)
    change(changed)
    return set(contradictions(changed)) - set(contradictions(document))


def right(tour: dict[str, Any]) -> None:
    tour["steps"][0]["right"] = 1 if tour["steps"][0]["right"] != 1 else 2


def figure(tour: dict[str, Any]) -> None:
    tour["steps"][2]["answers"][0]["remark"] = "No: it stood still for 98765 ms."


def unsaid(tour: dict[str, Any]) -> None:
    tour["environment"]["machine_busy"] = 0.9
    for step in tour["steps"]:
        step["note"] = ""


def gained(tour: dict[str, Any]) -> None:
    table = tour["steps"][1]["figures"][1]
    row = next(row for row in table["rows"] if row[0] == "held")
    row[1] = {"value": 1.46, "unit": "x", "digits": 2, "low": None, "high": None}
    tour["steps"][1]["note"] = ""
    tour["environment"]["gil_enabled"] = True  # without one, held calls may gain


def oversaid(tour: dict[str, Any]) -> None:
    tour["environment"]["machine_busy"] = 0.12
    tour["steps"][3]["note"] = "Others took 77% of the cores: times and speed-ups say little."


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (right, "step 1: "),
        (figure, "step 3: 98765 is no figure"),
        (unsaid, "others took 90% at most, and the steps say []"),
        (oversaid, "others took 12% at most, and the steps say"),
        (gained, "step 2: held calls got 1.46x, and nothing warns of it"),
    ],
)
def test_a_made_up_contradiction_of_a_lesson_is_found(
    tour: dict[str, Any], change: Change, complaint: str
) -> None:
    """A right answer that is told with No, a number from nowhere, a busy machine unsaid."""
    assert any(complaint in one for one in new_faults(tour, change))


def test_calls_that_met_in_the_picture_must_not_be_told_as_apart(tour: dict[str, Any]) -> None:
    """The picture stands above the remarks."""
    wrong = deepcopy(tour)
    step = wrong["steps"][1]
    step["figures"][0]["panels"][0]["peak_inside"] = 2
    step["answers"][0]["remark"] = "In this run they never met."
    assert any("never did" in fault for fault in contradictions(wrong))


@pytest.mark.parametrize(("low", "made_up"), [(-7.02, False), (7.02, True)])
def test_a_number_below_zero_is_one(tour: dict[str, Any], low: float, made_up: bool) -> None:
    """A difference of times may be: with its sign it is a figure, and with the other none."""
    wrong = deepcopy(tour)
    step = wrong["steps"][9]
    step["answers"][2]["remark"] = "Yes: 9 ns more (-7 to 25)."
    difference = {"value": 9.14, "unit": "ns", "digits": 0, "low": low, "high": 24.85}
    step["figures"] = [
        {"kind": "table", "header": ["", "more"], "rows": [["a call", difference]], "caption": ""}
    ]
    assert any("7 is no figure" in fault for fault in contradictions(wrong)) == made_up


def test_a_verdict_of_another_reason_need_not_tell_of_others(run: dict[str, Any]) -> None:
    """A half that did not finish leaves the claim open, on a busy machine as on a quiet one."""
    document = deepcopy(run)
    row = next(row for row in document["patterns"] if row["half"] == "safe")
    row |= {"outcomes": {"unfinished": 1}, "as_expected": 0, "finding": None, "death": None}
    reason = f"The safe half of {row['name']} did not finish in time."
    document["verdict"] = {"state": "inconclusive", "reasons": [reason]}
    document["environment"]["machine_busy"] = 0.9
    assert contradictions(document) == []


def test_the_checker_reads_files(python: Command, run: dict[str, Any], tmp_path: Path) -> None:
    """By hand it takes any number of kept documents."""
    changed = deepcopy(run)
    invented(changed)
    file = tmp_path / "run.json"
    file.write_text(json.dumps(changed))
    checker = Path(__file__).parents[1] / "contradictions.py"
    done = python(
        f"import runpy, sys; sys.argv[1:] = [{str(file)!r}];"
        f" runpy.run_path({str(checker)!r}, run_name='__main__')"
    )
    assert "123456789 is no figure" in done.stdout
