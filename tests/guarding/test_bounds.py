"""Memory, mappings and address space stay bounded, and what is not guarded is counted."""

import signal
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

import pytest

from gil_demo.results.guard import Method

Run = Callable[..., Any]
Command = Callable[..., CompletedProcess[str]]

METHODS: tuple[Method, ...] = ("markers", "mappings", "poison")

BOUNDS = """
import os
from gil_demo.guarding.install import for_blocks
from gil_demo.native import guard

def mappings():
    with open("/proc/self/maps") as maps:
        return sum(1 for _ in maps)

def begin(**settings):
    for_blocks(guard.settings(**settings))
    guard.switch_on(True)
"""


def fine(ended: CompletedProcess[str]) -> bool:
    """Whether all statements were carried out."""
    assert ended.returncode == 0, ended.stderr
    return ended.stderr == ""


@pytest.mark.parametrize("method", METHODS)
def test_making_and_freeing_many_arrays_costs_no_mappings(method: Method, block: Run) -> None:
    """What is freed gives its memory back, and its mappings merge."""
    ended = block(
        BOUNDS
        + f"""
begin(method={method!r}, quarantine=1000)
before = mappings()
for _ in range(30_000):
    array = np.empty(100)
    array[0] = 1
counts = guard.counts()
assert counts["guarded"] == counts["asked"] == 30_000
assert counts["quarantined"] <= 1000
assert mappings() < before + 60
assert counts["stacks"] < 10
"""
    )
    assert fine(ended)


def test_many_live_arrays_cost_no_mappings_with_markers(block: Run) -> None:
    """Guard markers lie in page tables: as many arrays as one likes can be alive."""
    ended = block(
        BOUNDS
        + """
if not guard._c().HAS_MARKERS:
    sys.exit()
begin()
before = mappings()
arrays = [np.zeros(10) for _ in range(40_000)]
assert guard.counts()["alive"] >= 40_000
assert mappings() < before + 60
"""
    )
    assert fine(ended)


def test_mappings_are_left_to_the_program(block: Run) -> None:
    """Without markers, arrays beyond the budget are ordinary ones, and counted."""
    ended = block(
        BOUNDS
        + """
begin(method="mappings", live_blocks=500)
arrays = [np.zeros(10) for _ in range(2000)]
counts = guard.counts()
assert (counts["guarded"], counts["over_live"]) == (500, 1500)
arrays.clear()
np.zeros(10)
assert guard.counts()["guarded"] == 501
"""
    )
    assert fine(ended)


def test_waste_is_bounded(block: Run) -> None:
    """Rounding up to pages is the only cost without a bound of its own, so it has a budget."""
    ended = block(
        BOUNDS
        + """
begin(waste_bytes=1 << 20)
arrays = [np.zeros(10) for _ in range(2000)]
counts = guard.counts()
assert counts["waste"] <= 1 << 20
assert 0 < counts["guarded"] < 300
assert counts["guarded"] + counts["over_waste"] == 2000
assert all(array.sum() == 0 for array in arrays)
"""
    )
    assert fine(ended)


def test_freed_data_leave_the_quarantine_oldest_first(block: Run) -> None:
    """Their place is used again only then."""
    ended = block(
        BOUNDS
        + """
begin(quarantine=3)
places = []
for _ in range(12):
    array = np.empty(100)
    places.append(address(array))
    del array
assert len(set(places)) == 4
assert all(len(set(places[i : i + 4])) == 4 for i in range(8))
"""
    )
    assert fine(ended)


@pytest.mark.parametrize("limit", [1 << 30, 4 << 30])
def test_a_limit_of_address_space_is_shared_with_the_program(limit: int, block: Run) -> None:
    """Under ulimit -v the guard takes less, and the program still finds room."""
    ended = block(
        BOUNDS
        + f"""
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {limit},) * 2)
begin()
arrays = [np.zeros(1000) for _ in range(1000)]
assert guard.counts()["guarded"] == 1000
assert np.ones({limit} // 64).sum() == {limit} // 64
"""
    )
    assert fine(ended)


@pytest.mark.parametrize("limit", [1 << 20, 260 << 20])
def test_too_little_address_space_is_one_line(limit: int, block: Run) -> None:
    """Where not even a little is available, the guard says so, and keeps nothing."""
    ended = block(
        BOUNDS
        + f"""
def used():
    return int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
guard.settings()
before = used()
resource.setrlimit(resource.RLIMIT_AS, (before + {limit},) * 2)
for _ in range(2):
    try:
        begin()
    except guard.GuardUnavailable as error:
        print(error)
assert used() - before < 1 << 20
"""
    )
    assert fine(ended)
    assert ended.stdout.count("too little address space (ulimit -v)") == 2


def test_locked_memory_needs_the_fallback(block: Run) -> None:
    """Markers cannot lie in locked memory: mappings do the same, within their limit."""
    ended = block(
        BOUNDS
        + """
if not guard._c().HAS_MARKERS:
    print("all well", flush=True); os.kill(os.getpid(), signal.SIGSEGV)
begin(live_blocks=100)
array = np.ones(10)
page = resource.getpagesize()
following = ctypes.c_void_p(address(array) // page * page + page)
on_fault = 1
assert ctypes.CDLL(None).mlock2(following, ctypes.c_size_t(8 * page), on_fault) == 0
assert guard.METHODS[guard.counts()["method"]] == "markers"
stale = address(np.ones(10))
assert guard.METHODS[guard.counts()["method"]] == "mappings"
kept = [np.ones(10) for _ in range(150)]
assert guard.counts()["alive"] == 100 and guard.counts()["over_live"] > 50
print("all well", flush=True)
read(stale)
"""
    )
    assert ended.stdout == "all well\n", ended.stderr
    assert ended.returncode == -signal.SIGSEGV


ALL_MAPPINGS = """
def use_up_all_mappings():
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    taken = []
    while True:  # neighbours whose protection differs do not merge
        place = libc.mmap(None, page, len(taken) % 2, 0x22, -1, ctypes.c_long(0))
        if place == ctypes.c_void_p(-1).value:
            return taken
        taken.append(place)

def give_back(taken):
    libc = ctypes.CDLL(None)
    for place in taken:
        libc.munmap(ctypes.c_void_p(place), page)

page = resource.getpagesize()
"""


def test_an_array_that_finds_no_mapping_is_counted_so(block: Run) -> None:
    """The program itself may use up the mappings: the array is an ordinary one then."""
    ended = block(
        BOUNDS
        + ALL_MAPPINGS
        + """
begin(method="mappings")
guard.switch_on(False)
taken = use_up_all_mappings()
guard.switch_on(True)
array = np.empty(9)
guard.switch_on(False)
give_back(taken)
counts = guard.counts()
assert (counts["asked"], counts["over_live"], counts["no_room"]) == (1, 1, 0)
"""
    )
    assert fine(ended)


def test_zeros_are_zero_after_the_mappings_were_used_up(block: Run) -> None:
    """A block that could not be mapped anew when it was freed is empty all the same."""
    ended = block(
        BOUNDS
        + ALL_MAPPINGS
        + """
begin(method="mappings", quarantine=0)
array = np.full(512, 7.0)
before = address(array)
guard.switch_on(False)
taken = use_up_all_mappings()
del array
give_back(taken)
guard.switch_on(True)
array = np.zeros(512)
assert address(array) == before
assert not array.any()
"""
    )
    assert fine(ended)
