"""A pytest plugin that guards array data: ``pytest -p gil_demo.pytest_guard``.

A faulty access ends the test run where it happens, and its report names the test. After each test
all canaries are looked at, so that a write outside of an array is charged to the test that made
it: that test fails. Under ``gil-demo guard -m pytest`` the plugin only adds the tests' names.
"""

from collections.abc import Iterator

import pytest

from gil_demo.guarding.install import for_blocks
from gil_demo.native import guard


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the alignment as an option, for tests that rely on malloc's 16 bytes."""
    parser.getgroup("gil-demo").addoption(
        "--guard-align",
        type=int,
        choices=(8, 16),
        help="alignment of guarded array data; by default as their size allows",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Guard all arrays from here on, unless the whole process is guarded already."""
    if not guard.is_installed():
        for_blocks(guard.settings(alignment=config.getoption("--guard-align") or 0))
    guard.switch_on(True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Put the test's name into each report while it runs."""
    guard.label(f"the test {item.nodeid}")
    try:
        return (yield)
    finally:
        guard.label("")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test during which something wrote outside of an array."""
    before = guard.counts()["damaged"]
    result = yield
    guard.check()
    damaged = guard.counts()["damaged"] - before
    if damaged:
        pytest.fail(
            f"C wrote outside of the data of {damaged} array{'s' * (damaged > 1)}:"
            " the report is on standard error",
            pytrace=False,
        )
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many of how many arrays were guarded."""
    counted = guard.counts()
    terminalreporter.write_line(
        f"gil-demo guard: {counted['guarded']:,} of {counted['asked']:,} arrays were guarded"
    )
