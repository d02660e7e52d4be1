"""libpython's slots, and the protection of their pages, are after a watch as before it."""

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

pytestmark = pytest.mark.usefixtures("watchable")

Command = Callable[..., CompletedProcess[str]]

SLOTS = r"""
import ctypes, json, os, re, subprocess, sys
from pathlib import Path
from gil_demo.native import handovers

PAGE = os.sysconf("SC_PAGESIZE")
places = [place for place, _, _ in handovers.slots()]

def mapping(address):
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, end, mode, path = re.match(r"(\w+)-(\w+) (\S+)(?: +\S+){3} *(.*)", line).groups()
        if int(start, 16) <= address < int(end, 16):
            return mode, path

def state():
    return [[ctypes.c_void_p.from_address(one).value, mapping(one)[0]] for one in places]

def pages_of_slots_only():
    command = ["readelf", "--relocs", "--wide", mapping(places[0])[1]]
    table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^(\w+) +\w+ +R_\w+_(?:JUMP_SL|GLOB_DAT)", table, re.M)
    offsets = [int(one, 16) for one in found]
    (own,) = re.findall(r"^(\w+) .*JUMP_SL.* pthread_cond_timedwait\b", table, re.M)
    for place in places:  # one of them is this function's, and tells where the object begins
        slots = {place - int(own, 16) + offset for offset in offsets}
        if slots.issuperset(places):
            break
    assert slots.issuperset(places)
    pages = {place // PAGE * PAGE for place in places}
    return [page for page in pages if slots.issuperset(range(page, page + PAGE, 8))]

for page in pages_of_slots_only() if "read-only" in sys.argv else ():
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(page), PAGE, 1) == 0
before = state()
handovers.start(10, 0)
during = state()
handovers.stop()
print(json.dumps([before, during, state()]))
"""


@pytest.mark.parametrize("pages", ["as they are", "read-only"])
def test_the_slots_and_their_pages_are_afterwards_as_before(pages: str, python: Command) -> None:
    """Read from the memory and from /proc/self/maps, not by the C that changes them.

    Where the linker did not make the slots' pages read-only (RELRO), the test does so with those
    in which nothing but slots lies. Where there is no such page, only the slots are compared.
    """
    # All slots are filled at once, so that nobody writes to a read-only page afterwards.
    ended = python(SLOTS, pages, LD_BIND_NOW="1")
    assert ended.stderr == ""
    before, during, after = json.loads(ended.stdout)
    assert after == before
    assert len(before) >= 3
    assert all(new != old for (new, _), (old, _) in zip(during, before, strict=True))
    assert [protection for _, protection in during] == [protection for _, protection in before]
