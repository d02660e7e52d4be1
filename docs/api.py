"""The generated part of python-api.md: what the functions take and give, from the source."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from textwrap import dedent
from typing import Any, get_args

from gil_demo import api, words
from gil_demo.gallery.page import page_parts
from gil_demo.report.markdown import markdown
from gil_demo.report.run import RunReport
from gil_demo.report.watching_probe import ProbeReport
from gil_demo.results import host, numbers, patterns, run, watching
from gil_demo.results.guard import Write

RESULTS = {
    name: found
    for module in (numbers, host, patterns, run, watching)
    for name, found in vars(module).items()
    if isinstance(found, type)
}


FUNCTIONS: tuple[Callable[..., Any], ...] = (
    api.race,
    api.probe,
    api.watch,
    api.hold_gil,
    api.release_gil,
)


def reference() -> str:
    """Describe the functions, the data of their results, and the words."""
    classes: list[type] = [RunReport, ProbeReport, watching.WatchResult, watching.ThreadTotals]
    for one in classes:  # which grows meanwhile
        named = re.findall(r"\w+", " ".join(_annotations(one).values()))
        found = (RESULTS[name] for name in named if name in RESULTS)
        classes += [cls for cls in dict.fromkeys(found) if cls not in classes]
    functions = map(_function, FUNCTIONS)
    guards: list[Callable[..., Any]] = [api.guard, api.protect, api.watch_writes, api.frozen]
    parts = (
        *functions,
        *map(_dataclass, classes),
        *map(_function, guards),
        _dataclass(Write),
        _words(classes),
    )
    return "\n".join(line for part in parts for line in part)


def _function(function: Callable[..., Any]) -> Iterator[str]:
    source = inspect.getsource(function)
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef)
    head = "\n".join(source.splitlines()[node.lineno - 1 : node.body[0].lineno - 1])
    signature = re.sub(r"(?<== )[A-Z_]+\b", lambda name: _value(name[0]), head)
    yield f"## gil_demo.{function.__name__}\n"
    yield f"```text\n{signature.removeprefix('def ').removesuffix(':')}\n```\n"
    summary, sections = page_parts(function.__doc__ or "")
    yield f"{markdown(summary)}\n"
    for heading, text in sections.items():
        yield f"**{heading}**\n"
        named = re.sub(r"^(\w+): ", r"- `\1`: ", text, flags=re.MULTILINE)
        yield f"{markdown(named).strip()}\n"


def _value(constant: str) -> str:
    value = vars(api)[constant]
    return repr(tuple(sorted(value)) if isinstance(value, frozenset) else value)


def _dataclass(cls: type) -> Iterator[str]:
    text = "\n\n".join(inspect.cleandoc(one.__doc__ or "") for one in cls.__mro__[:-1])
    yield f"## {cls.__name__}\n\n{markdown(text)}\n"
    yield "| field | type |\n| --- | --- |"
    for field, annotation in _annotations(cls).items():
        yield f"| `{field}` | `{annotation.replace('|', chr(92) + '|')}` |"
    yield ""


def _annotations(cls: type) -> dict[str, str]:
    """Read the types of all fields as the source spells them, which no Python version changes."""
    found: dict[str, str] = {}
    for one in reversed(cls.__mro__[:-1]):
        (node,) = ast.parse(dedent(inspect.getsource(one))).body
        assert isinstance(node, ast.ClassDef)
        fields = (field for field in node.body if isinstance(field, ast.AnnAssign))
        found |= {ast.unparse(field.target): ast.unparse(field.annotation) for field in fields}
    return found


def _words(classes: list[type]) -> Iterator[str]:
    used = " ".join([*map(inspect.getsource, FUNCTIONS), *map(inspect.getsource, classes)])
    yield "## Words\n\n| type | is one of |\n| --- | --- |"
    for name, word in vars(words).items():
        if get_args(word) and re.search(rf"\b{name}\b", used):
            yield f"| `{name}` | {', '.join(f'`{choice!r}`' for choice in get_args(word))} |"
