"""The documentation holds together: links lead somewhere, commands are commands."""

import re
import textwrap
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import click
import docs_commands
import pytest

from gil_demo.cli import cli
from gil_demo.gallery import registry
from gil_demo.report.gallery_reports import PageReport
from gil_demo.report.kit.pictures import svg
from gil_demo.report.run_tables import responsiveness_table, scaling_table
from gil_demo.results.run import RunResult

ROOT = Path(__file__).parent.parent
PARENT = click.Context(cli, info_name="gil-demo", **cli.context_settings)
PAGES = docs_commands.PAGES


def command_of(name: str) -> click.Command:
    """Return a command of gil-demo."""
    command = cli.get_command(PARENT, name)
    assert command is not None
    return command


def links(page: Path) -> list[str]:
    """Where the links and the pictures of a page lead to."""
    named = (
        token.attrs.get("href", token.attrs.get("src")) for token in docs_commands.tokens(page)
    )
    return [str(link) for link in named if link]


def inside(link: str) -> bool:
    """Whether a link stays in the project."""
    return not urlsplit(link).scheme


def addresses(page: Path) -> set[str]:
    """Every address outside that a page has, links or not."""
    bare = re.findall(r"\w+://[^\s`)<>\]\"]+", page.read_text("utf-8"))
    return {*bare, *(link for link in links(page) if not inside(link))}


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    """A reader who follows a link arrives at a file, and at a heading if the link names one."""
    for link in filter(inside, links(page)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_address_outside_is_well_formed(page: Path) -> None:
    """A host with a name, asked by https, and nothing of the sentence around it."""
    for address in addresses(page):
        parts = urlsplit(address)
        assert parts.scheme == "https", address
        assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), address
        assert not re.search(r"[.,;:*]$|//", address.removeprefix("https://")), address
        assert address.isascii(), address


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent.name == "docs"], ids=lambda page: page.name
)
def test_every_page_can_be_found_from_the_readme(page: Path) -> None:
    """No page stands alone."""
    assert f"docs/{page.name}" in links(ROOT / "README.md")


def commands() -> list[str]:
    pages = [page.read_text("utf-8") for page in PAGES]
    return [found for page in pages for found in re.findall(r"`gil-demo ([^`\n]+)`", page)]


@pytest.mark.parametrize("command", commands())
def test_every_command_in_the_documentation_is_one(command: str) -> None:
    """Whatever a page tells a reader to type is understood: each command and option exists."""
    name, *arguments = docs_commands.filled(command).split()
    subcommand = command_of(name)
    with suppress(click.MissingParameter, click.exceptions.Exit):  # only named, or asks for help
        subcommand.make_context(name, arguments, parent=PARENT)


def words_of(svg: str) -> list[str]:
    """All words that an SVG shows."""
    return re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*?</style>", "", svg, flags=re.DOTALL)).split()


def test_the_picture_of_a_page_shows_the_page_as_it_is_now() -> None:
    """`make pictures` draws it anew; nothing in it was measured."""
    shown = PageReport(registry.find("temporary-pointer")).screen()
    now = svg(shown, "gil-demo show temporary-pointer")
    assert words_of((ROOT / "docs" / "pattern.svg").read_text("utf-8")) == words_of(now)


def test_the_pictures_of_a_run_have_every_lane_and_column(made: RunResult) -> None:
    """README explains the lanes and columns that they show: `make pictures` takes them anew."""
    picture, tables = (
        " ".join(words_of((ROOT / "docs" / name).read_text("utf-8")))
        for name in ("picture.svg", "tables.svg")
    )
    for lane in ("thread 1", "ticker", "has GIL"):
        assert lane in picture
    for table in (scaling_table(made.scaling, 7), responsiveness_table(made.responsiveness, 7)):
        for column in table.columns:
            assert column.header.split("\n")[-1] in tables
        assert table.title in tables
    assert "had the" in tables


def test_a_wrong_command_would_be_found() -> None:
    """The check above refuses an option that does not exist."""
    with pytest.raises(click.NoSuchOption):
        command_of("run").make_context("run", ["--no-such-option"], parent=PARENT)


def test_a_command_that_fails_would_be_found() -> None:
    """What ``python -m tests.docs_commands`` runs must end well."""
    assert docs_commands.run("gil-demo show NAME --c").good
    assert not docs_commands.run("gil-demo show no-such-pattern").good
    assert not docs_commands.run("make no-such-target").good


def test_what_a_page_tells_to_type_is_found(tmp_path: Path) -> None:
    """In blocks, in running text, and where a second option stands by itself."""
    page = tmp_path / "page.md"
    page.write_text(
        textwrap.dedent("""
            Have `gil-demo run --json`, or `--csv FILE`, and `make test`; not `--no-option`.

            ```sh
            gil-demo doctor   # what this is
            ```

            ```text
            gil-demo none
            ```

            `gil_demo.race()` is a call, `gil_demo.race(...)` and `gil_demo.race` are none.

            ```python
            import gil_demo
            ```
        """)
    )
    assert sorted(docs_commands.commands(page)) == [
        "gil-demo doctor",
        "gil-demo run --csv FILE",
        "gil-demo run --json",
        "make test",
    ]
    assert docs_commands.python(page).split("\n")[-2:] == ["", "gil_demo.race()"]
