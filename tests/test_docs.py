"""The documentation holds together: links lead somewhere, commands are commands."""

import re
from contextlib import suppress
from pathlib import Path

import click
import pytest

from gil_demo.cli import cli

ROOT = Path(__file__).parent.parent
PARENT = click.Context(cli, info_name="gil-demo", **cli.context_settings)
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def links(page: Path) -> list[str]:
    return re.findall(r"\]\((?!https?://)([^)]+)\)", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    """A reader who follows a link arrives at a file, and at a heading if the link names one."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def commands() -> list[str]:
    pages = [page.read_text("utf-8") for page in PAGES]
    return [found for page in pages for found in re.findall(r"`gil-demo ([^`\n]+)`", page)]


@pytest.mark.parametrize("command", commands())
def test_every_command_in_the_documentation_is_one(command: str) -> None:
    """Whatever a page tells a reader to type is understood: each command and option exists."""
    name, *arguments = command.split()
    subcommand = cli.commands[name]
    with suppress(click.MissingParameter, click.exceptions.Exit):  # only named, or asks for help
        subcommand.make_context(
            name, [word.replace("FILE", "file") for word in arguments], parent=PARENT
        )


def test_a_wrong_command_would_be_found() -> None:
    """The check above refuses an option that does not exist."""
    with pytest.raises(click.NoSuchOption):
        cli.commands["run"].make_context("run", ["--no-such-option"], parent=PARENT)
