"""Each kind of faulty access ends the program where it happens, and is told apart."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

from gil_demo.results.guard import Method

Run = Callable[..., Any]

DIED = 128 + signal.SIGSEGV

ACCESSES = ["read", "write"]


@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize("size", [1, 1001, 2_000_000])
def test_the_first_byte_past_the_end_is_out_of_reach(size: int, access: str, guarded: Run) -> None:
    """No slack is left after the data, whatever their size."""
    ended = guarded(f"""
array = np.ones({size}, np.int8)
end = address(array) + array.nbytes
read(end - 1)
{access}(end)
""")
    assert ended.code == DIED
    assert ended.kind == ("past-end", access)
    assert ended.report["blocks"][0]["distance"] == 0
    assert ended.report["blocks"][0]["size"] == size


@pytest.mark.parametrize("align", [8, 16])
def test_alignment_leaves_slack_that_can_be_read(align: int, guarded: Run) -> None:
    """With --align, the rest up to the next multiple belongs to nobody but can be read."""
    ended = guarded(
        f"""
array = np.ones(1001, np.int8)
assert address(array) % {align} == 0
slack = -1001 % {align}
read(address(array) + 1001 + slack - 1)
read(address(array) + 1001 + slack)
""",
        "--align",
        str(align),
    )
    assert ended.kind == ("past-end", "read")
    assert ended.report["blocks"][0]["distance"] == -1001 % align


@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize("size", [1, 4097, 2_000_000])
def test_with_edge_start_the_byte_before_the_data_is_out_of_reach(
    size: int, access: str, guarded: Run
) -> None:
    """Data begin at a page in front of which lies one that nobody may touch."""
    ended = guarded(
        f"""
array = np.ones({size}, np.int8)
read(address(array))
{access}(address(array) - 1)
""",
        "--edge",
        "start",
    )
    assert ended.code == DIED
    assert ended.kind == ("before-start", access)
    assert ended.report["blocks"][0]["distance"] == 1


@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize("size", [1, 800, 20_000_000])
def test_freed_data_are_out_of_reach(size: int, access: str, guarded: Run) -> None:
    """Also those of small arrays, which NumPy alone would keep in its cache."""
    ended = guarded(f"""
array = np.ones({size}, np.int8)
start = address(array)
del array
{access}(start)
""")
    assert ended.code == DIED
    assert ended.kind == ("freed", access)
    block = ended.report["blocks"][0]
    assert (block["state"], block["size"], block["distance"]) == ("freed", size, 0)


def test_resize_moves_the_data_and_the_old_place_is_out_of_reach(guarded: Run) -> None:
    """A pointer that C kept across a resize is stale for certain."""
    ended = guarded("""
array = np.arange(100.0)
before = address(array)
array.resize(200, refcheck=False)
assert address(array) != before
assert array.tolist() == [*range(100), *[0.0] * 100]
read(before + 8)
""")
    assert ended.kind == ("freed", "read")
    freed = ended.report["blocks"][0]["freed"]["python"]
    assert freed[0]["function"] == "<module>"


def test_a_double_free_aborts(guarded: Run, allocator: str) -> None:
    """C frees an array's data, and then the array does."""
    ended = guarded(
        allocator
        + """
array = np.ones(100)
allocator.free(None, address(array), array.nbytes)
del array
"""
    )
    assert ended.code == 128 + signal.SIGABRT
    assert ended.kind == ("freed-twice", "free")
    assert ended.report["blocks"][0]["freed"]["python"]


def test_freeing_the_middle_of_an_array_aborts(guarded: Run, allocator: str) -> None:
    """Memory must be freed by the address at which it begins."""
    ended = guarded(
        allocator
        + """
array = np.ones(100)
allocator.free(None, address(array) + 8, 100)
"""
    )
    assert ended.code == 128 + signal.SIGABRT
    assert ended.kind == ("not-a-start", "free")


@pytest.mark.parametrize("edge", ["end", "start"])
def test_a_write_beside_the_data_is_noticed_when_they_are_freed(edge: str, guarded: Run) -> None:
    """What no array owns is filled, and what was written there is told; the program goes on."""
    outside = "address(array) - 3" if edge == "end" else "address(array) + 80 + 2"
    ended = guarded(
        f"""
array = np.ones(10)
write({outside})
del array
print("went on", file=sys.stderr)
""",
        "--edge",
        edge,
    )
    assert ended.output.startswith("went on")
    assert ended.code == 1  # all is not well, though the program says so
    assert ended.kind == ("damaged", "write")
    assert ended.report["damage"] == {"bytes": 1, "found": [1]}
    block = ended.report["blocks"][0]
    assert (block["place"], block["distance"]) == (
        ("before-start", 3) if edge == "end" else ("past-end", 2)
    )


