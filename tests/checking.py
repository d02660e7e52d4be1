"""What the tests of the check share."""

from pathlib import Path

from gil_demo.check.check import check
from gil_demo.check.flow.events import Flow
from gil_demo.check.project.project import Project
from gil_demo.check.settings import Settings
from gil_demo.check.source.source import Source
from gil_demo.results.check import CheckResult, Finding

TOP = Path(__file__).parents[1]

WRONG = """\
#include <Python.h>
int f(PyObject *o)
{
    Py_BEGIN_ALLOW_THREADS
    Py_INCREF(o);
    Py_END_ALLOW_THREADS
    return 0;
}
"""
"""A file in C with one error."""


def findings(*paths: Path, level: str = "advice") -> tuple[Finding, ...]:
    """Return what a check at a level finds."""
    return result(*paths, level=level).findings


def result(*paths: Path, level: str = "advice") -> CheckResult:
    """Return all that a check at a level says."""
    return check(paths, Settings().changed(level=level))


def found(tmp_path: Path, code: str, level: str = "warning", name: str = "one.c") -> list[str]:
    """Return rule, level and line of each finding in some code."""
    file = tmp_path / name
    file.write_text(code)
    return [f"{one.rule} {one.level} {one.place.line}" for one in findings(file, level=level)]


def flow_of(code: str, name: str = "one.c") -> Flow:
    """Return the ways through the last function of some code."""
    source = Source(Path(name), code)
    project = Project([source])
    return project.flows(source.functions[-1])[0]
