"""Every hand-over is seen, with its thread and its stack, and nothing is left in place."""

import gc
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from types import FrameType

import pytest

from gil_demo.native import handovers
from gil_demo.native.handovers import CannotWatch

pytestmark = pytest.mark.usefixtures("watchable", "not_made_to_drop")

Command = Callable[..., CompletedProcess[str]]

SOURCES = Path(__file__).parents[2] / "csrc" / "watch"


@pytest.fixture
def watched() -> Iterator[None]:
    """A watch with room enough runs during the test."""
    handovers.start(100_000, 0)
    yield
    if handovers.running():
        handovers.stop()
    handovers.forget()


def own_takes() -> int:
    """Return how often the thread that started the watch has taken the GIL."""
    rows, _ = handovers.rows()
    return rows[handovers.STARTER].takes


def test_each_release_of_the_gil_is_one_hold_more(watched: None) -> None:
    """A hundred pairs of drop and take end a hundred holds, of this thread, in order."""
    before = own_takes()
    handovers.pairs(100)
    assert own_takes() == before + 100
    handovers.stop()
    holds = handovers.holds()
    own = holds[holds["thread"] == handovers.STARTER]
    assert len(own) == before + 101  # the first hold began with the watch
    assert (own["taken"] <= own["dropped"]).all()
    assert (own["asked"] <= own["taken"]).all()
    assert (own["taken"][1:] >= own["dropped"][:-1]).all()


def test_a_second_watch_is_refused_and_the_first_goes_on(watched: None) -> None:
    """In one line; there is one GIL, and one place to stand in for libc."""
    with pytest.raises(CannotWatch, match="a watch is running already"):
        handovers.start(10, 0)
    before = own_takes()
    handovers.pairs(3)
    assert own_takes() == before + 3


def test_events_without_room_are_counted_and_the_totals_stay_exact() -> None:
    """A full buffer loses the single hand-overs, and says how many."""
    handovers.start(10, 0)
    handovers.pairs(1000)
    handovers.stop()
    span = handovers.span()
    rows, _ = handovers.rows()
    own = rows[1]
    assert span.noted == 10
    assert span.lost >= 990
    takes = sum(row.takes for row in rows)  # another thread may take the GIL meanwhile
    assert takes == span.noted + span.lost - 1  # the first hold began with the watch
    assert sum((handovers.holds()["dropped"] - handovers.holds()["taken"]).tolist()) < own.held_ns
    handovers.forget()


def test_totals_alone_keep_no_hand_overs() -> None:
    """Without room for events, each thread's totals are known all the same."""
    handovers.start(0, 0)
    handovers.pairs(50)
    (_, own, *_), _ = handovers.rows()
    handovers.stop()
    assert own.takes == 51  # one more is made to check that it is seen
    assert own.held_ns > 0
    assert len(handovers.holds()) == 0
    handovers.forget()


def test_rows_of_ended_threads_are_used_again_and_their_totals_kept() -> None:
    """A service may start threads for years: totals alone never run out of rows."""
    handovers.start(0, 0)
    for _ in range(40):
        thread = threading.Thread(target=handovers.pairs, args=(10,))
        thread.start()
        thread.join()
    rows, ended = handovers.rows()
    handovers.stop()
    assert len(rows) < 30
    assert ended.takes + sum(row.takes for row in rows) >= 400
    handovers.forget()


def test_the_stack_of_a_drop_is_where_the_thread_was(watched: None) -> None:
    """Innermost first: the function that released the GIL, and its callers."""

    def innermost() -> None:
        handovers.pairs(1)

    def caller() -> None:
        innermost()

    caller()
    handovers.stop()
    stacks = [handovers.frames(int(stack)) for stack in handovers.holds()["stack"]]
    functions = [[function.rpartition(".")[2] for function, _, _ in stack] for stack in stacks]
    assert ["pairs", "innermost", "caller"] in [names[:3] for names in functions]
    (stack,) = [
        one for one, names in zip(stacks, functions, strict=True) if names[1:2] == ["innermost"]
    ]
    assert stack[1][1] == __file__
    assert stack[1][2] == innermost.__code__.co_firstlineno + 1


def test_a_stack_has_the_frames_that_cpython_tells_even_while_one_is_made(watched: None) -> None:
    """While CPython makes a generator, the collector may run a finalizer that drops the GIL."""
    told: list[list[str]] = []

    class Finalized:
        def __del__(self) -> None:
            frame: FrameType | None = sys._getframe()
            names = []
            while frame is not None:
                names.append(frame.f_code.co_name)
                frame = frame.f_back
            told.append(names)
            handovers.pairs(1)

    def generator() -> Iterator[None]:
        yield

    def caller() -> None:
        cycle = Finalized()
        cycle.own = cycle  # type: ignore[attr-defined]  # a cycle is the point
        del cycle
        for _ in range(3):
            generator()

    thresholds = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(50):
            caller()
    finally:
        gc.set_threshold(*thresholds)
    gc.collect()  # or the last cycle would go when nobody watches any more
    handovers.stop()
    stacks = [handovers.frames(int(stack)) for stack in handovers.holds()["stack"]]
    seen = [[function.rpartition(".")[2] for function, _, _ in stack] for stack in stacks]
    ends = [names[1:] for names in seen if names[:2] == ["pairs", "__del__"]]
    assert len(told) >= 10
    assert ends == told