def test_a_write_beside_data_that_are_never_freed_is_noticed_at_the_end(guarded: Run) -> None:
    """All canaries are looked at when the program ends; its own exit code is kept if not 0."""
    ended = guarded("""
array = np.ones(10)
write(address(array) - 1)
sys.exit(7)
""")
    assert ended.code == 7
    assert ended.kind == ("damaged", "write")
    assert ended.report["blocks"][0]["state"] == "alive"


def test_a_null_pointer_is_called_one(guarded: Run) -> None:
    """A small address is an offset from NULL, and no array is blamed for it."""
    ended = guarded("read(24)")
    assert ended.code == DIED
    assert ended.kind == ("null", "read")
    assert ended.report["blocks"] == []


def test_an_address_that_cannot_be_is_called_so(guarded: Run) -> None:
    """A pointer made of data is often no address at all; the processor does not tell it then."""
    ended = guarded("read(0x7FFB7FFB7FFB7FFB)")
    assert ended.kind[0] == "impossible"


def test_a_fault_elsewhere_is_not_charged_to_an_array(guarded: Run) -> None:
    """Memory of others that cannot be accessed is not the guard's affair, but it tells."""
    ended = guarded("""
import mmap
page = mmap.mmap(-1, 4096)
where = ctypes.addressof(ctypes.c_char.from_buffer(page))
protect = ctypes.CDLL(None).mprotect
assert protect(ctypes.c_void_p(where), 4096, 0) == 0
read(where)
""")
    assert ended.code == DIED
    assert ended.kind == ("elsewhere", "read")
    assert ended.report["blocks"] == []


@pytest.mark.parametrize("method", ["mappings", "markers"])
def test_kernels_without_markers_give_the_same_reports(method: Method, block: Run) -> None:
    """Where there are no guard markers, mappings do the same."""
    ended = block(f"""
with gil_demo.guard(method={method!r}):
    array = np.ones(1001, np.int8)
    old = np.ones(10)
    stale = address(old)
    del old
    again = np.ones(10)
    assert address(again) != stale
    if sys.platform == "linux":
        read(address(array) + 1001)
""")
    assert ended.returncode == -signal.SIGSEGV
    assert "C read the first byte past the end of an array's data." in ended.stderr


def test_what_lies_before_the_first_array_of_all_is_charged_to_it(guarded: Run) -> None:
    """No other array lies there, only the gap with which the guard's memory begins."""
    ended = guarded("array = np.ones(10); read(address(array) - 8)", "--edge", "start")
    assert ended.kind == ("before-start", "read")
    assert ended.report["blocks"][0]["distance"] == 8


def test_a_stack_has_the_calls_of_the_program_and_no_others(guarded: Run) -> None:
    """Once a class is called often, some interpreters run its __init__ on a frame of their own."""
    ended = guarded("""
class Holder:
    def __init__(self):
        self.array = np.empty(10)
def make():
    return Holder()
for _ in range(1000):
    holder = make()
read(address(holder.array) + 80)
""")
    made = ended.report["blocks"][0]["allocated"]["python"]
    assert [call["function"] for call in made] == ["Holder.__init__", "make", "<module>"]


def test_a_wild_index_names_the_arrays_on_both_sides(guarded: Run) -> None:
    """Between two arrays, the nearer one comes first, and the other is told too."""
    ended = guarded("""
one = np.empty(1000, np.int8)
two = np.empty(4096, np.int8)
read(address(two) - 8)
""")
    assert [(block["place"], block["size"]) for block in ended.report["blocks"]] == [
        ("before-start", 4096),
        ("past-end", 1000),
    ]


def test_a_report_keeps_letters_that_are_not_ascii(guarded: Run) -> None:
    """What the program or a path is called is told as it is written."""
    ended = guarded("""
from gil_demo.native import guard
guard.label("the test of Übung 3, 練習")
array = np.ones(10)
read(address(array) + 80)
""")
    assert ended.report["label"] == "the test of Übung 3, 練習"
