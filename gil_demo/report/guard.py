"""Reports of faulty accesses to array data as text and as a document; how many were guarded."""

import linecache
import signal
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gil_demo.guarding.lines import is_interpreter
from gil_demo.notation import count
from gil_demo.report.document import json_text
from gil_demo.results.guard import (
    Block,
    Counts,
    Deed,
    GuardResult,
    NativeFrame,
    Report,
    Run,
    Settings,
    Variable,
    What,
)
from gil_demo.results.patterns import Frame
from gil_demo.results.reading import VERSION

if TYPE_CHECKING:
    from gil_demo.report.kit.report import Drawing, Texts


GUESS_FROM_BYTES = 1 << 16
"""An address farther than this from any array is a wild one; the nearest array is a guess."""

CLEARLY_NEARER = 8
"""An array that is so many times as far away as the nearest one is not shown beside it."""

NEAR_BYTES = 64
"""A distance that is nearer than any share of what lies farther away."""

MAX_CALLS = 12

PAGES: dict[What, tuple[str, ...]] = {
    "past-end": ("strided-view",),
    "before-start": ("strided-view",),
    "freed": ("borrowed-reference", "temporary-pointer", "resize-under-reader", "kept-pointer"),
    "protected": ("torn-snapshot",),
    "frozen": ("read-only-output",),
    "null": ("unchecked-arguments",),
    "freed-twice": ("refcount-race",),
    "damaged": ("strided-view",),
}
"""The pages of the gallery with causes of such an access; there are others."""

CLOSING = frozenset({"close", "__exit__", "release", "terminate", "shutdown", "dispose"})
"""Methods by which Python code frees early what an object has."""

ACCESSES = {"read": "C read", "write": "C wrote to", "access": "C accessed"}


def report_text(report: Report) -> str:
    """Return one report, for a terminal or a log."""
    lines = [f"== gil-demo guard: {headline(report)}"]
    if report.label:
        lines.append(f"   during {report.label}")
    lines += [f"   {_where(report)}"]
    if report.what != "damaged":  # then these only show who noticed, not who wrote
        lines += _section(
            "Python code of this thread, innermost call first:", _calls(report.python)
        )
        lines += _section("C code of this thread, innermost call first:", _native(report.native))
    for number, block in enumerate(_worth_showing(report.blocks)):
        lines += _block(block, number > 0)
    lines += _section("Variables of this thread that have these data:", _variables(report))
    pages = pages_of(report)
    if pages:
        lines.append(f"   Possible causes, for gil-demo show: {', '.join(pages)}")
    return "\n".join(lines) + "\n"


def pages_of(report: Report) -> tuple[str, ...]:
    """Return the pages of the gallery that explain an access; none where the cause is open.

    The interpreter itself meets NULL for many reasons, such as a missing GIL.
    """
    if report.what == "null" and any(map(is_interpreter, report.native[:1])):
        return ()
    after_free = report.what == "damaged" and report.blocks[0].place == "inside"
    usual = PAGES.get("freed" if after_free else report.what, ())
    return tuple(dict.fromkeys((*_telling(report), *usual)))


def _telling(report: Report) -> Iterator[str]:
    """Yield a page that fits the facts of this report better than those for all such accesses."""
    freed = report.blocks[0].freed if report.blocks else None
    if report.what == "freed" and freed and freed.python and not report.python:
        yield "kept-pointer"  # a thread that Python does not know: the call has returned
    if report.what == "freed" and freed and any(one.function in CLOSING for one in freed.python):
        yield "closed-under-call"
    if report.what == "past-end" and report.access == "write":
        yield "count-then-fill"


def _worth_showing(blocks: Sequence[Block]) -> Sequence[Block]:
    """Leave out the less near array where there is no doubt which one was missed."""
    if len(blocks) < 2:
        return blocks
    nearest, other = blocks
    doubtful = other.distance <= CLEARLY_NEARER * max(nearest.distance, NEAR_BYTES)
    return blocks if doubtful else blocks[:1]


