"""Writing a file whole or not at all: what was there before survives every failure."""

import errno
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Command

from gil_demo.errors import BadInput
from gil_demo.files import (
    nameless_file,
    refuse_folder,
    refuse_outputs,
    refuse_unwritable,
    write_whole,
)

WRITE_UNDER_A_LIMIT = """
import resource, sys
from pathlib import Path
from gil_demo.files import write_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_whole(Path("table.csv"), "x" * 5000)
except OSError as error:
    print(error)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is there already."""
    path = tmp_path / "table.csv"
    path.write_text("before")
    return path


def test_a_new_file_is_written(tmp_path: Path) -> None:
    """Text of any language arrives byte for byte as UTF-8, line ends untouched."""
    path = tmp_path / "new.csv"
    write_whole(path, "naïve\r\n█\n")
    assert path.read_bytes() == "naïve\r\n█\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_an_old_file_is_replaced(file: Path) -> None:
    """The new text takes the place of the old, and nothing else is left in the folder."""
    write_whole(file, "after")
    assert file.read_text() == "after"
    assert list(file.parent.iterdir()) == [file]


def test_a_reader_keeps_the_old_file_to_its_end(file: Path) -> None:
    """Who has the old file open reads it to the end: it is replaced, never written over."""
    with file.open() as reader:
        write_whole(file, "after, and longer than before")
        assert reader.read() == "before"


@pytest.mark.parametrize(
    ("owner", "call"), [(os, "fdopen"), (os, "fsync"), (Path, "chmod"), (Path, "replace")]
)
def test_a_full_disk_leaves_the_old_file_whole(
    file: Path, owner: object, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever step finds the disk full, the old text stays and no draft is left behind."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(owner, call, full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(file, "after")
    assert file.read_text() == "before"
    assert list(file.parent.iterdir()) == [file]


def test_a_disk_that_fills_up_leaves_the_old_file_whole(file: Path, python: Command) -> None:
    """A write that the system cuts off in the middle, for real, changes nothing."""
    ended = python(WRITE_UNDER_A_LIMIT)
    assert ended.stdout == "table.csv cannot be written: File too large\n"
    assert file.read_text() == "before"
    assert list(file.parent.iterdir()) == [file]


def test_ctrl_c_while_writing_leaves_the_old_file_whole(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt in the middle leaves no draft behind either."""

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(file, "after")
    assert file.read_text() == "before"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_an_old_file_keeps_its_permissions(file: Path, mode: int) -> None:
    """Who could read the old file can read the new one, and nobody else."""
    file.chmod(mode)
    write_whole(file, "after")
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_new_file_has_the_usual_permissions(tmp_path: Path, umask: int, mode: int) -> None:
    """A new file is as open as the person's umask makes any new file."""
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "new.csv", "text")
        assert os.umask(umask) == umask, "the umask is as it was"
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.csv").stat().st_mode) == mode


def test_a_link_is_followed(file: Path) -> None:
    """Writing to a symbolic link writes the file it leads to; the link stays a link."""
    (file.parent / "elsewhere").mkdir()
    link = file.parent / "elsewhere" / "link.csv"
    link.symlink_to(file)
    write_whole(link, "after")
    assert link.is_symlink()
    assert file.read_text() == "after"
    assert list(link.parent.iterdir()) == [link]


def test_a_link_to_nothing_yet_is_followed(tmp_path: Path) -> None:
    """A link whose file does not exist yet leads to where it is made."""
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "target.csv")
    write_whole(link, "text")
    assert link.is_symlink()
    assert (tmp_path / "target.csv").read_text() == "text"


