"""Reads every sentence of a JSON document against the figures in the same document.

``python tests/contradictions.py FILE...`` prints each contradiction it finds, a line each.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gil_demo.host.machine import MIN_SHARE_TOLD
from gil_demo.measuring.others import MAX_HELD_SPEEDUP
from gil_demo.measuring.spans import peak_inside
from gil_demo.results.run import Span

Document = Mapping[str, Any]

NUMBER = re.compile(r"(?<![\w.])(?:(?<=[\s(])-)?\d[\d,]*(?:\.\d+)?(?![\w]*\d)")

SCALES = (1.0, 1e2, 1e3, 1e9, 1e-3, 1e-6)
"""A figure may be told as a percentage, in ms or in ns; moments are in ns."""

TIMES = re.compile(r"([\d,.]+) times \(([\d,.]+) to ([\d,.]+)\)")

AFTER = re.compile(r"\d+ ms after")
"""How long a half lived after it had said something; only its own row has that figure."""

TOOK = re.compile(r"[Oo]thers took (\d+)% of the cores")

BOUND = re.compile(r"<0\.1%|>99\.9%")
"""A share that is not quite nothing or all, which no figure rounds to."""

CONSTANTS = frozenset({0.0, 1.0, 2.0, 3.0, 5.0, 16.0, 128.0, 250.0, 500.0})
"""Threads, the switch interval in ms, sizes, the window of a deadlock in ms, NumPy's limit."""


def contradictions(document: Document) -> list[str]:
    """List what a document says against its own figures; nothing if all agrees."""
    kind = str(document["format"]).rpartition("/")[2]
    return list({"run": _run, "tour": _tour, "try": _tried}[kind](document))


def _run(document: Document) -> Iterator[str]:
    environment, verdict = document["environment"], document["verdict"]
    yield from _panels(document["picture"], gil=environment["gil_enabled"])
    yield from _scaling(document["scaling"])
    yield from _responsiveness(document["responsiveness"], gil=environment["gil_enabled"])
    yield from _rows(document["patterns"])
    yield from _verdict(document)
    told = " ".join(verdict["reasons"])
    measured = document["picture"] or document["scaling"] or document["responsiveness"]
    if measured:
        yield from _busy(told, environment["machine_busy"], shown=verdict["state"] == "shown")
    names = {row["name"] for row in document["patterns"]}
    timed = len({row["name"] for row in document["patterns"] if "slow" in row["expected"]})
    known = [*_figures({**document, "verdict": None}), len(names) - timed, timed]
    yield from _made_up(told, known)


def _tried(document: Document) -> Iterator[str]:
    yield from _rows(document["patterns"])


def _tour(document: Document) -> Iterator[str]:
    environment = document["environment"]
    busy = environment["machine_busy"]
    told = [int(share) for step in document["steps"] for share in TOOK.findall(step["note"])]
    largest = int(f"{100 * busy:.0f}") if busy is not None and busy >= MIN_SHARE_TOLD else None
    if max(told, default=None) != largest:
        yield f"others took {largest}% at most, and the steps say {told}"
    for step in document["steps"]:
        for fault in _step(step, gil=environment["gil_enabled"]):
            yield f"step {step['number']}: {fault}"


def _step(step: Mapping[str, Any], *, gil: bool) -> Iterator[str]:
    shown = step["state"] == "shown"
    if shown != (step["right"] is not None) or shown != (not step["reason"]):
        yield f"is {step['state']}, right {step['right']}, because {step['reason']!r}"
    remarks = [one["remark"] for one in step["answers"]]
    for number, remark in enumerate(remarks, start=1):
        if shown and number == step["right"] and not remark.startswith("Yes"):
            yield f"the right answer is told as {remark!r}"
    for figure in step["figures"]:
        yield from _figure(figure, gil=gil)
    panels = [one for figure in step["figures"] for one in figure.get("panels", [])]
    if any(one["peak_inside"] > 1 for one in panels) and "never met" in " ".join(remarks):
        yield "two calls met in the picture, and the remarks say that they never did"
    captions = [figure.get("caption", "") for figure in step["figures"]]
    known = list(_figures(step["figures"]))
    known += _numbers(" ".join([step["question"], *(one["answer"] for one in step["answers"])]))
    yield from _made_up(" ".join([*remarks, step["reason"]]), known, CONSTANTS)
    if gil:
        yield from _impossible(step, captions)


def _impossible(step: Mapping[str, Any], captions: Sequence[str]) -> Iterator[str]:
    """Find a speed-up of held calls that cannot be, and that nothing warns of."""
    for figure in step["figures"]:
        for row in figure.get("rows", []) if figure["kind"] == "table" else []:
            gain = next(
                (one for one in row[1:] if isinstance(one, dict) and one["unit"] == "x"), None
            )
            if row[0] == "held" and gain and gain["value"] > MAX_HELD_SPEEDUP and not step["note"]:
                yield f"held calls got {gain['value']:.2f}x, and nothing warns of it {captions}"


