"""The lesson in a notebook: the question, then the run on request, with buttons or with calls."""

import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from command_line import Command

import gil_demo
from gil_demo.exit_codes import BAD_INPUT
from gil_demo.results.lesson import Seen
from gil_demo.tour import lesson


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The first step takes no time and always shows the same."""
    seen = Seen.shown(1, ("No.", "Yes."), ())
    monkeypatch.setattr("gil_demo.tour.steps.one_lock.run", lambda progress: seen)
    lesson.load_all.cache_clear()
    yield
    monkeypatch.undo()
    lesson.load_all.cache_clear()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """All that was displayed; IPython is not installed here."""
    displayed: list[Any] = []
    module = ModuleType("IPython.display")
    module.__dict__["display"] = lambda one, raw=False: displayed.append(one)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    return displayed


def test_a_step_asks_first_and_runs_when_told_to() -> None:
    """The question says how to go on; the prediction is marked in the answer."""
    step = gil_demo.tour(1)
    first = lesson.load_all()[0]
    assert first.question in " ".join(repr(step).split())
    assert first.remember not in repr(step)
    assert "gil_demo.tour(1).run(N)" in repr(step)
    ran = repr(step.run(3))
    assert first.remember in ran
    assert "(yours)" in ran
    assert "(yours)" not in repr(step.run())


def test_a_step_on_a_busy_machine_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell warns of times that say little, as a terminal does."""
    monkeypatch.setattr("gil_demo.host.machine.BusyMeter.share", lambda meter: 0.83)
    assert "Others took 83% of the cores" in repr(gil_demo.tour(1).run())


def test_what_is_shown_in_a_cell_has_no_terminal_links() -> None:
    """HTML, or text where HTML is not shown; neither has an escape sequence."""
    forms = gil_demo.tour(1).run()._repr_mimebundle_()
    assert set(forms) == {"text/plain", "text/html"}
    assert not any("\x1b" in text for text in forms.values())


@pytest.mark.parametrize("number", [0, 13])
def test_a_step_that_the_lesson_lacks_is_refused(number: int) -> None:
    """The message says which there are."""
    with pytest.raises(LookupError, match="1 to 12"):
        gil_demo.tour(number)
    with pytest.raises(ValueError, match="1 to 3"):
        gil_demo.tour(1).run(4)


def test_without_widgets_a_cell_says_what_to_call(shown: list[Any]) -> None:
    """Plain calls do what the buttons would."""
    gil_demo.tour(1)._ipython_display_()
    (forms,) = shown
    assert "run(N)" in forms["text/plain"]


class Button:
    """A button that can be pressed."""

    def __init__(self, description: str) -> None:
        """Write something on it."""
        self.description = description

    def on_click(self, call: Callable[[object], None]) -> None:
        """Keep what a press calls."""
        self.press = lambda: call(self)


class Output:
    """The place below the buttons."""

    def __enter__(self) -> None:
        """Begin to take in what is displayed."""

    def __exit__(self, *_: object) -> None:
        """Take in no more."""

    def clear_output(self) -> None:
        """Forget what was displayed."""


def test_each_button_runs_the_step_with_its_answer(
    shown: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A button for each answer, and one to run without a prediction."""
    widgets = SimpleNamespace(Button=Button, Output=Output, HBox=list, VBox=list)
    monkeypatch.setitem(sys.modules, "ipywidgets", widgets)
    gil_demo.tour(1)._ipython_display_()
    forms, (buttons, _) = shown
    assert "run(N)" not in forms["text/plain"]
    assert [one.description for one in buttons] == ["1", "2", "3", "Run it"]
    buttons[2].press()
    buttons[3].press()
    assert [one.prediction for one in shown[2:]] == [2, None]


def test_the_package_of_the_lesson_can_be_called_whatever_was_loaded(python: Command) -> None:
    """The function has the name of a package, and both are there."""
    ended = python(
        "import gil_demo; gil_demo.race; from gil_demo.tour import lesson\n"
        "print(gil_demo.tour(2).step is lesson.load_all()[1])"
    )
    assert ended.stdout == "True\n", ended.stderr


@pytest.mark.parametrize(
    "variables", [{"JPY_PARENT_PID": "1"}, {"PAGER": "cat", "GIT_PAGER": "cat", "CLICOLOR": "1"}]
)
def test_a_tour_in_a_cell_says_what_to_type(
    variables: dict[str, str], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could press a key there, so it does not wait for one."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ended = command("tour", "--step", "4")
    assert (ended.returncode, ended.stdout) == (BAD_INPUT, "")
    assert "gil_demo.tour(4)" in ended.stderr
