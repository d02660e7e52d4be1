"""The lanes of a watch fit the screen, and each can be told from the others."""

import pytest

from gil_demo.report.watching_picture import LABEL_COLUMNS, _label


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Thread-41 (process_request_thread)", "Thread-42 (process_request_thread)"),
        ("ThreadPoolExecutor-0_1", "ThreadPoolExecutor-0_2"),
    ],
)
def test_a_shortened_name_keeps_its_number(first: str, second: str) -> None:
    """It is in front in the names of `threading`, and behind in those of a pool."""
    assert _label(first) != _label(second)
    assert max(len(_label(first)), len(_label(second))) < LABEL_COLUMNS