def _figure(figure: Mapping[str, Any], *, gil: bool) -> Iterator[str]:
    kind = figure["kind"]
    if kind == "lanes":
        yield from _panels(figure["panels"], gil=figure["gil_enabled"])
    elif kind == "responsiveness":
        yield from _responsiveness(figure["rows"], gil=gil)
    elif kind == "trials":
        yield from _rows(figure["rows"])
    elif kind == "table":
        for row in figure["rows"]:
            yield from _cells(row)
            ticks = (
                row[figure["header"].index("ticks inside")]
                if "ticks inside" in figure["header"]
                else None
            )
            if (
                ticks
                and (row[-1] == "keeps") != (ticks["value"] == 0)
                and row[-1] in ("keeps", "releases")
            ):
                yield f"{row[0]} {row[-1]} the GIL, with {ticks['value']} ticks inside"


def _cells(row: Sequence[Any]) -> Iterator[str]:
    for cell in row:
        if isinstance(cell, dict) and cell["low"] is not None:
            yield from _ordered(f"the cell of {row[0]}", cell["low"], cell["value"], cell["high"])


def _panels(panels: Iterable[Mapping[str, Any]], *, gil: bool) -> Iterator[str]:
    for panel in panels:
        spans = [Span(**span) for span in panel["spans"]]
        if peak_inside(spans) != panel["peak_inside"]:
            yield f"peak inside {panel['peak_inside']}, and the spans say {peak_inside(spans)}"
        if gil and panel["gil"] == "held":
            for tick, span in ((tick, span) for tick in panel["ticker"] for span in spans):
                ends = (tick["first_ns"], tick["last_ns"])
                if any(span.enter_ns < end < span.exit_ns for end in ends):
                    yield f"a tick fell inside the held call of thread {span.thread}"