@pytest.mark.parametrize("write", [refuse_unwritable, lambda path: write_whole(path, "text")])
def test_places_that_are_no_files_are_refused(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    """Folders, devices and files in missing folders are refused, before and when writing."""
    for path, problem in (
        (tmp_path, "is not a file"),
        (Path(os.devnull), "is not a file"),
        (tmp_path / "missing" / "table.csv", "missing is not a folder"),
    ):
        with pytest.raises(OSError, match=problem):
            write(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("link", ["loop", "loop/x.csv"])
@pytest.mark.parametrize("write", [refuse_unwritable, lambda path: write_whole(path, "text")])
def test_a_link_that_leads_to_itself_is_refused(
    link: str, tmp_path: Path, write: Callable[[Path], None]
) -> None:
    """There is no file at its end, and the link stays."""
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match=r"loop (cannot be written: Too many|is not a folder)"):
        write(tmp_path / link)
    assert [file.name for file in tmp_path.iterdir()] == ["loop"]


def test_a_link_into_nowhere_is_refused_before_any_work(tmp_path: Path) -> None:
    """The message has the name that the person gave, and the place that is missing."""
    (tmp_path / "link.csv").symlink_to("missing/x.csv")
    with pytest.raises(OSError, match=r"link\.csv is a link into .*missing, which is not a fold"):
        refuse_unwritable(tmp_path / "link.csv")


def test_a_folder_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If nothing can be made in the folder, that is said before any work is done."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("tempfile.mkstemp", refused)
    with pytest.raises(OSError, match=r"new\.csv cannot be written: Permission denied"):
        refuse_unwritable(tmp_path / "new.csv")


def test_a_place_where_the_system_makes_no_files_is_refused() -> None:
    """Whatever its permissions say."""
    with pytest.raises(OSError, match=r"/proc(/new cannot be written| is not a folder)"):
        refuse_unwritable(Path("/proc/new"))


def test_a_file_without_permission_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that nobody may write to is not replaced either."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OSError, match="is there already, and cannot be written to"):
        refuse_unwritable(file)


@pytest.mark.parametrize("descriptor", [1, 2])
def test_the_file_that_is_printed_to_is_refused(descriptor: int, file: Path) -> None:
    """One would take the place of the other, and what was printed would be gone."""
    before = os.dup(descriptor)
    with file.open("a") as printed:
        os.dup2(printed.fileno(), descriptor)
    try:
        for name in (file, Path(f"/dev/fd/{descriptor}")):
            with pytest.raises(BadInput, match="--csv names the file that standard"):
                refuse_outputs({"--csv": name}, {})
    finally:
        os.dup2(before, descriptor)
        os.close(before)
    refuse_outputs({"--csv": file}, {})


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_leaves_no_draft(file: Path, number: signal.Signals, python: Command) -> None:
    """It ends the program, but not while a draft lies beside the file."""
    program = (
        "import os, signal, sys; from pathlib import Path; from gil_demo.files import write_whole;"
        "os.fsync = lambda _: os.kill(os.getpid(), int(sys.argv[1]));"
        "signal.signal(signal.SIGINT, signal.SIG_DFL);"
        "write_whole(Path('table.csv'), 'after'); print('went on')"
    )
    ended = python(program, str(int(number)))
    assert (ended.returncode, ended.stdout) == (-number, "")
    assert file.read_text() == "after"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("name", ["b\x1b]0;x\x07/x.csv", "b\u202e/x.csv"])
def test_names_are_shown_without_what_steers_a_terminal(name: str) -> None:
    """Escaped, so that the person still sees which file is meant."""
    with pytest.raises(OSError, match="is not a folder") as refusal:
        refuse_unwritable(Path(name))
    assert str(refusal.value).isprintable()


def test_a_nameless_file_needs_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing can be written is good enough, where Linux has such files."""
    monkeypatch.setattr("tempfile.TemporaryFile", lambda: pytest.fail("a folder was asked for"))
    with nameless_file() as first:
        first.write(b"text")
        first.seek(0)
        assert first.read() == b"text"
    monkeypatch.undo()
    monkeypatch.delattr(os, "memfd_create")
    with nameless_file() as second:
        assert second.write(b"text") == 4


def test_two_options_may_not_name_one_file(tmp_path: Path) -> None:
    """Not even through a link, or by another spelling; the options are named in their order."""
    (tmp_path / "one").touch()
    (tmp_path / "link").symlink_to("one")
    for other in (tmp_path / "one", tmp_path / "link", tmp_path / "." / "one"):
        with pytest.raises(BadInput, match="--csv and --svg name the same file"):
            refuse_outputs({"--csv": tmp_path / "one", "--svg": other}, {})
        with pytest.raises(BadInput, match="--input and --csv name the same file"):
            refuse_outputs({"--csv": other}, {"--input": tmp_path / "one"})


def test_a_hyphen_makes_no_file_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere it means standard output, so nobody who writes it wants a file called so."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="- is no name for a file here"):
        refuse_outputs({"--csv": Path("-")}, {})
    with pytest.raises(OSError, match="- is no name for a file here"):
        refuse_folder(Path("-"))
    assert list(tmp_path.iterdir()) == []


def test_outputs_are_refused_where_they_cannot_be_written(tmp_path: Path) -> None:
    """Options that were not given do not matter, and neither does where the input lies."""
    refuse_outputs({"--csv": None, "--svg": tmp_path / "new"}, {"--input": Path(os.devnull)})
    with pytest.raises(OSError, match="is not a file"):
        refuse_outputs({"--csv": None, "--svg": tmp_path}, {})
