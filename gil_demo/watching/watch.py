"""A program, or a block of one, from beginning to end: who had the GIL, and who waited."""

import contextlib
import os
import resource
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FrameType, TracebackType

from gil_demo.files import printable
from gil_demo.host import launch
from gil_demo.interrupts import interrupts_later, uninterrupted
from gil_demo.native import handovers
from gil_demo.results.watching import ThreadTotals, WatchResult
from gil_demo.watching.asker import Asker
from gil_demo.watching.conclude import conclude
from gil_demo.watching.forks import forks
from gil_demo.watching.recording import MAX_HOLDS, Recorder, Recording


def _children() -> int:
    """Return a number that grows with each fork, and with each child that has ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return forks() + ended.ru_minflt + ended.ru_nvcsw


class Watch:
    """Watches the GIL from ``with`` to the end of the block.

    Guarantees: of two watches at the same time the second is refused with `CannotWatch`, and
    the first goes on; however the block ends, everything is as it was before.
    """

    def __init__(
        self,
        *,
        events: bool = True,
        alarm_seconds: float | None = None,
        ask_every_seconds: float | None = None,
        max_holds: int = MAX_HOLDS,
        name: str = "",
    ) -> None:
        """Prepare a watch.

        Args:
            events: Note every hand-over; otherwise only the totals of each thread.
            alarm_seconds: Write to standard error when a hold makes another thread wait that
                long, with the stack, even while the hold goes on.
            ask_every_seconds: Let a thread of its own ask for the GIL that often: so that code is
                found that blocks an event loop, where no other thread would wait for it.
            max_holds: For how many pairs of hand-overs there is room, 40 bytes each.
            name: What to call it in the report.

        Raises:
            ValueError: A number is not above 0.
        """
        if alarm_seconds is not None and not alarm_seconds > 0:
            raise ValueError("alarm_seconds must be above 0")
        if ask_every_seconds is not None and not ask_every_seconds > 0:
            raise ValueError("ask_every_seconds must be above 0")
        if max_holds < 1:
            raise ValueError("max_holds must be 1 or more")
        self._recorder = Recorder(events=events, max_holds=max_holds)
        self._alarm_ns = None if alarm_seconds is None else int(alarm_seconds * 1e9)
        self._ask_every_seconds = ask_every_seconds
        self._asker: Asker | None = None
        self._name = name
        self._children = 0
        self._result: WatchResult | None = None
        self._totals: tuple[ThreadTotals, ...] | None = None

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        except KeyboardInterrupt:
            self._end()  # it may have come before anything was stopped
            raise

    def start(self) -> None:
        """Start watching. Raises `CannotWatch` with the reason where that cannot be done."""
        self._result = self._totals = None
        self._children = _children()
        try:
            with interrupts_later():
                self._recorder.start(self._alarm_ns)
                if self._ask_every_seconds is not None:
                    asker = Asker(self._ask_every_seconds)
                    asker.start()
                    self._asker = asker
        except BaseException:
            if self._end() is not None:
                handovers.forget()
            raise

    def stop(self, exit_code: int | None = None) -> WatchResult | None:
        """Stop watching, and return the result; None in a forked child, which was not watched."""
        recording = self._end()
        if recording is None:
            return None
        result = conclude(recording, self._name, exit_code)
        self._totals = result.threads
        self._result = replace(result, children=_children() != self._children)
        return self._result

    @uninterrupted
    def _end(self) -> Recording | None:
        recording = self._recorder.stop()
        asker, self._asker = self._asker, None
        if recording is not None and asker is not None:  # in a child there is no such thread
            asker.stop()
        return recording

    @property
    def result(self) -> WatchResult:
        """All that was seen, once the watch has ended."""
        if self._result is None:
            raise ValueError("the watch has not ended: read 'result' after the block")
        return self._result

    def totals(self) -> tuple[ThreadTotals, ...]:
        """Return each thread's totals up to now, or up to the end: numbers for a metrics endpoint.

        Cheap at any time, from any thread; a few microseconds and no allocation in the watch.
        """
        if self._totals is not None:
            return self._totals
        if not handovers.running():
            return ()
        return tuple(self._recorder.totals())


Report = Callable[[WatchResult], None]


def watch_program(
    program: launch.Program,
    *,
    alarm_seconds: float | None = None,
    ask_every_seconds: float | None = None,
    max_holds: int = MAX_HOLDS,
    on_terminate: Report,
) -> tuple[WatchResult | None, launch.Ending]:
    """Run a program as Python would, and watch it up to the end of its threads.

    The result is None in a forked child of the program that comes to its end here. If SIGTERM
    ends the program, `on_terminate` gets the result before the process ends by that signal.
    """
    launch.refuse_missing(program)
    watch = Watch(
        alarm_seconds=alarm_seconds,
        ask_every_seconds=ask_every_seconds,
        max_holds=max_holds,
        name=_name_of(program),
    )
    watch.start()
    with _terminable(watch, on_terminate):
        ending = launch.run(program)
    return watch.stop(ending.exit_code), ending


@contextlib.contextmanager
def _terminable(watch: Watch, report: Report) -> Iterator[None]:
    """Report before SIGTERM ends this process, unless the program deals with SIGTERM itself.

    A forked child ends by it at once, as without the watch.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        try:
            result = watch.stop(128 + number)
            if result is not None:
                report(result)
        finally:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def give_back() -> None:
        if signal.getsignal(signal.SIGTERM) is end:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, end)
    os.register_at_fork(after_in_child=give_back)
    try:
        yield
    finally:
        give_back()


def _name_of(program: launch.Program) -> str:
    flags = {"script": "", "module": "-m ", "code": "-c "}
    return printable(" ".join([flags[program.kind] + program.target, *program.arguments]))
