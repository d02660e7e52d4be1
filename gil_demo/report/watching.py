"""What a watch saw, as a terminal shows it: a sentence, a picture, threads, who is to blame."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from gil_demo.notation import duration, share
from gil_demo.report.kit.columns import Column, FittingTable, words
from gil_demo.report.kit.pictures import ShownInNotebooks
from gil_demo.report.watching_picture import LanesPicture
from gil_demo.results.watching import Frame, Place, ThreadTotals, WatchResult
from gil_demo.watching import asker
from gil_demo.watching.places import is_own
from gil_demo.watching.watch import Watch
from gil_demo.words import HoldKind

KINDS: dict[HoldKind, str] = {
    "c": "C that does not release",
    "switched": "switched in time",
    "off-core": "had it, did not run",
    "nobody": "nobody waited",
}

KIND_NOTE = (
    "C that does not release: kept others waiting past the switch interval while it ran."
    " Switched in time: Python code, or C that was quick. Had it, did not run: it slept or the"
    " system put it aside while it had the GIL."
)

MAX_TOLD_PLACES = 12
MIN_TOLD_THREADS, MAX_TOLD_THREADS = 5, 20
LITTLE_THREAD = 0.002
"""Threads that had the GIL and waited for it for less than this part of the time are left out."""

MAX_TOLD_STACKS = 3
MAX_TOLD_FRAMES = 8
NAME_COLUMNS = 28

LITTLE_WAIT = 0.01
"""Waits of all threads together, as a part of the run's time, below which nobody waited much."""

LONG_HOLD_SECONDS = 0.05
"""A hold that tasks of an event loop would feel, if there is one."""


def where(frame: Frame | None) -> str:
    """Name a place as file:line, with the file's own name only."""
    return f"{_file(frame.file)}:{frame.line}" if frame else "no Python code"


def _file(path: str) -> str:
    return path if path.startswith("<") else Path(path).name


def watch_sentence(result: WatchResult) -> str:
    """Say how long the GIL was held and waited for, and which line caused most of the waiting."""
    held = f"Some thread had the GIL for {share(result.held_seconds / result.seconds)} of"
    held += f" {duration(result.seconds)}."
    if _hardly_waited(result) or not result.places:
        return f"{held} Threads waited for it for {duration(result.waited_seconds)} in all."
    waited = f"Threads waited for it for {duration(result.waited_seconds)} in all"
    worst = result.places[0]
    part = worst.caused_wait_seconds / result.waited_seconds
    return f"{held} {waited}; {share(min(part, 1.0))} of that was caused by {_culprit(worst)}."


def _hardly_waited(result: WatchResult) -> bool:
    return result.waited_seconds < LITTLE_WAIT * result.seconds


def _culprit(place: Place) -> str:
    """Name the line to look at, and what it did."""
    if place.frame is None:
        return "threads that ran no Python code, or were ending"
    text = f"{where(place.frame)} ({place.frame.function})"
    called = f", in {place.inner.function}" if place.inner and place.inner != place.frame else ""
    if place.kind == "c":
        return f"{text}{called}: C that does not release the GIL"
    if place.kind == "off-core":
        return f"{text}{called}: it had the GIL and did not run, asleep or without a core"
    return f"{text}{called}: it gave the GIL up when another thread requested it, or before"


@dataclass(frozen=True)
class WatchReport(ShownInNotebooks):
    """A `WatchResult` that draws itself wherever rich draws: a terminal, a notebook, an SVG."""

    result: WatchResult

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        result = self.result
        yield Text(watch_sentence(result), "bold")
        yield Text()
        if result.lanes:
            yield LanesPicture(result)
            yield Text()
        yield threads_table(result)
        if result.places:
            yield Text()
            yield places_table(result)
            yield Text()
            yield from stacks_told(result.places)
        for note in notes(result):
            yield Text(note, "yellow")


@dataclass(frozen=True)
class ProgramReport:
    """The report on a program that was run, which says first how it ended."""

    result: WatchResult

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        ended = f"{self.result.program} ended with exit code {self.result.exit_code}."
        yield Text(f"gil-demo watch: {ended}", "dim", no_wrap=True, overflow="ellipsis")
        yield WatchReport(self.result)


class WatchedBlock(Watch, ShownInNotebooks):
    """A watch of a block: its `result` is data, and the block itself draws the report."""

    def __enter__(self) -> "WatchedBlock":
        self.start()
        return self

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield WatchReport(self.result)


def threads_table(result: WatchResult) -> FittingTable:
    """Tell of each thread how long it had the GIL, and how long it waited for it."""
    busiest = sorted(result.threads, key=lambda one: -(one.held_seconds + one.waited_seconds))
    much = LITTLE_THREAD * result.seconds
    shown = [
        one
        for place, one in enumerate(busiest)
        if place < MIN_TOLD_THREADS or one.held_seconds + one.waited_seconds >= much
    ][:MAX_TOLD_THREADS]
    left_out = len(busiest) - len(shown)
    return FittingTable(
        title="Threads",
        columns=thread_columns(shown, result.seconds),
        styles=tuple("" for _ in shown),
        breaks=frozenset(),
        caption=f"{left_out} more had it, and waited for it, less." if left_out > 0 else "",
    )


