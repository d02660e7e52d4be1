"""What was predicted is kept in a file from one day to the next."""

import os
from pathlib import Path

import pytest

from gil_demo.tour.record import Record
from gil_demo.tour.record_file import RecordFile


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    """A pipe that nobody writes to, or a device without an end, keeps nobody waiting."""
    pipe, device = tmp_path / "pipe", tmp_path / "device"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    for path in (pipe, device, tmp_path, tmp_path / "nothing"):
        assert RecordFile(path).load() == Record()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"{}", b"9" * 5000])
def test_a_damaged_file_begins_a_new_record(content: bytes, tmp_path: Path) -> None:
    """The lesson goes on without it."""
    path = tmp_path / "tour.json"
    path.write_bytes(content)
    assert RecordFile(path).load() == Record()
