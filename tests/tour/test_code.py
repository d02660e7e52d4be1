"""The C of a step is shown whole, whatever the width of the screen."""

from io import StringIO

import pytest
from rich.console import Console

from gil_demo.host import machine
from gil_demo.report.lesson_figures import drawn
from gil_demo.tour import lesson


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_no_part_of_the_c_is_cut_on_a_narrow_terminal(columns: int) -> None:
    """Long lines are wrapped, and a remark that has no room beside its line stands below it."""
    gil = ("releases the GIL", "takes the GIL back")
    remarks = gil if machine.gil_enabled() else ("detaches the thread", "attaches it again")
    for number, words in ((2, remarks), (8, ("_ALIGNED);",))):
        code = lesson.load_all()[number - 1].code
        assert code is not None
        shown = text_of(drawn(code()), columns)
        assert "…" not in shown
        assert all(word in shown for word in words)


def text_of(renderable: object, columns: int) -> str:
    """What a screen of that width would show."""
    out = StringIO()
    Console(file=out, width=columns, _environ={}).print(renderable)
    return out.getvalue()
