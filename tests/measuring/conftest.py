"""The evidence that the tests of the verdict begin with."""

from dataclasses import replace

import pytest
from changed_evidence import with_peak, with_ticks

from gil_demo.measuring.verdict import Evidence
from gil_demo.results.run import RunResult


@pytest.fixture
def evidence(made: RunResult) -> Evidence:
    """All that a run shows when everything is as expected, on an interpreter with a GIL."""
    return Evidence(made.environment, True, made.picture, made.scaling, made.responsiveness)


@pytest.fixture
def without_gil(evidence: Evidence) -> Evidence:
    """The same where there is no GIL: held calls meet as released ones do."""
    return replace(
        with_ticks(with_peak(evidence, "held", 2), "held", 99_000),
        environment=replace(evidence.environment, gil_enabled=False, free_threaded=True),
        picture=[replace(evidence.picture[1], gil=panel.gil) for panel in evidence.picture],
    )
