"""The picture, drawn from spans made by hand: a staircase above lanes that lie side by side."""

import re
from dataclasses import replace
from io import BytesIO, TextIOWrapper
from itertools import pairwise

import pytest
from rich.console import Console

from gil_demo.report.kit.palette import ASCII_MARKS, UNICODE_MARKS
from gil_demo.report.picture import Picture
from gil_demo.results.run import GilHold, Panel, RunResult, Span, Stretch

HELD, RELEASED = 0, 1

MARKS = ("kernel", "tick", "axis", "axis_tick")


def drawn(picture: Picture, width: int = 80, *, encoding: str = "utf-8") -> list[str]:
    shown = BytesIO()
    file = TextIOWrapper(shown, encoding=encoding)
    Console(file=file, width=width, color_system=None).print(picture)
    file.flush()
    return shown.getvalue().decode(encoding).splitlines()


def lanes(lines: list[str]) -> list[list[str]]:
    """The lanes of each panel, without their labels."""
    found = [[line[10:] for line in lines if line.startswith("thread")]]
    tickers = [line[10:] for line in lines if line.startswith("ticker")]
    half = len(found[0]) // 2
    return [
        [*found[0][panel * half : (panel + 1) * half], ticker]
        for panel, ticker in enumerate(tickers)
    ]


def columns(lane: str) -> tuple[int, int]:
    """The first and the last column in which a lane has anything."""
    return len(lane) - len(lane.lstrip()), len(lane.rstrip()) - 1


@pytest.fixture
def picture(made: RunResult) -> Picture:
    """Two calls of 30 ms, held and released, on an interpreter with a GIL."""
    return Picture(made.picture, gil_enabled=True)


def test_held_stands_above_released(picture: Picture) -> None:
    """Two titled panels, held first, with a lane a thread and one for the ticker."""
    lines = drawn(picture)
    heads = [line for line in lines if re.match("GIL|thread|ticker", line)]
    assert [head.split()[0] for head in heads] == ["GIL", "thread", "thread", "ticker"] * 2
    assert heads[0].startswith("GIL held: one call inside at a time")
    assert heads[4].startswith("GIL released: the calls run side by side")


@pytest.mark.parametrize("width", [40, 80, 200])
def test_held_calls_stand_in_a_staircase(picture: Picture, width: int) -> None:
    """The second bar begins where the first has ended."""
    one, two, _ = lanes(drawn(picture, width))[HELD]
    assert columns(one)[1] < columns(two)[0] <= columns(one)[1] + 2


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_ticker_is_blank_under_held_calls(picture: Picture, width: int) -> None:
    """Under the staircase the ticker's lane has no mark, only a word on how long that was."""
    one, two, ticker = lanes(drawn(picture, width))[HELD]
    under = ticker[columns(one)[0] + 1 : columns(two)[1]]
    assert UNICODE_MARKS.tick not in under
    assert under.strip() == "no tick for 60 ms"
    assert ticker.strip().startswith(UNICODE_MARKS.tick)
    assert ticker.rstrip().endswith(UNICODE_MARKS.tick)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_released_calls_lie_above_each_other(picture: Picture, width: int) -> None:
    """Both bars share nearly all of their columns."""
    one, two, _ = lanes(drawn(picture, width))[RELEASED]
    assert columns(two)[0] < columns(one)[1]
    assert columns(one)[0] <= columns(two)[0]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_ticker_never_stops_beside_released_calls(picture: Picture, width: int) -> None:
    """One unbroken run of marks, from before the calls to after them."""
    one, two, ticker = lanes(drawn(picture, width))[RELEASED]
    assert set(ticker.strip()) == {UNICODE_MARKS.tick}
    assert columns(ticker)[0] < columns(one)[0]
    assert columns(ticker)[1] > columns(two)[1]


def test_both_panels_have_one_time_axis(picture: Picture) -> None:
    """A call of 30 ms is as long below as above, and both panels begin at 0 ms of the axis."""
    lines = drawn(picture)
    held, released = lanes(lines)
    zero = lines[-1].index("0 ms")
    assert columns(held[0])[0] == columns(released[0])[0] == zero - 10
    length = [last - first for first, last in (columns(held[0]), columns(released[0]))]
    assert abs(length[0] - length[1]) <= 1


def test_the_axis_tells_milliseconds(picture: Picture) -> None:
    """Numbers stand under their marks, at equal steps, up to the end of the longest panel."""
    rule, numbers = drawn(picture)[-2:]
    places = [match.start() for match in re.finditer(r"\d+", numbers)]
    assert [int(number) for number in re.findall(r"\d+", numbers)] == list(range(0, 70, 10))
    assert all(rule[place] == UNICODE_MARKS.axis_tick for place in places)
    steps = [after - before for before, after in pairwise(places)]
    assert max(steps) - min(steps) <= 1


def test_a_bar_says_how_long_it_is_where_that_fits(picture: Picture) -> None:
    """A call's length stands in its bar; a bar too short for it has none."""
    assert " 30 ms in C " in lanes(drawn(picture, 80))[HELD][0]
    assert "ms" not in lanes(drawn(picture, 40))[HELD][0]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_longer_than_the_screen(picture: Picture, width: int) -> None:
    """Whatever the width, nothing is cut or wrapped in the middle of a lane."""
    assert max(len(line) for line in drawn(picture, width)) <= width


