"""A name finds what there is to try, and a wrong one is answered with a way on."""

import pytest

from gil_demo.cli import run_command_line
from gil_demo.gallery import registry


def test_a_mistyped_name_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error, and exit code 2."""
    assert run_command_line(["show", "lock-ordr"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "gil-demo: there is no pattern 'lock-ordr': did you mean 'lock-order'?\n"


def test_a_name_from_the_c_api_leads_to_the_patterns_that_use_it() -> None:
    """Whoever asks for a function hears where to look, and no guess."""
    with pytest.raises(registry.UnknownPattern, match=r"PyArray_DATA is no pattern.*header-read"):
        registry.find("PyArray_DATA")
    with pytest.raises(registry.UnknownPattern, match="did you mean"):
        registry.find("PyNothing_OfTheKind")
