"""The JSON documents keep their schemas, and the schemas leave nothing open."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry

from gil_demo.gallery.registry import load_all
from gil_demo.host.doctor import examine
from gil_demo.report.document import (
    doctor_document,
    list_document,
    run_document,
    schema,
    tour_document,
    try_document,
)
from gil_demo.results.host import Examination
from gil_demo.results.lesson import Cell, Code, Lanes, Line, Responsiveness, Seen, Table, Trials
from gil_demo.results.patterns import TryResult
from gil_demo.results.run import RunResult
from gil_demo.tour import lesson
from gil_demo.tour.kept import result_of
from gil_demo.tour.walk import Walk
from gil_demo.words import Half, Kernel, Mode, Outcome, State

Document = dict[str, Any]

NAMES = ["run", "doctor", "list", "try", "tour"]

WATCHING = ["watch", "probe", "probes", "selftest"]
"""Documents of the watch; what writes them is tested with the commands."""


SCHEMAS: Registry[Any] = Registry().with_contents(
    (f"{name}.schema.json", schema(name)) for name in NAMES
)


def validator_of(name: str) -> Draft202012Validator:
    """What holds documents against a schema, which may refer to the others."""
    return Draft202012Validator(schema(name), registry=SCHEMAS)


def check(document: Document) -> None:
    """Hold a document against the schema of its format."""
    validator_of(document["format"].removeprefix("gil-demo/")).validate(document)


@pytest.fixture(scope="module")
def examination() -> Examination:
    """What the doctor says here."""
    return examine()


def walked(made: RunResult) -> Walk:
    """A way through a lesson of one step, whose run shows that the second answer is right."""
    figures = (
        Table(("", "time"), (("one", Cell(1.5, "ms", 1, 1.0, 2.0)), ("two", None)), "Why."),
        Code("a.c", (Line(3, "return 0;", "the end"),)),
        Lanes(made.picture, gil_enabled=True),
        Responsiveness(made.responsiveness, 3),
        Trials(made.patterns),
    )
    seen = Seen.shown(1, ("No.", "Yes."), figures)
    (step,) = lesson.part(1, 1)
    walk = Walk([replace(step, answers=("a", "b"), run=lambda progress: seen)])
    walk.go("forward")
    walk.run(lambda done, steps: None)
    return walk


@pytest.fixture
def documents(made: RunResult, examination: Examination) -> dict[str, Document]:
    """A document of each kind, as it is after printing and reading."""
    plain = {
        "run": run_document(made),
        "doctor": doctor_document(examination),
        "list": list_document(load_all()[:2]),
        "try": try_document(TryResult(made.patterns, made.environment)),
        "tour": tour_document(result_of(walked(made))),
    }
    return {name: json.loads(json.dumps(document)) for name, document in plain.items()}


def objects(part: Any, path: str = "") -> Iterator[tuple[str, Document]]:
    """Every part of a schema that describes an object."""
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield path, part
        for name, inner in part.items():
            yield from objects(inner, f"{path}/{name}")


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_a_schema(name: str) -> None:
    """It follows JSON Schema draft 2020-12, and says so."""
    loaded = schema(name)
    assert loaded["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(loaded)
    assert loaded["title"] == f"gil-demo {name} --json"


@pytest.mark.parametrize("name", [*NAMES, *WATCHING])
def test_a_schema_leaves_no_object_open(name: str) -> None:
    """Every object lists all its keys, requires each of them, and allows no other."""
    found = dict(objects(schema(name)))
    assert "" in found
    for path, part in found.items():
        if path.endswith("/outcomes"):
            assert part["propertyNames"] == {"$ref": "#/$defs/outcome"}  # counts by known names
        else:
            assert part["additionalProperties"] is False, path
            assert set(part["required"]) == set(part["properties"]), path


def test_an_environment_is_the_same_in_every_document() -> None:
    """What one document says of Python and the machine, the other says in the same words."""
    environments = [schema(name)["$defs"]["environment"] for name in ("run", "doctor")]
    assert environments[0] == environments[1]


@pytest.mark.parametrize("name", NAMES)
def test_documents_keep_their_schema(name: str, documents: dict[str, Document]) -> None:
    """What is printed is what the schema promises, with its format and version."""
    check(documents[name])
    assert documents[name]["format"] == f"gil-demo/{name}"
    assert documents[name]["version"] == 2


def test_words_are_the_same_in_code_and_schema() -> None:
    """Kernels, modes, states and outcomes of the program are those that the schema lists."""
    run = schema("run")
    settings = run["properties"]["settings"]["properties"]
    assert settings["kernel"]["enum"] == list(get_args(Kernel))
    for row in ("scaling_row", "span", "panel"):
        assert run["$defs"][row]["properties"]["gil"]["enum"] == list(get_args(Mode))
    assert run["$defs"]["outcome"]["enum"] == list(get_args(Outcome))
    assert run["$defs"]["pattern_row"]["properties"]["half"]["enum"] == list(get_args(Half))
    assert run["properties"]["verdict"]["properties"]["state"]["enum"] == list(get_args(State))


def paths(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every object of a document is."""
    if isinstance(part, dict):
        yield path
    inner = part.items() if isinstance(part, dict) else enumerate(part)
    for key, value in inner:
        if isinstance(value, dict | list):
            yield from paths(value, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


@pytest.mark.parametrize("name", NAMES)
def test_a_document_with_a_key_too_many_or_too_few_is_refused(
    name: str, documents: dict[str, Document]
) -> None:
    """Any key lost or added anywhere breaks the contract, and is noticed."""
    validator = validator_of(name)
    whole = documents[name]
    for path in paths(whole):
        with_more = deepcopy(whole)
        at(with_more, path)["unknown"] = 1
        assert not validator.is_valid(with_more), path
        if path[-1:] == ("outcomes",):
            continue  # of the outcomes only those that happened are listed
        for key in at(whole, path):
            with_less = deepcopy(whole)
            del at(with_less, path)[key]
            assert not validator.is_valid(with_less), (*path, key)


WRONG: list[tuple[tuple[Any, ...], Any]] = [
    (("environment", "machine_busy"), 1.5),
    (("environment", "cores"), 0),
    (("environment", "gil_enabled"), "yes"),
    (("settings", "kernel"), "product"),
    (("settings", "threads"), [1, 1]),
    (("settings", "threads"), []),
    (("settings", "rounds"), 0),
    (("scaling", 0, "gil"), "alone"),
    (("scaling", 0, "wall_seconds", "low"), -0.1),
    (("scaling", 0, "peak_inside", "max"), 1.5),
    (("scaling", 0, "mean_inside"), 0.5),
    (("responsiveness", 0, "gil"), "native"),
    (("responsiveness", 1, "ticks_inside"), -1),
    (("spans", 0, "thread"), 0),
    (("spans", 0, "enter_ns"), 1.5),
    (("patterns", 0, "half"), "both"),
    (("patterns", 0, "outcomes"), {"fine": 1}),
    (("patterns", 0, "outcomes"), {}),
    (("verdict", "state"), "maybe"),
    (("verdict", "reasons"), []),
    (("format",), "gil-demo/doctor"),
    (("version",), 1),
    (("picture", 0, "spans"), []),
    (("picture", 0, "peak_inside"), 0),
    (("picture", 0, "ticker", 0, "ticks"), 0),
]


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_a_value_that_cannot_be_is_refused(
    path: tuple[Any, ...], value: Any, documents: dict[str, Document]
) -> None:
    """Unknown words, negative times, empty lists: the schema knows what can be."""
    validator = Draft202012Validator(schema("run"))
    assert validator.is_valid(documents["run"])
    at(documents["run"], path[:-1])[path[-1]] = value
    assert not validator.is_valid(documents["run"])


def test_what_a_system_does_not_tell_is_null(made: RunResult) -> None:
    """A machine that does not say how busy it is gives null, which is allowed."""
    unknown = replace(made, environment=replace(made.environment, machine_busy=None))
    document = run_document(unknown)
    assert document["environment"]["machine_busy"] is None
    check(json.loads(json.dumps(document)))


def test_the_spans_of_the_picture_are_in_the_document(made: RunResult) -> None:
    """Every call that is drawn can be drawn again from the document."""
    spans = run_document(made)["spans"]
    assert [(span["gil"], span["thread"]) for span in spans] == [
        ("held", 1),
        ("held", 2),
        ("released", 1),
        ("released", 2),
    ]
    assert spans[0]["exit_ns"] - spans[0]["enter_ns"] == 30_000_000


def test_a_run_without_sections_is_still_a_document(made: RunResult) -> None:
    """What was not measured is an empty list, never missing."""
    bare = run_document(
        replace(made, picture=(), spans=(), scaling=(), responsiveness=(), patterns=())
    )
    check(json.loads(json.dumps(bare)))
    assert [list(bare["spans"]), list(bare["scaling"]), list(bare["responsiveness"])] == [
        [],
        [],
        [],
    ]
