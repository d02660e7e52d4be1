"""The array to work on: made from a seed, or a person's own file, which is never changed."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gil_demo import arrays
from gil_demo.arrays import UnusableInput, load, make
from gil_demo.host import machine
from gil_demo.native.kernels import Call


def saved(path: Path, array: Any) -> Path:
    np.save(path, array)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a person keeps an array."""
    return tmp_path / "mine.npy"


# Made here


def test_the_same_seed_makes_the_same_numbers() -> None:
    """Runs with one seed work on the same numbers; another seed gives others."""
    assert make(1000, 1).tolist() == make(1000, 1).tolist() != make(1000, 2).tolist()


def test_numbers_are_of_both_signs_and_at_most_one() -> None:
    """Doubles from -1 to 1, as many as asked for, ready for C."""
    array = make(1000, 0)
    assert array.size == 1000
    assert array.dtype == np.float64
    assert -1 <= array.min() < 0 < array.max() <= 1
    assert Call("released", "scale", array, 1)


def refuse_to_allocate(*_: object) -> None:
    pytest.fail("memory was asked for")


def test_more_than_is_free_is_refused_before_allocating(monkeypatch: pytest.MonkeyPatch) -> None:
    """An array that does not fit is refused with both figures, and nothing was allocated."""
    monkeypatch.setattr(machine, "available_bytes", lambda: 8_000_000_000)
    monkeypatch.setattr(np.random, "default_rng", refuse_to_allocate)
    with pytest.raises(UnusableInput, match=r"16\.0 GB and 8\.0 GB are free: .*smaller --size"):
        make(2_000_000_000, 0)


def test_what_fits_exactly_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many elements as there is room for are not too many; one more is."""
    monkeypatch.setattr(machine, "available_bytes", lambda: 8000)
    assert make(1000, 0).size == 1000
    with pytest.raises(UnusableInput):
        make(1001, 0)


def test_where_free_memory_is_unknown_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that does not tell its memory is no reason to refuse."""
    monkeypatch.setattr(machine, "available_bytes", lambda: None)
    assert make(10, 0).size == 10


# A file


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(24,), (4, 6), (2, 3, 4)])
def test_doubles_are_mapped_and_not_copied(file: Path, shape: Any, order: Any) -> None:
    """A file of doubles is worked on where it lies, whatever its shape, and the note says so."""
    wanted = np.asarray(np.arange(24.0).reshape(shape), order=order)
    array, notes = load(saved(file, wanted), "sum")
    assert sorted(array.tolist()) == list(range(24))
    assert isinstance(array.base, np.memmap) or isinstance(array, np.memmap)
    assert not array.flags.writeable
    assert notes == (f"{file}: memory-mapped, no copy",)
    assert Call("released", "sum", array, 1).address == array.ctypes.data


def test_a_kernel_that_writes_leaves_the_file_alone(file: Path) -> None:
    """What `scale` writes goes to private pages; the file keeps its bytes, and a note says so."""
    before = saved(file, np.arange(5000.0)).read_bytes()
    array, (note,) = load(file, "scale")
    array *= -1
    assert array[1] == -1.0
    del array
    assert file.read_bytes() == before
    assert "the file stays as it is" in note


CONVERTED = ["?", "i1", "u2", "<i4", ">i4", "u8", "f2", "<f4", ">f4", ">f8", "g"]


@pytest.mark.parametrize("dtype", CONVERTED)
def test_other_real_numbers_are_converted_with_a_note(file: Path, dtype: str) -> None:
    """Numbers of another type or byte order become doubles of the same values, and it is said."""
    numbers = np.array([[0, 1], [1, 0]], dtype=dtype)
    array, (note,) = load(saved(file, numbers), "scale")
    assert array.dtype == np.float64
    assert array.tolist() == [0.0, 1.0, 1.0, 0.0]
    assert note == f"{file}: {numbers.dtype.str} was converted to float64, a copy in memory"
    assert Call("released", "scale", array, 1)


def test_a_conversion_without_room_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that does not fit into memory is refused before it is made."""
    saved(file, np.zeros(1000, np.float32))
    monkeypatch.setattr(machine, "available_bytes", lambda: 4000)
    with pytest.raises(UnusableInput, match="convert the file to float64 first"):
        load(file, "sum")


def test_a_mapped_file_needs_no_room(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of doubles larger than free memory is fine: it is mapped, not read in."""
    saved(file, np.zeros(1000))
    monkeypatch.setattr(machine, "available_bytes", lambda: 0)
    assert load(file, "sum")[0].size == 1000


UNUSABLE = {
    "empty": (np.zeros(0), "empty array: give at least one element"),
    "no rows": (np.zeros((0, 5)), "empty array: give at least one element"),
    "a number": (np.float64(3.0), "0-d array.*give an array"),
    "complex": (np.ones(3, complex), "complex128 elements.*save it as float64"),
    "text": (np.array(["one", "two"]), "<U3 elements.*save it as float64"),
    "bytes": (np.array([b"one"]), "S3 elements.*save it as float64"),
    "dates": (np.array(["2000-01-01"], "M8[D]"), "datetime64.*save it as float64"),
    "records": (np.zeros(3, [("x", "f8")]), "elements.*save it as float64"),
}


