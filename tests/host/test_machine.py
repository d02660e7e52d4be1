"""What machine this is, from made-up files of the system."""

import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gil_demo.host import machine
from gil_demo.host.machine import BusyMeter

System = Callable[..., None]

STAT = """\
cpu  900 0 900 900 900 0 0 0 0 0
cpu0 {busy0} 10 20 1000 50 1 2 3 4 5
cpu1 {busy1} 10 20 1000 50 1 2 3 4 5
cpu2 {busy2} 10 20 1000 50 1 2 3 4 5
intr 1 2 3
"""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    """Puts text into the system's files; those that were not written do not exist."""
    monkeypatch.setattr(machine, "Path", lambda path: tmp_path / path.lstrip("/"))

    def write(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / NAMES[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


NAMES = {
    "meminfo": "proc/meminfo",
    "stat": "proc/stat",
    "maximum": "sys/fs/cgroup/memory.max",
    "current": "sys/fs/cgroup/memory.current",
    "figures": "sys/fs/cgroup/memory.stat",
    "maximum_1": "sys/fs/cgroup/memory/memory.limit_in_bytes",
    "current_1": "sys/fs/cgroup/memory/memory.usage_in_bytes",
    "figures_1": "sys/fs/cgroup/memory/memory.stat",
}

MEMINFO = """\
MemTotal:       64000 kB
MemFree:           10 kB
MemAvailable:   32000 kB
HugePages_Total:    0
"""


# Memory


def test_what_linux_estimates_is_available(system: System) -> None:
    """Memory that is available without swapping is what the kernel says is."""
    system(meminfo=MEMINFO)
    assert machine.available_bytes() == 32000 * 1024


def test_a_control_group_can_leave_less(system: System) -> None:
    """In a container with a limit, what is left of the limit is all there is."""
    system(meminfo=MEMINFO, maximum="3000000\n", current="1000000\n")
    assert machine.available_bytes() == 2000000


def test_what_a_group_keeps_of_files_is_available(system: System) -> None:
    """Pages of files that nobody used lately are given up as soon as somebody needs memory."""
    stat = "anon 400000\nfile 600000\ninactive_file 500000\nactive_file 100000\n"
    system(meminfo=MEMINFO, maximum="3000000\n", current="1000000\n", figures=stat)
    assert machine.available_bytes() == 2500000


def test_a_control_group_of_the_first_version_counts_too(system: System) -> None:
    """Its files have other names, and no limit is a number larger than any memory."""
    stat = "inactive_file 1\ntotal_inactive_file 500000\n"
    system(meminfo=MEMINFO, maximum_1="3000000\n", current_1="1000000\n", figures_1=stat)
    assert machine.available_bytes() == 2500000
    system(maximum_1="9223372036854771712\n")
    assert machine.available_bytes() == 32000 * 1024


def test_a_control_group_without_a_limit_leaves_everything(system: System) -> None:
    """A limit of "max", or one above what the machine has, takes nothing away."""
    system(meminfo=MEMINFO, maximum="max\n", current="1000000\n")
    assert machine.available_bytes() == 32000 * 1024
    system(maximum="99000000000\n")
    assert machine.available_bytes() == 32000 * 1024


@pytest.mark.usefixtures("system")
def test_elsewhere_all_memory_counts() -> None:
    """Without Linux's files, memory is what the machine has."""
    assert machine.available_bytes() == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.usefixtures("system")
def test_a_system_that_does_not_tell_has_unknown_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is made up where the system says nothing."""
    monkeypatch.setattr(os, "sysconf_names", {})
    assert machine.available_bytes() is None


# How busy others keep it


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Cores 0 and 1 are this process's, and time goes by when told."""
    clocks = SimpleNamespace(wall=1000.0, own=50.0)
    monkeypatch.setattr(machine, "time", SimpleNamespace(monotonic=lambda: clocks.wall))
    monkeypatch.setattr(machine, "own_seconds", lambda: clocks.own)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(os, "sysconf", lambda _: 100)
    return clocks


def busy_share(
    system: System, clocks: SimpleNamespace, *, seconds: float, own: float, busy: tuple[int, ...]
) -> float | None:
    system(stat=STAT.format(busy0=100, busy1=200, busy2=300))
    meter = BusyMeter()
    clocks.wall += seconds
    clocks.own += own
    system(stat=STAT.format(busy0=100 + busy[0], busy1=200 + busy[1], busy2=300 + busy[2]))
    return meter.share()


def test_what_others_took_is_what_was_not_idle_and_not_ours(
    system: System, clocks: SimpleNamespace
) -> None:
    """Two cores for 10 s, 12 s of work on them of which 7 s were our own: others took a quarter."""
    assert busy_share(system, clocks, seconds=10, own=7, busy=(700, 500, 0)) == 0.25


def test_our_own_work_does_not_make_the_machine_busy(
    system: System, clocks: SimpleNamespace
) -> None:
    """All work was ours: others took nothing."""
    assert busy_share(system, clocks, seconds=10, own=20, busy=(1000, 1000, 0)) == 0.0


def test_the_work_of_children_is_our_own() -> None:
    """A child that computed for a while, and has ended, is not among the others."""
    before = machine.own_seconds()
    work = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", work], check=True, timeout=60)
    assert machine.own_seconds() - before >= 0.3


def test_cores_that_are_not_ours_do_not_count(system: System, clocks: SimpleNamespace) -> None:
    """A core that this process may not use can be as busy as it likes."""
    assert busy_share(system, clocks, seconds=10, own=0, busy=(0, 0, 1000)) == 0.0


def test_a_share_is_never_below_none_or_above_all(system: System, clocks: SimpleNamespace) -> None:
    """The system counts in coarse ticks; the share stays one."""
    assert busy_share(system, clocks, seconds=10, own=9, busy=(100, 100, 0)) == 0.0
    assert busy_share(system, clocks, seconds=10, own=0, busy=(2000, 2000, 0)) == 1.0


def test_in_no_time_there_is_no_share(system: System, clocks: SimpleNamespace) -> None:
    """A meter that is read at once says that it cannot tell."""
    assert busy_share(system, clocks, seconds=0, own=0, busy=(0, 0, 0)) is None


@pytest.mark.usefixtures("system")
def test_a_system_without_figures_has_no_share() -> None:
    """Where the system does not count, nothing is made up."""
    assert BusyMeter().share() is None


# Where this is


def test_the_environment_is_this_one() -> None:
    """Python, NumPy and cores are those of the process that asks."""
    here = machine.environment(0.25)
    assert here.python == platform.python_version()
    assert here.implementation == platform.python_implementation()
    assert here.numpy == np.__version__
    assert here.machine_busy == 0.25
    assert here.cores == machine.usable_cores() >= 1
    assert here.free_threaded == bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def test_only_a_build_that_can_do_without_may_have_no_gil() -> None:
    """An interpreter that always has a GIL has it on."""
    assert machine.gil_enabled() or machine.free_threaded()


@pytest.mark.parametrize("enabled", [True, False])
def test_the_interpreter_is_asked_whether_it_has_a_gil(
    enabled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A free-threaded build may have turned the GIL back on, so it is asked now."""
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: enabled, raising=False)
    assert machine.gil_enabled() is enabled


def test_an_interpreter_that_cannot_be_asked_has_a_gil(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 3.13 there was always a GIL."""
    monkeypatch.delattr(sys, "_is_gil_enabled", raising=False)
    assert machine.gil_enabled()


def test_cores_are_those_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is confined to some cores has no more than those."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    assert machine.usable_cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.usable_cores() == 1
