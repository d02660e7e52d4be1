"""Reads the facts that a process wrote about a faulty access, one JSON object a line."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from gil_demo.results.guard import Block, Damage, Deed, NativeFrame, Report, Variable
from gil_demo.results.patterns import Frame

Fact = dict[str, Any]

DTYPES = {"f": "float", "i": "int", "u": "uint", "c": "complex"}
OTHER_DTYPES = {
    "b": "bool",
    "M": "datetime64",
    "m": "timedelta64",
    "O": "object",
    "S": "bytes",
    "T": "StringDType",
    "U": "str",
    "V": "structured",
}


def facts(text: str) -> Iterator[Fact]:
    """Yield the facts; a line that its process could not finish is left out."""
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def reports(text: str) -> Iterator[Report]:
    """Yield the reports in a process's file, also one that breaks off."""
    begun: list[Fact] = []
    for fact in facts(text):
        if fact["fact"] == "report" and begun:
            yield _report(begun)
            begun = []
        begun.append(fact)
    if begun and begun[0]["fact"] == "report":
        yield _report(begun)


def reports_at(path: Path, offset: int = 0) -> tuple[Report, ...]:
    """Return the reports in a file, from a place in it on."""
    with path.open("rb") as file:
        file.seek(offset)
        return tuple(reports(file.read().decode("utf-8", "replace")))


def calls(frames: Iterable[tuple[str, int, str]]) -> tuple[Frame, ...]:
    """Return a Python stack, innermost first."""
    return tuple(Frame(file or "?", line, function or "?") for file, line, function in frames)


def _report(written: list[Fact]) -> Report:
    head = written[0]

    def each(name: str, make: Callable[[Fact], Any]) -> tuple[Any, ...]:
        return tuple(make(fact) for fact in written if fact["fact"] == name)

    damage = each("damage", lambda fact: Damage(fact["bytes"], tuple(fact["found"])))
    python = each("python", lambda fact: calls(fact["frames"]))
    native = each("native", lambda fact: tuple(NativeFrame(*frame) for frame in fact["frames"]))
    return Report(
        what=head["what"],
        access=head["access"],
        address=head["address"],
        process=head["process"],
        thread=head["thread"],
        seconds=head["nanoseconds"] / 1e9,
        label=head.get("label"),
        blocks=each("block", _block),
        damage=damage[0] if damage else None,
        python=python[0] if python else (),
        native=native[0] if native else (),
        variables=each("array", _variable),
        told=any(fact["fact"] == "told" for fact in written),
    )


def _deed(fact: Fact) -> Deed:
    return Deed(fact["nanoseconds"] / 1e9, fact["thread"], calls(fact["frames"]))


def _block(fact: Fact) -> Block:
    return Block(
        place=fact["place"],
        distance=fact["distance"],
        size=fact["size"],
        start=fact["start"],
        number=fact["number"],
        state=fact["state"],
        allocated=_deed(fact["allocated"]),
        freed=_deed(fact["freed"]) if "freed" in fact else None,
    )


def _variable(fact: Fact) -> Variable:
    return Variable(
        scope=fact["scope"],
        name=fact["name"],
        key=fact.get("key", fact.get("index")),
        function=fact["function"],
        file=fact["file"],
        dtype=dtype_name(fact["kind"], fact["itemsize"]),
        shape=tuple(fact["shape"]),
        strides=tuple(fact["strides"]),
        offset=fact["offset"],
        read_only=fact.get("read_only", False),
    )


def dtype_name(kind: str, itemsize: int) -> str:
    """Return how NumPy calls a dtype, from its kind and the bytes of an element."""
    if kind in DTYPES:
        return f"{DTYPES[kind]}{8 * itemsize}"
    return OTHER_DTYPES.get(kind, f"{kind}{itemsize}")