def thread_columns(threads: Sequence[ThreadTotals], seconds: float) -> tuple[Column, ...]:
    """Make one row a thread."""
    return (
        words("thread", (_short(one.name) for one in threads), -1),
        Column("had it", tuple(duration(one.held_seconds) for one in threads)),
        Column("share", tuple(share(one.held_seconds / seconds) for one in threads), 1),
        Column("waited", tuple(duration(one.waited_seconds) for one in threads)),
        Column("longest\nwait", tuple(duration(one.longest_wait_seconds) for one in threads)),
        Column("longest\nhold", tuple(duration(one.longest_hold_seconds) for one in threads), 2),
        Column("took it", tuple(f"{one.hand_overs:,}" for one in threads), 3),
    )


def _short(name: str) -> str:
    return name if len(name) <= NAME_COLUMNS else f"{name[: NAME_COLUMNS - 3]}..."


def places_table(result: WatchResult) -> FittingTable:
    """List the lines that made other threads wait, the worst first."""
    shown = result.places[:MAX_TOLD_PLACES]
    return FittingTable(
        title="Who made others wait, and where",
        columns=place_columns(shown),
        styles=tuple("red" if one.kind == "c" else "" for one in shown),
        breaks=frozenset(),
        caption=KIND_NOTE,
    )


def place_columns(places: Sequence[Place]) -> tuple[Column, ...]:
    """Make one row a line of code, with what it did."""
    return (
        Column("waiting\ncaused", tuple(duration(one.caused_wait_seconds) for one in places)),
        words("line", (where(one.frame) for one in places), -1),
        words("in", (one.inner.function if one.inner else "-" for one in places), 4),
        words("what it was", (KINDS[one.kind] for one in places)),
        Column("longest\nhold", tuple(duration(one.longest_hold_seconds) for one in places)),
        Column("holds", tuple(f"{one.holds:,}" for one in places), 2),
        words("thread", (_several(one.threads) for one in places), 3),
        words("who waited", (_several(one.waiters) for one in places), 5),
    )


def _several(names: Sequence[str]) -> str:
    if len(names) <= 1:
        return _short(names[0]) if names else "-"
    return f"{_short(names[0])} +{len(names) - 1}"


def stacks_told(places: Sequence[Place]) -> Iterator[Text]:
    """List the callers of the worst places as a traceback does: the innermost call last."""
    told = [one for one in places if one.stack][:MAX_TOLD_STACKS]
    for number, place in enumerate(told, start=1):
        caused = duration(place.caused_wait_seconds)
        yield Text(f"{number}. {caused} of waiting, where the GIL was released:", "bold")
        frames = _interesting(place.stack)
        if len(frames) > MAX_TOLD_FRAMES:
            yield Text("     ...", "dim")
        for frame in reversed(frames[:MAX_TOLD_FRAMES]):
            style = "bold" if frame == place.frame else "dim"
            shown = _nearby(frame.file) if is_own(frame) else _file(frame.file)
            yield Text(f"     {shown}:{frame.line} {frame.function}", style)
        yield Text(f"   waited: {', '.join(place.waiters[:6]) or '-'}", "dim")


def _interesting(stack: Sequence[Frame]) -> Sequence[Frame]:
    """Keep the frames up to the outermost of the program's own: not what starts a thread."""
    own = [depth for depth, frame in enumerate(stack) if is_own(frame)]
    return stack[: own[-1] + 1] if own else stack


def _nearby(path: str) -> str:
    """Write a path as one would type it here, if the file lies in this folder."""
    with contextlib.suppress(OSError, ValueError):
        return str(Path(path).relative_to(Path.cwd()))
    return path


def notes(result: WatchResult) -> Iterator[str]:
    """Yield a sentence for each thing that is not in the report, or that nothing asked for."""
    longest = max((one.longest_hold_seconds for one in result.threads), default=0.0)
    asked = any(one.name == asker.NAME for one in result.threads)
    if _hardly_waited(result) and longest >= LONG_HOLD_SECONDS and not asked:
        yield (
            f"The longest hold lasted {duration(longest)}, and threads hardly waited. If the"
            " program has an event loop, such as asyncio, its tasks wait inside one thread:"
            " --ask-every=10ms (in Python ask_every=0.01) finds the line that keeps them waiting."
        )
    if result.lost_events:
        yield (
            f"There was no room for {result.lost_events:,} later hand-overs: the picture and the"
            " lines tell of those before; the threads' totals tell of all."
        )
    if result.lost_stacks:
        yield f"There was no room for the stacks of {result.lost_stacks:,} holds."
    if result.children:
        yield "Child processes are not watched: each has a GIL of its own."
    if result.other_gils:
        yield f"Not watched: {result.other_gils} interpreters with a GIL of their own."
