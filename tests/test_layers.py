"""Imports point one way, and each command loads only what it needs."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from command_line import Command

import gil_demo

PACKAGE = Path(gil_demo.__file__).parent

CONTRIBUTING = PACKAGE.parent / "CONTRIBUTING.md"

(LIST,) = re.findall(
    r"## The layers\n.*?```text\n(.*?)```", CONTRIBUTING.read_text("utf-8"), re.DOTALL
)

LAYERS = [line.split(", ") for line in LIST.splitlines()]
"""The rooms of the package, a layer a line, as CONTRIBUTING.md lists them."""

FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(file: Path) -> str:
    """The dotted name of a module of the package."""
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in FILES}


def imported(file: Path) -> Iterator[tuple[str, ast.AST]]:
    """Every dotted name that a file imports, whether at its top or inside a function."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written in full"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node


def module_of(name: str) -> str | None:
    """The module of this package that an imported name is, or lies in."""
    while name:
        if name in MODULES:
            return name
        name = name.rpartition(".")[0]
    return None


def dependencies(name: str) -> set[str]:
    """The modules of this package that one of them imports."""
    found = {module_of(imported_name) for imported_name, _ in imported(MODULES[name])}
    return {one for one in found if one is not None} - {name}


def room(name: str) -> str:
    """The part of the package that a module lies in, '' for the package itself."""
    return name.removeprefix("gil_demo").strip(".").partition(".")[0]


def layer(name: str) -> int:
    """The number of the layer of a module's room."""
    (number,) = [number for number, rooms in enumerate(LAYERS) if room(name) in rooms]
    return number


ROOMED = [name for name in MODULES if room(name)]


def test_every_room_has_its_layer() -> None:
    """The list names each room of the package once, and no room that does not exist."""
    assert {"gil_demo", "gil_demo.cli", "gil_demo.measuring.race"} <= set(MODULES)
    assert sorted(one for rooms in LAYERS for one in rooms) == sorted(set(map(room, ROOMED)))


@pytest.mark.parametrize("name", ROOMED)
def test_imports_point_one_way(name: str) -> None:
    """A module imports its own room and those in the layers above."""
    others = {one for one in dependencies(name) if room(one) and room(one) != room(name)}
    assert {other for other in others if layer(other) >= layer(name)} == set()


def test_nothing_imports_itself_in_a_circle() -> None:
    """Any module can be read knowing only those it imports.

    The package itself is left out: it offers `race` by loading it when asked.
    """
    graph = {name: dependencies(name) - {"gil_demo"} for name in MODULES if name != "gil_demo"}
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


@pytest.mark.parametrize(
    ("library", "where"),
    [("rich", "gil_demo.report"), ("click", "gil_demo.cli"), ("cffi", "nowhere")],
)
def test_only_one_place_knows_a_library(library: str, where: str) -> None:
    """Rich draws the reports, click reads the command line, and nothing else knows them."""
    users = {
        name
        for name, file in MODULES.items()
        if any(other.partition(".")[0] == library for other, _ in imported(file))
    }
    assert all(name.startswith(where) for name in users)


def test_results_need_only_the_standard_library(python: Command) -> None:
    """Whoever reads results needs nothing that is not part of Python."""
    ended = python(
        "import sys; before = set(sys.modules); import gil_demo.results.run;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before}"
        " - sys.stdlib_module_names)"
    )
    assert ended.stdout.split() == ["gil_demo"], ended.stderr


LOADED = """
import sys
try:
    {statement}
finally:
    print(*sys.modules, file=sys.stderr)
"""


def loaded_by(python: Command, statement: str, *arguments: str) -> set[str]:
    """All modules that are loaded once a statement has been carried out."""
    ended = python(LOADED.format(statement=statement), *arguments)
    assert "Traceback" not in ended.stderr
    return set(ended.stderr.splitlines()[-1].split())


def test_measuring_draws_nothing(python: Command) -> None:
    """The measuring core loads neither what draws nor what reads command lines."""
    modules = loaded_by(python, "import gil_demo.measuring.measure")
    assert {"gil_demo._held", "gil_demo._released", "numpy"} <= modules
    assert modules & {"rich", "click"} == set()


LIGHT = [["--help"], ["-h"], ["--version"], ["run", "--help"], ["run", "--size", "0"], ["rum"]]


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_help_loads_nothing_heavy(arguments: list[str], python: Command) -> None:
    """Help, the version and a mistyped option come without NumPy, rich and the C modules."""
    modules = loaded_by(python, "from gil_demo.__main__ import main; main()", *arguments)
    assert "click" in modules
    heavy = {
        "numpy",
        "rich",
        "gil_demo._held",
        "gil_demo._released",
        "gil_demo.native.kernels",
    }
    assert modules & heavy == set()
