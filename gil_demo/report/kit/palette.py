"""The colours and the marks: one meaning each, in every table and picture.

Colours are the terminal's own, so that they suit dark and light backgrounds, and
nothing is said by colour alone. A file has no terminal: there they are those of
`LIGHT` or `DARK`.
"""

from dataclasses import dataclass

from rich.color import parse_rgb_hex
from rich.terminal_theme import TerminalTheme

from gil_demo.words import Company, Half, Mode, Outcome, State

MODE_STYLES: dict[Mode | Company, str] = {
    "held": "red",
    "released": "green",
    "native": "default",
    "alone": "default",
    "held-collected": "red",
    "released-collected": "green",
}

TICKER_STYLE = "cyan"

STATE_STYLES: dict[State, str] = {
    "shown": "green",
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


CAVEAT_STYLE = "bold yellow"
"""Of a safe half that is safe only with a GIL, where there is none."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The characters that a picture is drawn with."""

    kernel: str
    tick: str
    axis: str
    axis_tick: str


UNICODE_MARKS = Marks(kernel="█", tick="▒", axis="─", axis_tick="┬")
ASCII_MARKS = Marks(kernel="#", tick=":", axis="-", axis_tick="+")


def _theme(background: str, foreground: str, normal: str, bright: str) -> TerminalTheme:
    """Make a theme of a terminal's colours.

    They come in its order: black, red, green, yellow, blue, magenta, cyan, white.
    """
    return TerminalTheme(
        parse_rgb_hex(background),
        parse_rgb_hex(foreground),
        [parse_rgb_hex(one) for one in normal.split()],
        [parse_rgb_hex(one) for one in bright.split()],
    )


LIGHT = _theme(
    "ffffff",
    "1f2328",
    "24292f c1121f 1a7f37 8a5300 0550ae 8250df 0e6a75 57606a",
    "59636e a40e26 116329 7d4e00 0969da 6639ba 1b7c83 424a53",
)
DARK = _theme(
    "0d1117",
    "e6edf3",
    "8b949e ff7b72 56d364 e3b341 79c0ff d2a8ff 56d4dd b1bac4",
    "9198a1 ffa198 7ee787 f2cc60 58a6ff bc8cff 39c5cf f0f6fc",
)
"""No two colours of a theme are the same, so that both give the same text the same classes."""