def headline(report: Report) -> str:
    """Return what was wrong, in one sentence."""
    verb = ACCESSES.get(report.access, "C accessed")
    block = report.blocks[0] if report.blocks else None
    match report.what:
        case "freed" if block:
            return f"{verb} byte {block.distance:,} of an array's data after they were freed."
        case "past-end" | "before-start" if block and block.distance > GUESS_FROM_BYTES:
            return f"{verb} an address that no array has; the nearest data are far away."
        case "past-end" | "before-start" if block:
            return f"{verb} {_miss(block)}."
        case "protected" if block:
            return f"{verb} byte {block.distance:,} of an array that is protected from writing."
        case "frozen" if block:
            return f"{verb} byte {block.distance:,} of a frozen, read-only array."
        case "inside":
            return f"{verb} an array's data while they could not be accessed."
        case "null":
            return f"{verb} address {report.address:#x}: a NULL pointer, or an offset from one."
        case "impossible":
            return f"{verb} an address that no program can have."
        case "elsewhere":
            return f"{verb} an address that is not near any guarded data."
        case "freed-twice":
            return "An array's data were freed twice."
        case "not-a-start":
            return "Memory was freed by an address at which no array's data begin."
        case "damaged" if block and report.damage:
            return f"{_damage(report)}; noticed {_when_found(block)}."
    return "An access to array data went wrong."


def _miss(block: Block) -> str:
    gone = " that had been freed" if block.state == "freed" else ""
    if block.place == "before-start":
        return f"{count(block.distance, 'byte')} before the start of an array's data{gone}"
    if block.distance == 0:
        return f"the first byte past the end of an array's data{gone}"
    return f"{count(block.distance, 'byte')} past the end of an array's data{gone}"


def _damage(report: Report) -> str:
    damage, block = report.damage, report.blocks[0]
    assert damage is not None
    shown = " ".join(f"{byte:02x}" for byte in damage.found)
    if block.place == "inside":
        where = f"from byte {block.distance:,} of an array's data on, after they were freed"
    elif block.place == "before-start":
        where = f"from {count(block.distance, 'byte')} before the start of an array's data on"
    elif block.distance == 0:
        where = "right after the end of an array's data"
    else:
        where = f"from {count(block.distance, 'byte')} past the end of an array's data on"
    return f"C changed {count(damage.bytes, 'byte')} {where} (now {shown})"


def _when_found(block: Block) -> str:
    return "when the array was freed" if block.state == "freed" else "by looking at all arrays"


def _where(report: Report) -> str:
    main = ", the main thread" if report.thread == report.process else ""
    return (
        f"address {report.address:#x}, process {report.process}, thread {report.thread}{main},"
        f" {report.seconds:.3f} s after the guard began"
    )


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"   {title}", *(f"     {line}" for line in lines)] if lines else []


def _calls(calls: Sequence[Frame]) -> list[str]:
    """Return a Python stack with its source lines."""
    lines: list[str] = []
    for call in calls[:MAX_CALLS]:
        lines.append(f'File "{call.file}", line {call.line}, in {call.function}')
        source = linecache.getline(call.file, call.line).strip()
        if source:
            lines.append(f"  {source}")
    if len(calls) > MAX_CALLS:
        lines.append(f"and {len(calls) - MAX_CALLS} more")
    return lines


def _native(calls: Sequence[NativeFrame]) -> list[str]:
    lines = []
    for call in calls[:MAX_CALLS]:
        where = f"{call.file}:{call.line}" if call.file else Path(call.module).name
        unnamed = "a function without a name (compile it with -g)"
        lines.append(f"{call.function or unnamed} at {where}")
        if call.file and call.line:
            source = linecache.getline(call.file, call.line).strip()
            lines += [f"  {source}"] if source else []
    return lines


def _block(block: Block, other: bool) -> list[str]:
    name = f"{count(block.size, 'byte')} at {block.start:#x}, array no. {block.number:,}"
    if other:
        gone = ", freed" if block.state == "freed" else ""
        where = {
            "inside": f"{count(block.distance, 'byte')} after the first byte",
            "past-end": f"{count(block.distance, 'byte')} past the end",
            "before-start": f"{count(block.distance, 'byte')} before the start",
        }[block.place]
        return [f"   Or, less near: {where} of {name}{gone}"]
    lines = [f"   The array's data: {name}"]
    lines += _deed("allocated", block.allocated)
    if block.freed:
        lines += _deed("freed", block.freed)
    return lines


