"""The step about the collector: what is said of addresses made by hand, and a real run."""

import threading
import time
from dataclasses import replace

import pytest

from gil_demo.results.lesson import Cell, Table
from gil_demo.tour.experiments import collector as collector_module
from gil_demo.tour.experiments.collector import (
    ELEMENTS,
    GARBAGE,
    Collection,
    Collector,
    Reading,
    ring,
)
from gil_demo.tour.experiments.resizing import Resize
from gil_demo.tour.steps import does_it_move

ENTER_NS = 1_000
EXIT_NS = 2_000

BEFORE = Collection(900, 1_100, 5, 0, 0)
WITHIN = Collection(1_100, 1_500, 30, 0, 0)
WITHIN_TOO = Collection(1_500, 1_900, 12, 0, 0)
AFTER = Collection(1_900, 2_100, 7, 0, 0)

MOVED = Resize(0x1000, 0x2000, refused=True)


def reading(*collections: Collection, total: float = ELEMENTS) -> Reading:
    """A call that never was, and collections around it."""
    return Reading(ENTER_NS, EXIT_NS, total, collections)


def table_of(read: Reading, resize: Resize) -> Table:
    """The figure."""
    (table,) = does_it_move.judge(read, resize).figures
    assert isinstance(table, Table)
    return table


def test_addresses_that_stay_confirm_the_third_answer() -> None:
    """Only the collections that lay within the call count, and what they freed."""
    seen = does_it_move.judge(reading(BEFORE, WITHIN, WITHIN_TOO, AFTER), MOVED)
    assert (seen.state, seen.right, seen.reason) == ("shown", 2, "")
    assert "2 collections" in seen.remarks[1]
    assert "42 objects" in seen.remarks[2]


@pytest.mark.parametrize("collections", [(), (BEFORE,), (AFTER,), (BEFORE, AFTER)])
def test_without_a_collection_during_the_call_nothing_is_shown(
    collections: tuple[Collection, ...],
) -> None:
    """A busy machine, or one core that was not shared, is a reason to say nothing."""
    seen = does_it_move.judge(reading(*collections), MOVED)
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert not any(seen.remarks)
    assert "busy" in seen.reason


@pytest.mark.parametrize("moved", [{"arrays_moved": 3}, {"data_moved": 3}])
@pytest.mark.parametrize("when", [BEFORE, WITHIN, AFTER])
def test_another_address_contradicts(moved: dict[str, int], when: Collection) -> None:
    """Whenever it was seen, and whether of an object or of elements."""
    seen = does_it_move.judge(reading(WITHIN_TOO, replace(when, **moved)), MOVED)
    assert (seen.state, seen.right) == ("contradicted", None)
    assert seen.remarks == ("3 addresses changed.",)


def test_another_sum_contradicts() -> None:
    """What C read is part of the evidence."""
    seen = does_it_move.judge(reading(WITHIN, total=999.0), MOVED)
    assert (seen.state, seen.right) == ("contradicted", None)
    assert not any(seen.remarks)


def test_a_resize_that_moved_is_shown_with_both_addresses() -> None:
    """One of one changed."""
    table = table_of(reading(WITHIN), MOVED)
    assert table.rows[2][1:] == (Cell(1), Cell(1))
    assert "from 0x1000 to 0x2000" in table.caption
    assert "resize refused, since somebody else may have the array" in table.caption


def test_a_resize_that_moved_nothing_claims_nothing() -> None:
    """An allocator may find room behind the array."""
    table = table_of(reading(WITHIN), Resize(0x1000, 0x1000, refused=True))
    assert table.rows[2][1:] == (Cell(1), Cell(0))
    assert "moved nothing" in table.caption
    assert "0x" not in table.caption


def test_a_resize_that_was_not_refused_is_not_said_to_have_been() -> None:
    """What the check looks at is up to NumPy and the interpreter."""
    table = table_of(reading(WITHIN), Resize(0x1000, 0x2000, refused=False))
    assert "refused" not in table.caption


def collect_until(collector: Collector, collections: int) -> None:
    """Wait for the collector's thread."""
    while len(collector._collections) < collections:
        time.sleep(0.001)


def test_each_collection_has_something_to_free() -> None:
    """A ring of arrays, new each time; the one that is held stays."""
    with Collector(ring(3, 10)) as collector:
        collect_until(collector, 3)
    assert min(one.freed for one in collector.collections) >= GARBAGE
    assert not any(one.arrays_moved or one.data_moved for one in collector.collections)


@pytest.mark.parametrize(
    ("address", "moved"), [("id", "arrays_moved"), ("data_address", "data_moved")]
)
def test_a_move_would_be_seen(monkeypatch: pytest.MonkeyPatch, address: str, moved: str) -> None:
    """If one of three had another address, of its object or of its elements, one is counted."""
    watched = ring(3, 10)
    shift = [0]

    def shifted(array: object) -> int:
        return id(array) + (shift[0] if array is watched[1] else 0)

    monkeypatch.setattr(collector_module, address, shifted, raising=False)
    with Collector(watched) as collector:
        collect_until(collector, 1)
        shift[0] = 8
        collect_until(collector, len(collector._collections) + 2)
    assert getattr(collector.collections[0], moved) == 0
    assert getattr(collector.collections[-1], moved) == 1


def test_an_interrupt_leaves_no_collector_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during the call passes through, and the thread is gone."""

    def interrupted(call: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(collector_module, "run_alone", interrupted)
    with pytest.raises(KeyboardInterrupt):
        does_it_move.run(lambda done, steps: None)
    assert "collector" not in {thread.name for thread in threading.enumerate()}


def test_an_interrupt_at_the_start_leaves_no_collector_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C may come when the thread runs already, but its start has not returned."""
    start = threading.Thread.start

    def start_and_be_interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    collector = Collector(ring(3, 10))
    monkeypatch.setattr(threading.Thread, "start", start_and_be_interrupted)
    with pytest.raises(KeyboardInterrupt):
        collector.__enter__()
    collector._thread.join(30)
    assert not collector._thread.is_alive()


def test_a_real_run_moves_nothing_but_by_resize() -> None:
    """Never contradicted, and if the collector got to run, the third answer is confirmed."""
    steps = []
    seen = does_it_move.run(lambda done, all_steps: steps.append((done, all_steps)))
    assert (seen.state, seen.right) in {("shown", 2), ("inconclusive", None)}, seen.reason
    assert steps == [(0, 2), (1, 2), (2, 2)]
    (table,) = seen.figures
    assert isinstance(table, Table)
    assert [row[2] for row in table.rows[:2]] == [Cell(0), Cell(0)]
    assert "collector" not in {thread.name for thread in threading.enumerate()}
