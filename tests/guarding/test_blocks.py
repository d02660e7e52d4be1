"""`guard`, `protect`, `watch_writes` and `frozen` as a program or a notebook calls them."""

import signal
from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]


def died(ended: Any, sentence: str) -> bool:
    """Whether the faulty access ended the process, after all that came before it was well."""
    assert ended.returncode == -signal.SIGSEGV, ended.stderr
    assert ended.stdout == "all well\n", ended.stderr
    return f"== gil-demo guard: {sentence}" in str(ended.stderr)


def fine(ended: Any) -> bool:
    """Whether all statements were carried out, and nothing was reported."""
    assert ended.returncode == 0, ended.stderr
    return bool(ended.stderr == "")


def test_only_the_arrays_of_the_block_are_guarded(block: Run) -> None:
    """Those from before and after are ordinary; those made in it stay guarded after it."""
    ended = block("""
before = np.ones(10)
with gil_demo.guard() as guarded:
    inside = np.ones(10)
    before.resize(20, refcheck=False)
    del before
after = np.ones(10)
counted = guarded.counts
assert counted["alive"] == 1 and counted["foreign_frees"] >= 1
print("all well", flush=True)
read(address(inside) + 80)
""")
    assert died(ended, "C read the first byte past the end of an array's data.")


def test_blocks_within_blocks(block: Run) -> None:
    """The guard is off only when the outermost block is left."""
    ended = block("""
with gil_demo.guard() as guarded:
    with gil_demo.guard():
        pass
    before = guarded.counts["guarded"]
    array = np.ones(10)
    assert guarded.counts["guarded"] > before
before = guarded.counts["guarded"]
array = np.ones(10)
assert guarded.counts["guarded"] == before
""")
    assert fine(ended)


def test_check_looks_at_the_canaries_on_demand(block: Run) -> None:
    """A write beside an array is reported once, and the program goes on."""
    ended = block("""
with gil_demo.guard() as guarded:
    array = np.ones(10)
    assert guarded.check() == 0
    write(address(array) - 5)
    assert guarded.check() == 1
print("went on")
""")
    assert ended.stdout == "went on\n"
    assert ended.stderr.count("== gil-demo guard") == 1
    assert "C changed 1 byte from 5 bytes before the start" in ended.stderr


def test_fresh_data_are_nan(block: Run) -> None:
    """`np.empty` is filled so that a use of what was never set shows in the result."""
    ended = block("""
with gil_demo.guard():
    for code in "efd":
        assert np.isnan(np.empty(1000, code)).all()
    assert (np.empty(3, np.int16) == 32763).all()
    assert np.isnan(np.empty(1_000_000)[[0, 1, -2, -1]]).all()
    assert not np.zeros(1_000_000).any()
""")
    assert fine(ended)


def test_settings_that_cannot_be_are_refused(block: Run) -> None:
    """One sentence, and nothing is installed."""
    settings = ["align=3", "edge='both'", "sample=0", "method=''", "quarantine=-1"]
    ended = block(f"""
from gil_demo.native import guard
for setting in {settings}:
    try:
        eval(f"gil_demo.guard({{setting}})").__enter__()
    except ValueError as error:
        print(error)
    assert not guard.is_installed()
""")
    said = ended.stdout.splitlines()
    assert [line.split()[0] for line in said] == [one.partition("=")[0] for one in settings]


def test_a_write_to_a_protected_array_ends_the_process(block: Run) -> None:
    """Any thread's; the report shows the writer, and where the array was made."""
    ended = block("""
with gil_demo.guard():
    array = np.zeros(1000)
def writer():
    array[5] = 3.0
with gil_demo.protect(array):
    array.sum()
    print("all well", flush=True)
    thread = threading.Thread(target=writer)
    thread.start()
    thread.join()
""")
    assert died(ended, "C wrote to byte 40 of an array that is protected from writing.")
    assert "in writer" in ended.stderr


def test_protection_ends_with_its_block(block: Run) -> None:
    """Afterwards the array is written to as before, and freed as any other."""
    ended = block("""
with gil_demo.guard():
    array = np.zeros(1000)
with gil_demo.protect(array), gil_demo.protect(array):
    pass
array[:] = 1
del array
""")
    assert fine(ended)


def test_only_the_elements_in_question_are_protected(block: Run) -> None:
    """Other elements share their page and may be written to."""
    ended = block("""
with gil_demo.guard():
    array = np.zeros(1000)
with gil_demo.protect(array[10:20]):
    array[:10] = 1
    array[20:] = 2
    assert array.sum() == 10 + 2 * 980
    print("all well", flush=True)
    array[19] = 3
""")
    assert died(ended, "C wrote to byte 152 of an array that is protected from writing.")


def test_protection_ends_when_the_data_are_freed(block: Run) -> None:
    """Data that a resize has moved are not protected, and their end is not another array's."""
    ended = block("""
with gil_demo.guard():
    array, other = np.zeros(1000), np.zeros(1000)
with gil_demo.protect(array):
    array.resize(2000, refcheck=False)
    array[:] = 1
    protection = gil_demo.protect(other)
    protection.__enter__()
print("all well", flush=True)
other[0] = 1
""")
    assert died(ended, "C wrote to byte 0 of an array that is protected from writing.")


