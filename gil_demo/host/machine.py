"""Describes machine and interpreter, and how busy other programs keep them."""

import os
import platform
import resource
import sys
import sysconfig
import time
from pathlib import Path

import numpy as np

from gil_demo.results.host import Environment

CGROUPS = (
    (
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory.current",
        "/sys/fs/cgroup/memory.stat",
        "inactive_file",
    ),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
        "total_inactive_file",
    ),
)
"""Of both versions: the files with the limit, what is used, and figures; which is reclaimable."""


def usable_cores() -> int:
    """Count the cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_threaded() -> bool:
    """Check whether this interpreter was built to run without a GIL (PEP 703)."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def gil_enabled() -> bool:
    """Check whether there is a GIL now. Call it after the imports: a module may turn it back on.

    https://docs.python.org/3/howto/free-threading-extensions.html
    """
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def environment(machine_busy: float | None = None) -> Environment:
    """Describe machine and interpreter, with the share that `BusyMeter` measured, if any."""
    return Environment(
        python=platform.python_version(),
        implementation=platform.python_implementation(),
        free_threaded=free_threaded(),
        gil_enabled=gil_enabled(),
        cores=usable_cores(),
        numpy=np.__version__,
        platform=platform.platform(terse=True),
        machine_busy=machine_busy,
    )


def available_bytes() -> int | None:
    """Return how much memory is available without swapping, or None where that is unknown.

    The smallest of what Linux estimates (``MemAvailable`` of ``/proc/meminfo``)
    and what the control group (version 2 or 1) at the root of what this process sees
    still allows; elsewhere, all memory there is. A group's count includes what it keeps of
    files; the part of that which was not used lately is given up on demand, so it is available.
    https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
    """
    limits = []
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        fields = dict(line.split(":") for line in meminfo.read_text().splitlines())
        limits.append(int(fields["MemAvailable"].split()[0]) * 1024)
    elif "SC_PHYS_PAGES" in os.sysconf_names:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    limits += [left for files in CGROUPS if (left := _left_in_group(*files)) is not None]
    return min(limits, default=None)


def _left_in_group(limit: str, used: str, figures: str, field: str) -> int | None:
    """Return how many bytes a control group still allows, or None if it sets no limit."""
    maximum, current, statistics = map(Path, (limit, used, figures))
    if not (maximum.exists() and current.exists()) or maximum.read_text().strip() == "max":
        return None
    kept = statistics.read_text().split() if statistics.exists() else []
    reclaimable = int(kept[kept.index(field) + 1]) if field in kept else 0
    return int(maximum.read_text()) - int(current.read_text()) + reclaimable


def own_seconds() -> float:
    """Add up the processor time of this process, and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


MIN_SHARE_TOLD = 0.1
"""The share of the cores from which on others are mentioned."""


class BusyMeter:
    """How much of the usable cores others took since the meter was made.

    Others are all but this process and its children. Make and read it while no child runs:
    the system tells the time of one only when it has ended.
    """

    def __init__(self) -> None:
        """Start metering."""
        self._began = self._reading()

    def share(self) -> float | None:
        """Return the share from 0 to 1, or None where the system does not tell."""
        now = self._reading()
        if self._began is None or now is None:
            return None
        elapsed, others = (after - before for before, after in zip(self._began, now, strict=True))
        return min(1.0, max(0.0, others / elapsed)) if elapsed > 0 else None

    @staticmethod
    def _reading() -> tuple[float, float] | None:
        """Read the core-seconds that passed on the usable cores, and those used by others."""
        stat = Path("/proc/stat")
        if not stat.exists():
            return None
        cores = os.sched_getaffinity(0)
        per_second = os.sysconf("SC_CLK_TCK")
        busy = 0.0
        for line in stat.read_text().splitlines():
            name, *fields = line.split()
            if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in cores:
                # user nice system idle iowait irq softirq steal (guest is part of user)
                ticks = [int(field) for field in fields[:8]]
                busy += (sum(ticks) - ticks[3] - ticks[4]) / per_second
        return time.monotonic() * len(cores), busy - own_seconds()