def test_a_wait_begins_when_the_thread_asks(watched: None) -> None:
    """A thread that wakes while another holds the GIL waits until the hold's end."""
    ready = threading.Event()

    def ask_soon() -> None:
        ready.set()
        handovers.release_gil(0.02)

    for _ in range(20):  # on a busy machine the thread may not wake within the hold
        thread = threading.Thread(target=ask_soon)
        thread.start()
        ready.wait()
        handovers.hold_gil(0.5)
        thread.join()
        holds = handovers.holds()
        waits = holds["taken"] - holds["asked"]
        if waits.max() > 30_000_000:
            break
    longest = holds[waits.argmax()]
    assert longest["thread"] != 1
    assert waits.max() > 30_000_000
    before = holds[holds["dropped"] <= longest["taken"]][-1]
    assert before["thread"] == handovers.STARTER
    assert before["dropped"] - before["taken"] >= 500_000_000


FORKS = """
import os
from gil_demo.native import handovers
before = handovers.slots()
handovers.start(1000, 0)
child = os.fork()
if child == 0:
    ok = handovers.slots() == before and not handovers.running()
    handovers.pairs(100)
    os._exit(0 if ok and handovers.span().noted < 50 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), handovers.running())
handovers.stop()
print(handovers.slots() == before)
"""


def test_a_forked_child_is_not_watched(python: Command) -> None:
    """Its slots are put back at once; its parent is watched on."""
    ended = python(FORKS)
    assert ended.stdout.splitlines() == ["0 True", "True"], ended.stderr


INTERPRETERS = """
import sys, threading, time
from importlib import import_module
from gil_demo.native import handovers

recent = sys.version_info >= (3, 13)
interpreters = import_module("_interpreters" if recent else "_xxsubinterpreters")

def create():
    return interpreters.create("isolated") if recent else interpreters.create(isolated=True)

def come_and_go():
    for _ in range(5):
        interpreters.destroy(create())

own = create()
count = handovers.other_gils()
print(count)
thread = threading.Thread(target=come_and_go)
thread.start()
seen = {handovers.other_gils()}
while thread.is_alive():
    seen.add(handovers.other_gils())
    time.sleep(0)  # before 3.12 a thread of another interpreter asks in vain
print(seen <= {count, count + 1})
interpreters.destroy(own)
print(handovers.other_gils())
"""


def test_interpreters_with_a_gil_of_their_own_are_counted(python: Command) -> None:
    """Also while others begin and end; before 3.12 all share one GIL."""
    own = int(sys.version_info >= (3, 12))
    ended = python(INTERPRETERS, PYTHONWARNINGS="ignore")
    assert ended.stdout.splitlines() == [f"{own}", "True", "0"], ended.stderr


OTHER_BUILD = """
import sys
if hasattr(sys, "gettotalrefcount"):
    del sys.gettotalrefcount
else:
    sys.gettotalrefcount = lambda: 0
from gil_demo.native import handovers
before = handovers.slots()
try:
    handovers.start(10, 0)
except handovers.CannotWatch as error:
    print(error)
print(handovers.running(), handovers.slots() == before)
"""


def test_a_debug_build_is_watched_only_by_what_was_built_for_it(python: Command) -> None:
    """Its layout differs; Python itself would load a module that was built for the other."""
    told, left = python(OTHER_BUILD).stdout.splitlines()
    assert told.startswith("the GIL cannot be watched here: ")
    assert "debug build of Python" in told
    assert left == "False True"


WRONG = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("gil_demo._watch", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
before = module.slots()
try:
    module.start(10, 0)
except RuntimeError as error:
    print(error)
print(module.running(), module.slots() == before)
"""


def test_a_layout_that_is_not_as_expected_is_refused(python: Command, tmp_path: Path) -> None:
    """Told to watch another mutex, the check at start does not see its test hand-over."""
    library = tmp_path / "_watch.so"
    compiled = subprocess.run(
        [
            *["cc", "-std=c11", "-O1", "-fPIC", "-shared", "-pthread", "-o", str(library)],
            *[
                "-DWATCHED_MUTEX=switch_mutex",
                f"-I{sysconfig.get_path('include')}",
                f"-I{SOURCES.parent}",
            ],
            *map(str, sorted(SOURCES.glob("*.c"))),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stderr
    ended = python(WRONG, str(library))
    assert ended.stdout.splitlines() == [
        "a hand-over of the GIL made for a test was not seen",
        "False True",
    ], ended.stderr


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e10])
def test_a_time_that_cannot_be_waited_is_refused(seconds: float) -> None:
    """Before anything stands still."""
    for function in (handovers.hold_gil, handovers.release_gil):
        with pytest.raises(ValueError, match="a number from 0 to 1e9"):
            function(seconds)


def test_holding_keeps_others_out_and_releasing_lets_them_run(watched: None) -> None:
    """By the hand-overs: none inside the one call, and the whole of the other without the GIL."""
    before = own_takes()
    handovers.hold_gil(0.02)
    assert own_takes() == before
    handovers.release_gil(0.02)
    assert own_takes() == before + 1
