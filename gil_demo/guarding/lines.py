"""Finds the C function and line of an address in a module, as far as the module tells."""

import shutil
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gil_demo.results.guard import NativeFrame, Report

TIME_LIMIT_SECONDS = 10.0
UNKNOWN = "??"

INTERPRETER = ("libpython", "python")
"""How the files begin that hold the interpreter, whose own frames tell nothing here."""

GUARD = "_guard."


def is_interpreter(call: NativeFrame) -> bool:
    """Say whether a C function is one of the interpreter's own."""
    return Path(call.module).name.startswith(INTERPRETER)


def with_lines(report: Report) -> Report:
    """Return the report with the C functions that lie between the access and the interpreter."""
    return replace(report, native=_located(_interesting(report.native)))


def _interesting(calls: Sequence[NativeFrame]) -> tuple[NativeFrame, ...]:
    """Leave out the guard's own frames, and everything from the interpreter outward.

    Where the access was in the interpreter itself, its innermost frame stays: C called it.
    """
    foreign = [call for call in calls if not Path(call.module).name.startswith(GUARD)]
    kept: list[NativeFrame] = []
    for call in foreign:
        if not is_interpreter(call):
            kept.append(call)
        elif any(not is_interpreter(one) for one in kept):
            break
        elif not kept:
            kept.append(call)
    return tuple(kept)


def _located(calls: Sequence[NativeFrame]) -> tuple[NativeFrame, ...]:
    """Ask addr2line, where it is installed; an inlined function is a call of its own."""
    offsets: dict[str, list[int]] = defaultdict(list)
    for call in calls:
        offsets[call.module].append(call.offset)
    found = {
        (module, offset): located
        for module, wanted in offsets.items()
        for offset, located in zip(wanted, _addr2line(module, wanted), strict=True)
    }
    return tuple(one for call in calls for one in found[call.module, call.offset] or [call])


def _addr2line(module: str, offsets: Sequence[int]) -> list[list[NativeFrame]]:
    """Return the calls at each offset, the innermost inlined one first; none if unknown."""
    nothing: list[list[NativeFrame]] = [[] for _ in offsets]
    program = shutil.which("addr2line")
    if program is None or not Path(module).is_file():
        return nothing
    command = [program, "-afiCe", module, *(hex(offset) for offset in offsets)]
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return nothing
    return _parsed(module, offsets, ended.stdout)


def _parsed(module: str, offsets: Sequence[int], answer: str) -> list[list[NativeFrame]]:
    """Read addr2line's answer: an address a line, then pairs of function and place."""
    answers: list[list[str]] = []
    for line in answer.splitlines():
        if line.startswith("0x"):
            answers.append([])
        elif answers:
            answers[-1].append(line)
    if len(answers) != len(offsets):
        return [[] for _ in offsets]
    return [
        [
            _call(module, offset, function, place)
            for function, place in zip(lines[::2], lines[1::2], strict=False)
            if function != UNKNOWN
        ]
        for offset, lines in zip(offsets, answers, strict=True)
    ]


def _call(module: str, offset: int, function: str, place: str) -> NativeFrame:
    file, _, line = place.rpartition(":")
    number = line.split()[0] if line.split() else "?"
    known = file not in ("", UNKNOWN) and number.isdecimal() and int(number) > 0
    return NativeFrame(
        module, offset, function, file if known else None, int(number) if known else None
    )