@pytest.mark.parametrize(("array", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_arrays_that_are_no_numbers_are_refused(file: Path, array: Any, message: str) -> None:
    """What the kernels cannot add up is refused, with the file's name and what to do."""
    with pytest.raises(UnusableInput, match=message) as refusal:
        load(saved(file, array), "sum")
    assert str(file) in str(refusal.value)


def test_a_missing_file_is_refused(file: Path) -> None:
    """There is no such file."""
    with pytest.raises(UnusableInput, match=r"mine\.npy does not exist"):
        load(file, "sum")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder is not a file of numbers, and the message says what is wanted."""
    with pytest.raises(UnusableInput, match=r"is a folder: give a \.npy file"):
        load(tmp_path, "sum")


@pytest.mark.parametrize("kept", [0, 5, 20, 127, 1000])
def test_a_truncated_file_is_refused(file: Path, kept: int) -> None:
    """A file that ends early, in the header or in the numbers, is not read past its end."""
    whole = saved(file, np.arange(1000.0)).read_bytes()
    file.write_bytes(whole[:kept])
    with pytest.raises(UnusableInput, match=r"mine\.npy is not a usable \.npy file"):
        load(file, "sum")


def test_an_archive_of_arrays_is_refused(file: Path) -> None:
    """An .npz is not one array, even under the name of one."""
    with file.open("wb") as archive:
        np.savez(archive, one=np.ones(3))
    with pytest.raises(UnusableInput, match=r"not a usable \.npy file"):
        load(file, "sum")


class Planting:
    """Unpickling one of these leaves a file behind."""

    def __init__(self, flag: Path) -> None:
        """Leave this file behind."""
        self.flag = flag

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.flag,)


def test_a_pickled_object_is_never_unpickled(file: Path, tmp_path: Path) -> None:
    """An array of objects could run anything when unpickled, so it is refused unread."""
    flag = tmp_path / "flag"
    np.save(file, np.array([Planting(flag)], dtype=object), allow_pickle=True)
    with pytest.raises(UnusableInput, match="Python objects"):
        load(file, "sum")
    assert not flag.exists()
    pickle.loads(pickle.dumps(Planting(flag)))
    assert flag.exists(), "this pickle would have left its mark"


def test_a_file_that_cannot_be_opened_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the system says against reading it is passed on in one line."""

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(np.lib.format, "open_memmap", forbidden)
    with pytest.raises(UnusableInput, match=r"mine\.npy cannot be read: Permission denied"):
        load(file, "sum")


def test_an_element_is_eight_bytes() -> None:
    """Room is reckoned in doubles."""
    assert arrays.ITEM_BYTES == 8


# Numbers that double precision does not have


def unaligned(path: Path, numbers: Any) -> Path:
    """A .npy file whose header has no usual length, so that its numbers begin anywhere."""
    header = repr({"descr": numbers.dtype.str, "fortran_order": False, "shape": numbers.shape})
    text = (header + "\n").encode()
    path.write_bytes(
        b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + numbers.tobytes()
    )
    return path


@pytest.mark.filterwarnings("error")
def test_numbers_that_become_infinite_are_told(file: Path) -> None:
    """In a note, and not by a warning of somebody else's line of code."""
    numbers = np.array(["1e400", "-1e400", "inf", "1", "nan"], dtype=np.longdouble)
    array, notes = load(saved(file, numbers), "sum")
    assert np.isinf(array[:3]).all()
    assert notes[1:] == (f"{file}: 2 numbers are too large for float64, and became infinite",)


@pytest.mark.filterwarnings("error")
def test_a_signalling_nan_is_no_reason_for_a_warning(file: Path) -> None:
    """It becomes a quiet one."""
    numbers = np.array([0x7F800001, 0x3F800000], dtype=np.uint32).view(np.float32)
    array, _ = load(saved(file, numbers), "sum")
    assert np.isnan(array[0])
    assert array[1] == 1.0


@pytest.mark.parametrize("dtype", ["i8", ">i8", "u8"])
def test_whole_numbers_that_are_rounded_are_told(file: Path, dtype: str) -> None:
    """Beyond 2**53 not every whole number is a double; up to it nothing is said."""
    _, notes = load(saved(file, np.array([1, 2**53 + 1], dtype=dtype)), "sum")
    assert notes[1:] == (f"{file}: whole numbers beyond 2**53 became the nearest float64",)
    _, notes = load(saved(file, np.array([1, 2**53], dtype=dtype)), "sum")
    assert len(notes) == 1


def test_numbers_that_are_unaligned_and_of_another_type_are_told_both(file: Path) -> None:
    """The conversion and the copy."""
    array, notes = load(unaligned(file, np.arange(50, dtype=">f4")), "sum")
    assert array.tolist() == list(range(50))
    assert notes == (
        f"{file}: >f4 was converted to float64, a copy in memory",
        f"{file}: elements are not aligned in the file, and were copied to memory",
    )


@pytest.mark.parametrize("dtype", [">f4", "f8"])
def test_a_copy_of_unaligned_numbers_needs_room(
    file: Path, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any other copy does."""
    monkeypatch.setattr(machine, "available_bytes", lambda: 100)
    with pytest.raises(UnusableInput, match="convert the file to float64 first"):
        load(unaligned(file, np.arange(50, dtype=dtype)), "sum")


def test_a_long_header_is_not_quoted_whole(file: Path) -> None:
    """One line that can be read."""
    file.write_bytes(b"\x93NUMPY\x01\x00" + (9000).to_bytes(2, "little") + b"{'x\x1b" * 2250)
    with pytest.raises(UnusableInput, match="not a usable") as refusal:
        load(file, "sum")
    assert len(str(refusal.value)) < len(str(file)) + 300
    assert str(refusal.value).isprintable()
