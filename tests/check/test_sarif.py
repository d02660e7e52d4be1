"""SARIF, which code scanning services and editors read."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from checking import TOP

pytestmark = pytest.mark.usefixtures("parser")

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def run(command: Command, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The one run of a document about the project's own patterns."""
    monkeypatch.chdir(TOP)
    done = command("check", "--format", "sarif", "--level", "advice", "csrc")
    document = json.loads(done.stdout)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return dict(run)


def results(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the findings."""
    found = run["results"]
    assert isinstance(found, list)
    return found


def test_each_finding_has_its_rule_place_and_fingerprint(run: dict[str, Any]) -> None:
    """The index leads to the rule of that name, and the file is one that is there."""
    rules = run["tool"]["driver"]["rules"]
    for one in results(run):
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["level"] in ("error", "warning", "note")
        physical = one["locations"][0]["physicalLocation"]
        assert (TOP / physical["artifactLocation"]["uri"]).is_file()
        assert physical["region"]["startColumn"] < physical["region"]["endColumn"]
    fingerprints = [str(one["partialFingerprints"]) for one in results(run)]
    assert len(set(fingerprints)) == len(fingerprints)


def test_the_way_is_a_code_flow_that_ends_at_the_finding(run: dict[str, Any]) -> None:
    """An editor shows it step by step."""
    (missing,) = [one for one in results(run) if one["ruleId"] == "leaves-block"]
    (flow,) = missing["codeFlows"][0]["threadFlows"]
    lines = [
        step["location"]["physicalLocation"]["region"]["startLine"] for step in flow["locations"]
    ]
    place = missing["locations"][0]["physicalLocation"]
    assert lines == sorted(lines)
    assert lines[-1] == place["region"]["startLine"]
    assert place["artifactLocation"]["uri"] == "csrc/patterns/missing_end.c"


def test_an_absolute_path_becomes_relative_or_an_address(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spaces and the like are written as an address has them."""
    file = tmp_path / "a b.c"
    file.write_text((TOP / "csrc/patterns/missing_end.c").read_text())
    uris = []
    for folder in (tmp_path, TOP):
        monkeypatch.chdir(folder)
        document = json.loads(command("check", "--format", "sarif", str(file)).stdout)
        location = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        uris.append(location["artifactLocation"]["uri"])
    assert uris == ["a%20b.c", file.as_uri()]