def _deed(name: str, deed: Deed) -> list[str]:
    where = "" if deed.python else ", by code without Python frames or without the GIL"
    lines = [f"     {name} at {deed.seconds:.3f} s by thread {deed.thread}{where}"]
    return lines + [f"       {line}" for line in _calls(deed.python)]


def _variables(report: Report) -> list[str]:
    return [_variable(variable) for variable in report.variables]


def _variable(variable: Variable) -> str:
    key = "" if variable.key is None else f"[{variable.key!r}]"
    where = (
        f"global of {Path(variable.file).name}"
        if variable.scope == "global"
        else f"in {variable.function}"
    )
    view = f", from byte {variable.offset:,} on" if variable.offset else ""
    locked = ", read-only" if variable.read_only else ""
    return (
        f"{variable.name}{key} ({where}): {variable.dtype}, shape {variable.shape},"
        f" strides {variable.strides}{view}{locked}"
    )


def closing_lines(run: Run) -> Iterator[str]:
    """Yield what to say when a program has ended; how many arrays were guarded comes last."""
    if run.signal is not None:
        yield f"the program died of {_signal_name(run.signal)}"
        if run.signal in (signal.SIGSEGV, signal.SIGBUS) and not run.reports:
            yield (
                "nothing could be reported of it: the signal was sent, or the program handles it"
                " itself, or NumPy was not yet imported"
            )
    if run.settings.alignment == 0 and run.signal == signal.SIGSEGV and _unexplained(run):
        yield (
            "arrays were aligned as their size allows; code that relies on malloc's 16 bytes"
            " can fail by that: --align 16 tells"
        )
    if run.reports and not run.frames_known:
        yield "the frames of this Python are not known here: the reports have no Python code"
    if run.counts.stacks_lost:
        yield f"the stacks of {run.counts.stacks_lost:,} allocations found no room"
    yield guarded_line(run.counts, run.settings)


def _unexplained(run: Run) -> bool:
    return any(report.what in ("impossible", "elsewhere") for report in run.reports)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def guarded_line(counts: Counts, settings: Settings) -> str:
    """Return how many of how many arrays were guarded, and why not all."""
    if counts.processes == 0:
        return "0 of 0 arrays were guarded: no process imported NumPy under the guard"
    reasons = {
        f"1 in {settings.sample} was asked for": counts.sampled_out,
        "the memory for rounding up to pages was used up": counts.over_waste,
        "the mappings of this process were used up": counts.over_live,
        "the address space has no room for them": counts.no_room,
    }
    spared = "; ".join(f"{number:,} not: {why}" for why, number in reasons.items() if number)
    processes = f" in {counts.processes} processes" if counts.processes > 1 else ""
    line = f"{counts.guarded:,} of {counts.asked:,} arrays were guarded{processes}"
    if settings.method == "poison":
        line += ", by poison only: no read is seen"
    elif "mappings" in counts.methods:
        line += ", by mappings: guard markers need Linux 6.13, and memory that is not locked"
    return f"{line} ({spared})" if spared else line


@dataclass(frozen=True, slots=True)
class GuardReport:
    """What came of a guarded program, in every form."""

    result: GuardResult

    def screen(self) -> "Drawing":
        """Return all reports, and below them how each run ended."""
        from rich.text import Text

        texts = [report_text(report) for run in self.result.runs for report in run.reports]
        ends = [f"{line}\n" for run in self.result.runs for line in closing_lines(run)]
        return Text("".join([*texts, *ends]).rstrip("\n"))

    def texts(self) -> "Texts":
        """Return what makes each text, by the option that asks for it."""
        return {"json": lambda: json_text(guard_document(self.result))}


def guard_document(result: GuardResult) -> dict[str, Any]:
    """Make the document that the command prints with --json, as plain data."""
    content = asdict(result)
    for run, shown in zip(result.runs, content["runs"], strict=True):
        for report, entry in zip(run.reports, shown["reports"], strict=True):
            entry["sentence"] = headline(report)
            entry["pages"] = list(pages_of(report))
            del entry["told"]
    return {
        "format": "gil-demo/guard",
        "version": VERSION,
        **content,
        "exit_code": result.exit_code,
    }