def test_any_number_of_arrays_can_be_frozen_one_after_the_other(block: Run) -> None:
    """A frozen array that is freed makes room for the next."""
    ended = block("""
for number in range(200):
    assert gil_demo.frozen(np.full(10, float(number))).sum() == 10 * number
""")
    assert fine(ended)


def test_only_an_array_can_be_shielded(block: Run) -> None:
    """A list is refused in one line, before anything is guarded."""
    ended = block("""
for shield in (gil_demo.protect, gil_demo.watch_writes, gil_demo.frozen):
    try:
        with shield([1.0, 2.0]):
            pass
    except TypeError as error:
        assert str(error) == "a NumPy array is needed here, not list"
    else:
        raise AssertionError(shield)
""")
    assert fine(ended)


def test_an_array_whose_freeing_writes_to_it_is_not_frozen(block: Run) -> None:
    """It drops the objects, or clears the strings, and would be reported for that."""
    ended = block("""
kinds = [object, np.dtype([("count", int), ("owner", object)])]
kinds += [np.dtypes.StringDType()] if hasattr(np.dtypes, "StringDType") else []
for kind in kinds:
    try:
        gil_demo.frozen(np.zeros(3, kind))
    except TypeError as error:
        assert "cannot be frozen: NumPy itself writes to its elements" in str(error)
    else:
        raise AssertionError(kind)
""")
    assert fine(ended)


def test_a_frozen_array_can_be_read_and_not_written(block: Run) -> None:
    """NumPy refuses by the flag; C that ignores the flag ends the process."""
    ended = block("""
frozen = gil_demo.frozen(np.arange(10.0)[::2])
assert frozen.tolist() == [0, 2, 4, 6, 8]
try:
    frozen[0] = 1
except ValueError:
    pass
gil_demo.frozen(np.empty(0))
del frozen
frozen = gil_demo.frozen(np.arange(10.0))
print("all well", flush=True)
write(address(frozen) + 16)
""")
    assert died(ended, "C wrote to byte 16 of a frozen, read-only array.")


def test_every_write_to_a_watched_array_is_listed(block: Run) -> None:
    """All threads' writes, with their lines; the program goes on with what they wrote.

    One thread after the other: without a GIL two could write at the very same moment.
    """
    ended = block("""
with gil_demo.guard():
    array = np.zeros(1000)
def writer(start):
    for i in range(start, start + 20):
        array[i] = i
with gil_demo.watch_writes(array) as writes:
    for n in range(4):
        thread = threading.Thread(target=writer, args=[20 * n])
        thread.start()
        thread.join()
    assert len(writes) == 80
array[0] = 5
assert sorted(write.offset for write in writes) == [8 * i for i in range(80)]
assert {write.python[0].function for write in writes} == {"writer"}
assert len({write.thread for write in writes}) == 4
assert array[:80].tolist() == [5, *range(1, 80)]
""")
    assert fine(ended)


def test_two_arrays_stay_watched_while_two_threads_write_at_once(block: Run) -> None:
    """Each array's pages are shut again, whichever thread is the last to end its write."""
    ended = block("""
with gil_demo.guard():
    arrays = [np.zeros(1000), np.zeros(1000)]
memset = ctypes.CDLL(None).memset  # without the GIL
memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
def writer(array):
    for _ in range(2000):
        memset(address(array), 1, 1)
with gil_demo.watch_writes(arrays[0]) as first, gil_demo.watch_writes(arrays[1]) as second:
    threads = [threading.Thread(target=writer, args=[array]) for array in arrays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for array, writes in zip(arrays, (first, second)):
        before = len(writes)
        array[5] = 3.0
        assert len(writes) == before + 1
""")
    assert fine(ended)


def test_a_write_that_meets_the_end_of_the_block_happens(block: Run) -> None:
    """It began while the array was watched and is handled afterwards: no fault of anybody's."""
    ended = block("""
with gil_demo.guard():
    array = np.zeros(1000)
memset = ctypes.CDLL(None).memset  # without the GIL
memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
done = False
def writer():
    while not done:
        memset(address(array), 1, 8)
threads = [threading.Thread(target=writer) for _ in range(4)]
for thread in threads:
    thread.start()
for _ in range(300):
    with gil_demo.watch_writes(array):
        pass
done = True
""")
    assert fine(ended)


def test_an_array_that_is_not_guarded_cannot_be_shielded(block: Run) -> None:
    """The message says what to do."""
    ended = block("""
for shield in (gil_demo.protect, gil_demo.watch_writes):
    try:
        with shield(np.zeros(10)):
            pass
    except ValueError as error:
        raise
    except RuntimeError as error:
        print(error)
""")
    assert ended.stdout.count("make the array while the guard is on") == 2
