"""The colours and the marks: one meaning each, in every table and picture.

Colours are the terminal's own, so that they suit dark and light backgrounds, and
nothing is said by colour alone.
"""

from dataclasses import dataclass

from gil_demo.words import Company, Half, Mode, Outcome, State

MODE_STYLES: dict[Mode | Company, str] = {
    "held": "red",
    "released": "green",
    "native": "default",
    "alone": "default",
}

TICKER_STYLE = "cyan"

STATE_STYLES: dict[State, str] = {
    "shown": "bold green",
    "contradicted": "bold red",
    "inconclusive": "bold yellow",
}


HALF_STYLES: dict[Half, str] = {"unsafe": "red", "safe": "green", "unforced": "yellow"}

OUTCOME_STYLES: dict[Outcome, str] = {
    "ok": "green",
    "wrong-value": "red",
    "crash": "red",
    "fatal-error": "red",
    "deadlock": "red",
    "stall": "red",
    "slow": "yellow",
    "unfinished": "bold yellow",
}


@dataclass(frozen=True, slots=True)
class Marks:
    """The characters that a picture is drawn with."""

    kernel: str
    tick: str
    axis: str
    axis_tick: str


UNICODE_MARKS = Marks(kernel="█", tick="▒", axis="─", axis_tick="┬")
ASCII_MARKS = Marks(kernel="#", tick=":", axis="-", axis_tick="+")