def _scaling(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        name = f"{row['gil']} on {row['threads']}"
        for quantity in ("wall_seconds", "speedup"):
            spread = row[quantity]
            yield from _ordered(
                f"{quantity} of {name}", spread["low"], spread["median"], spread["high"]
            )
        if row["threads"] == 1 and row["speedup"]["median"] != 1.0:
            yield f"one thread, {name}, got {row['speedup']['median']} of itself"
        if row["mean_inside"] > row["peak_inside"]["max"] * (1 + 1e-9):
            yield f"mean inside of {name} is above its peak inside"


def _responsiveness(rows: Iterable[Mapping[str, Any]], *, gil: bool) -> Iterator[str]:
    for row in rows:
        if gil and row["ticks_inside"] == 0 and row["gil"] == "held":
            if row["longest_stall_seconds"] < row["call_seconds"] * 0.5:
                yield "no tick fell inside a held call, and the stall was half as long or less"
            if row["ticks_per_second"]:
                yield f"no tick fell inside a held call, at {row['ticks_per_second']} ticks/s"


def _rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        for fault in _row(row):
            yield f"{row['name']} {row['half']}: {fault}"


def _row(row: Mapping[str, Any]) -> Iterator[str]:
    expected = row["expected"] if isinstance(row["expected"], list) else [row["expected"]]
    outcomes = row["outcomes"]
    if sum(outcomes.values()) != row["runs"]:
        yield f"{outcomes} of {row['runs']} runs"
    if sum(count for one, count in outcomes.items() if one in expected) != row["as_expected"]:
        yield f"{row['as_expected']} ended as expected, of {outcomes}"
    left = row["finding"] or row["death"]
    if left is None:
        return
    if left["outcome"] not in outcomes:
        yield f"the evidence is of {left['outcome']}, of {outcomes}"
    if row["finding"] and left["found"] is not None:
        right = left["found"] == left["expected"]
        if right != (left["outcome"] == "ok") or right != ("as it should be" in row["evidence"]):
            yield f"found {left['found']}, expected {left['expected']}: {left['outcome']}"
    for middle, low, high in TIMES.findall(row["evidence"]):
        one, least, most = (float(text.replace(",", "")) for text in (middle, low, high))
        yield from _ordered("the ratio", least, one, most)
        explained = "no difference" in row["evidence"] or "waited" in row["evidence"]
        if "slow" in expected and least < 1 and not explained:
            yield f"ended in {left['outcome']}, and was faster in some round"
        if (
            "slow" in expected
            and "no difference" in row["evidence"]
            and (left["outcome"] != "ok" or least > 1)
        ):
            yield f"says no difference, ended in {left['outcome']}, at {least} times and more"


def _verdict(document: Document) -> Iterator[str]:
    """Judge anew from the figures, in as few words as can be."""
    environment, verdict = document["environment"], document["verdict"]
    gil = environment["gil_enabled"]
    free = {"released"} if gil else {"held", "released"}
    refuted, unmet = [], []
    races = [
        (one["gil"], len(one["spans"]), one["peak_inside"], one["peak_inside"])
        for one in document["picture"]
    ]
    races += [
        (one["gil"], one["threads"], one["peak_inside"]["min"], one["peak_inside"]["max"])
        for one in document["scaling"]
    ]
    for mode, threads, least, most in races:
        if gil and mode == "held" and most > 1:
            refuted.append(f"held peak {most}")
        if mode in free and least < threads:
            unmet.append(f"{mode} peak {least} of {threads}")
    for row in document["responsiveness"]:
        if gil and row["gil"] == "held" and row["ticks_inside"]:
            refuted.append(f"{row['ticks_inside']} ticks inside a held call")
        if row["gil"] in free and not row["ticks_inside"]:
            unmet.append(f"no tick beside a {row['gil']} call")
        if not gil and row["gil"] == "held-collected" and row["collections_ended"]:
            refuted.append("a collection ended inside an attached call")
        if row["gil"] == "held-collected" and not row["collections_begun"]:
            unmet.append("no collection began inside an attached call")
        if row["gil"] == "released-collected" and not row["collections_ended"]:
            unmet.append("no collection ended inside a released call")
    for row in document["patterns"]:
        wrong = row["runs"] - row["as_expected"] - row["outcomes"].get("unfinished", 0)
        if wrong:
            refuted.append(f"{row['half']} {row['name']}")
        elif row["as_expected"] < row["runs"]:
            unmet.append(f"{row['half']} {row['name']} unfinished")
    if not document["results_agree"]:
        unmet.append("results differ")
    right = "contradicted" if refuted else "inconclusive" if unmet else "shown"
    if verdict["state"] != right:
        yield f"the verdict is {verdict['state']}, and the figures say {right}: {refuted or unmet}"
    yield from _counted(document)


def _counted(document: Document) -> Iterator[str]:
    told = " ".join(document["verdict"]["reasons"])
    names = {row["name"] for row in document["patterns"]}
    timed = {row["name"] for row in document["patterns"] if "slow" in row["expected"]}
    for count in re.findall(r"of (\d+) patterns, each half", told):
        if int(count) != len(names - timed):
            yield f"{count} patterns are counted, of {len(names)}, {len(timed)} of them timed"
    speedups = re.findall(r"(?:got|and|threads|held) ([\d.]+)x", told)
    medians = {f"{row['speedup']['median']:.2f}" for row in document["scaling"]}
    for told_speedup in speedups:
        if told_speedup not in medians:
            yield f"a speed-up of {told_speedup}x is in no row"
    for held in re.findall(r"as much done as one \(.*held ([\d.]+)x\)", told):
        if float(held) > MAX_HELD_SPEEDUP:
            yield f"held {held}x is told as a finding"


def _busy(told: str, busy: float | None, *, shown: bool) -> Iterator[str]:
    """Find a busy machine that a verdict of *shown* does not tell, and a share that is wrong.

    The reasons of other verdicts need not be the work of others: a half that did not finish.
    """
    took = TOOK.findall(told)
    if shown and busy is not None and busy >= MIN_SHARE_TOLD and not took:
        yield f"others took {busy:.0%}, and the verdict does not say so"
    for share in took:
        if busy is None or f"{busy:.0%}" != f"{share}%":
            yield f"others took {share}% by the verdict, {busy} by the figures"


def _ordered(name: str, low: float, middle: float, high: float) -> Iterator[str]:
    if not low <= middle <= high:
        yield f"{name}: {low} to {high} around {middle}"


def _made_up(text: str, known: Sequence[float], also: Iterable[float] = CONSTANTS) -> Iterator[str]:
    """Find numbers in sentences that no figure of the document rounds to."""
    text = BOUND.sub("", AFTER.sub("", text))
    for match in NUMBER.finditer(text):
        number = match[0].replace(",", "")
        digits = len(number.partition(".")[2])
        value = float(number)
        if value in also:
            continue
        tolerance = 0.5 * 10**-digits * (1 + 1e-6)
        if not any(
            abs(figure * scale - value) <= tolerance for figure in known for scale in SCALES
        ):
            around = text[max(0, match.start() - 50) : match.end() + 20]
            yield f"{number} is no figure: ...{around}..."


def _figures(part: Any) -> Iterator[float]:
    """List all numbers of a part of a document, those in words and the lengths of spans too."""
    if isinstance(part, bool) or part is None:
        return
    if isinstance(part, int | float):
        yield float(part)
    elif isinstance(part, str):
        yield from _numbers(part)
    elif isinstance(part, Mapping):
        if {"enter_ns", "exit_ns"} <= part.keys():
            yield float(part["exit_ns"] - part["enter_ns"])
        for member in part.values():
            yield from _figures(member)
    else:
        yield float(len(part))
        for member in part:
            yield from _figures(member)


def _numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        for found in contradictions(json.loads(Path(name).read_text())):
            print(f"{name}: {found}")
