"""The line that says why times say little."""

from dataclasses import replace

import pytest

from gil_demo.measuring.others import MAX_HELD_SPEEDUP, caution
from gil_demo.results.run import RunResult, ScalingRow


def held_at(made: RunResult, median: float) -> list[ScalingRow]:
    """The rows of a run in which two held calls got that speed-up."""
    return [
        replace(row, speedup=replace(row.speedup, median=median))
        if (row.gil, row.threads) == ("held", 2)
        else row
        for row in made.scaling
    ]


@pytest.mark.parametrize(("share", "told"), [(None, ""), (0.09, ""), (0.1, "10%"), (0.917, "92%")])
def test_others_are_told_from_a_tenth_of_the_cores_on(
    made: RunResult, share: float | None, told: str
) -> None:
    """Below that, and where the system does not tell, the line is left out."""
    line = caution(replace(made.environment, machine_busy=share), made.scaling)
    assert bool(line) == bool(told)
    assert told in line
    assert "\n" not in line


def test_held_calls_that_gain_are_told_where_there_is_a_gil(made: RunResult) -> None:
    """A ratio that cannot be is a fact about the machine, and noise around 1 is not."""
    assert "1.46x" in caution(made.environment, held_at(made, 1.46))
    assert caution(made.environment, held_at(made, MAX_HELD_SPEEDUP)) == ""
    assert caution(replace(made.environment, gil_enabled=False), held_at(made, 1.46)) == ""
