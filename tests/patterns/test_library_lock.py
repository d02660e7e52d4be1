"""library-lock: the outcome rests on who waited, and the sentence says so beside any ratio."""

import json

from command_line import Command


def test_only_the_half_that_is_slow_says_that_a_call_waited(python: Command) -> None:
    """On a busy machine two calls at once can take less time, and still one waited."""
    run = "from gil_demo.__main__ import main; main()"
    unsafe, safe = json.loads(python(run, "try", "library-lock", "--json").stdout)["patterns"]
    for row, outcome in ((unsafe, "slow"), (safe, "ok")):
        assert row["outcomes"] == {outcome: 1}
        assert ("so one waited for the other" in row["evidence"]) == (outcome == "slow")
