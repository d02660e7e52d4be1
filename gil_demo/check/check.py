"""Checks files: from paths to findings."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from gil_demo.check import grammar, rule
from gil_demo.check.flow.events import Event, Flow
from gil_demo.check.project.own import Own
from gil_demo.check.project.project import Project
from gil_demo.check.rule import CheckedFile, Found, Rule
from gil_demo.check.settings import Settings
from gil_demo.check.source.collect import collect
from gil_demo.check.source.functions import MAX_FUNCTIONS, MAX_NAME
from gil_demo.check.source.source import Function, Source
from gil_demo.check.suppression import Suppressions
from gil_demo.results.check import CheckResult, Finding, Place, Step
from gil_demo.words import LEVELS, Level

WORD = re.compile(rf"\w{{1,{MAX_NAME}}}")


def check(paths: Iterable[Path], settings: Settings) -> CheckResult:
    """Check files and folders.

    Raises:
        BadInput: If the parser is not installed, a rule is unknown, or a path is not there.
    """
    rules = _selected(settings)
    sources, unreadable = collect(list(paths), settings.exclude)
    own = Own(
        *map(frozenset, (settings.needs_gil, settings.free, settings.releases, settings.takes))
    )
    project = Project(sources, own)
    flows: dict[Path, list[Flow]] = {}
    if project.has_blocks:
        grammar.ensure_available()
        flows = project.blocks()
    findings: list[Finding] = []
    for source in sources:
        if flows and source.unread_from is not None:
            unreadable.append((str(source.path), _why_in_part(source, source.unread_from)))
        if source.path in flows:
            file = CheckedFile(source, flows[source.path], project)
            findings += _in_file(file, rules, settings.level)
    return _result(findings, sources, flows, unreadable, settings)


def check_text(name: str, text: str, level: Level = "warning") -> tuple[Finding, ...]:
    """Check the text of one file that need not be on disk.

    Raises:
        BadInput: If the parser is not installed.
    """
    source = Source(Path(name), text.encode().decode("latin-1"))
    grammar.ensure_available()
    project = Project([source])
    file = CheckedFile(source, project.blocks().get(source.path, []), project)
    found = _in_file(file, rule.load_all(), level)
    return tuple(sorted(found, key=lambda one: (one.place.line, one.rule)))


def _why_in_part(source: Source, offset: int) -> str:
    line = source.line(offset)
    return f"has more than {MAX_FUNCTIONS:,} functions: those from line {line:,} on are not read"


def _selected(settings: Settings) -> tuple[Rule, ...]:
    chosen = tuple(rule.find(name) for name in settings.select) or rule.load_all()
    ignored = {rule.find(name).name for name in settings.ignore}
    return tuple(one for one in chosen if one.name not in ignored)


def _in_file(file: CheckedFile, rules: tuple[Rule, ...], level: Level) -> Iterator[Finding]:
    """Yield the findings in one file, one for each cause."""
    for one in rules:
        if LEVELS.index(one.level) > LEVELS.index(level):
            continue
        by_cause: dict[tuple[object, ...], list[Found]] = {}
        for found in one.find(file):
            if LEVELS.index(found.level) <= LEVELS.index(level):
                by_cause.setdefault(found.cause, []).append(found)
        for group in by_cause.values():
            yield _finding(file, one, group)


def _finding(file: CheckedFile, one: Rule, group: list[Found]) -> Finding:
    """Make one finding of all places that have the same cause."""
    group.sort(key=lambda found: (LEVELS.index(found.level), found.start))
    first = group[0]
    source = first.flow.function.source
    others = sorted({(f.start, f.stop) for f in group if f.start != first.start})
    place = _place(source, first.start, first.stop)
    line = source.line_text(place.line)
    name = first.flow.function.name
    return Finding(
        rule=one.name,
        pattern=first.pattern or one.pattern,
        level=first.level,
        place=place,
        function=name,
        released_at=source.line(first.released) if first.released is not None else None,
        message=first.message,
        instead=first.instead or one.instead,
        way=_way(first, place, file.project.by_path),
        places=tuple(_place(source, start, stop) for start, stop in others),
        source_line=line,
        fingerprint=_fingerprint(one.name, source.path.name, name, line),
    )


def _fingerprint(*parts: str) -> str:
    text = "\0".join(" ".join(part.split()) for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _place(source: Source, start: int, stop: int) -> Place:
    line = source.line(start)
    column = source.column(start)
    ends_here = stop > start and source.line(stop - 1) == line
    end = source.column(stop - 1) + 1 if ends_here else len(source.line_text(line)) + 1
    return Place(str(source.path), line, column, max(end, column + 1))


def _way(found: Found, place: Place, sources: dict[str, Source]) -> tuple[Step, ...]:
    """Return the stations in order; the release first and the place itself last."""
    flow = found.flow
    source = flow.function.source
    steps = []
    if found.released is not None:
        word = WORD.match(source.code, found.released)
        name = word.group() if word is not None else "a block"
        at = _place(source, found.released, found.released + len(name))
        steps.append(Step(at, f"{name} releases the GIL"))
    for path, offset, text in found.way:
        other = source if path == str(source.path) else sources.get(path)
        if other is not None:
            steps.append(Step(_place(other, offset, offset + 1), text))
    if not any(
        (s.place.line, s.place.column) == (place.line, place.column) and s.place.file == place.file
        for s in steps
    ):
        steps.append(Step(place, found.message))
    return tuple(steps)


def _result(
    findings: list[Finding],
    sources: list[Source],
    flows: dict[Path, list[Flow]],
    unreadable: list[tuple[str, str]],
    settings: Settings,
) -> CheckResult:
    findings.sort(key=lambda f: (f.place.file, f.place.line, f.place.column, f.rule))
    findings = list(_numbered(findings))
    fresh = [finding for finding in findings if finding.fingerprint not in settings.baseline]
    suppressions = Suppressions(sources)
    kept = [finding for finding in fresh if not suppressions.suppress(finding)]
    every = [flow for group in flows.values() for flow in group]
    not_whole = {id(flow.function): flow.function for flow in every if not flow.understood}
    seen = rule.patterns_seen()
    everything = rule.all_patterns()
    return CheckResult(
        findings=tuple(kept),
        files=len(sources),
        lines=sum(source.text.count("\n") for source in sources),
        blocks=_count(every, _is_begin),
        functions=len({id(flow.function) for flow in every}),
        functions_not_understood=len(not_whole),
        not_whole=tuple(sorted(map(_named_at, not_whole.values()), key=_order)),
        calls_not_followed=_count(every, _is_not_followed),
        unreadable=tuple(unreadable),
        suppressed=len(fresh) - len(kept),
        in_baseline=len(findings) - len(fresh),
        unused=suppressions.unused(),
        patterns_seen=tuple(name for name in everything if name in seen),
        patterns_unseen=tuple(name for name in everything if name not in seen),
    )


def _count(flows: list[Flow], wanted: Callable[[Event], bool]) -> int:
    """Count the places of some events; readings of one function have the same places."""
    return len(
        {
            (flow.function.source.path, event.start)
            for flow in flows
            for event in flow.events
            if wanted(event)
        }
    )


def _is_begin(event: Event) -> bool:
    return event.kind == "begin"


def _is_not_followed(event: Event) -> bool:
    return event.kind == "pointer" and bool(event.seen.released)


def _named_at(function: Function) -> Place:
    """Return where a function's name stands."""
    return _place(function.source, function.start, function.start + 1)


def _order(place: Place) -> tuple[str, int, int]:
    return place.file, place.line, place.column


def _numbered(findings: list[Finding]) -> Iterator[Finding]:
    """Tell findings on equal lines apart, in the order of the file."""
    counts: dict[str, int] = {}
    for finding in findings:
        count = counts[finding.fingerprint] = counts.get(finding.fingerprint, 0) + 1
        if count > 1:
            finding = replace(finding, fingerprint=f"{finding.fingerprint}-{count}")
        yield finding