def test_where_only_ascii_is_understood_only_ascii_is_drawn(picture: Picture) -> None:
    """A terminal without Unicode gets the same picture with other marks."""
    pairs = {getattr(UNICODE_MARKS, name): getattr(ASCII_MARKS, name) for name in MARKS}
    assert all(mark.isascii() for mark in pairs.values())
    translated = [line.translate(str.maketrans(pairs)) for line in drawn(picture)]
    assert drawn(picture, encoding="ascii") == translated


def test_nothing_is_said_by_colour_alone(picture: Picture) -> None:
    """Without colour, calls, ticks and gaps still look different."""
    drawn_with = {one for line in drawn(picture) for one in line if not one.isascii()}
    assert drawn_with == {getattr(UNICODE_MARKS, name) for name in MARKS}
    assert len(drawn_with) == len(MARKS)


def test_without_a_gil_the_titles_promise_nothing(made: RunResult) -> None:
    """Where there is no GIL, both panels are titled as equals."""
    equals = [replace(made.picture[RELEASED], gil=gil) for gil in ("held", "released")]
    titles = [line for line in drawn(Picture(tuple(equals), False)) if line.startswith("GIL")]
    assert len(titles) == 2
    assert all("there is none: side by side until a thread stops all others" in t for t in titles)


def test_a_ticker_that_never_ticked_has_an_empty_lane() -> None:
    """A lane without ticks is drawn empty, and the picture around it as ever."""
    panel = Panel("held", (Span("held", 1, 10**9, 10**9 + 30_000_000),), (), 1)
    lines = drawn(Picture((panel,), True))
    assert [line.rstrip() for line in lines if line.startswith("ticker")] == ["ticker"]


def test_calls_and_ticks_of_no_length_are_still_seen() -> None:
    """What is shorter than a column takes one column, at the end of the lane as well."""
    start, end = 10**9, 10**9 + 50_000_000
    spans = (Span("held", 1, start, start + 10), Span("held", 2, end - 10, end))
    ticks = (Stretch(end - 20, end - 20, 1),)
    one, two, ticker = (
        line[10:] for line in drawn(Picture((Panel("held", spans, ticks, 1),), True))[1:4]
    )
    assert columns(one) == (0, 0)
    assert columns(two)[0] == columns(two)[1] == columns(ticker)[0] == columns(ticker)[1]


@pytest.mark.parametrize("milliseconds", [1, 30, 900, 20_000, 100_000])
def test_the_axis_suits_short_and_long_races(milliseconds: int) -> None:
    """Numbers never run into each other, whether a race took a millisecond or a minute."""
    span = Span("released", 1, 10**12, 10**12 + milliseconds * 1_000_000)
    rule, numbers = drawn(Picture((Panel("released", (span,), (), 1),), True))[-2:]
    assert re.fullmatch(r" *0 ms( +\d+)*", numbers)
    assert len(numbers) <= len(rule)


def test_who_had_the_gil_has_a_lane_of_its_own(made: RunResult) -> None:
    """By the thread's number; seldom held is a dot, and the legend says what is what."""
    held, released = made.picture
    lane = (
        GilHold(1, 5_000_000_000, 5_030_000_000),
        GilHold(2, 5_030_100_000, 5_060_000_000),
        GilHold(-1, 5_060_000_000, 5_070_000_000, 0.01),
    )
    panels = (replace(held, gil_lane=lane), replace(released, gil_lane=()))
    lines = drawn(Picture(panels, True), 80)
    first, second = [line for line in lines if line.startswith("has GIL")]
    assert set(first.split()[-1]) == {"1", "2", "."}
    assert first.index("1") < first.index("2") < first.rindex(".")
    assert second.split() == ["has", "GIL"]
    assert "t the ticker" in lines[-1]


def test_a_stall_whose_end_was_not_seen_goes_to_the_edge(made: RunResult) -> None:
    """The next tick came too late to be recorded: the lane says how long it was at least."""
    held, released = made.picture
    cut = replace(held, ticker=held.ticker[:1])
    (lane,) = [line for line in drawn(Picture((cut, released), True)) if "or more" in line]
    assert "no tick for 60 ms or more" in lane
    assert held.open_stall is None
    assert cut.open_stall == (held.ticker[0].last_ns, held.spans[-1].exit_ns)


def test_the_title_of_one_call_speaks_of_one(made: RunResult) -> None:
    """`--threads 1`: nothing lies side by side, and the ticker is what there is to see."""
    panels = tuple(replace(one, spans=one.spans[:1], peak_inside=1) for one in made.picture)
    titles = [line for line in drawn(Picture(panels, True)) if line.startswith("GIL")]
    assert titles == [
        "GIL held: no other Python thread runs during the call",
        "GIL released: other Python threads run during the call",
    ]


@pytest.mark.parametrize("calls", [1, 2])
def test_the_title_says_nothing_of_a_ticker_that_got_no_time(calls: int, made: RunResult) -> None:
    """On a busy machine it may tick before and after the released calls, and not beside them."""
    released = made.picture[RELEASED]
    before, after = released.ticker[0].first_ns, released.ticker[-1].last_ns
    outside = (Stretch(before, before, 1), Stretch(after, after, 1))
    starved = replace(released, spans=released.spans[:calls], peak_inside=calls, ticker=outside)
    title = drawn(Picture((starved,), True))[0]
    assert "Python threads" not in title
    assert "the ticker got no time" in title
