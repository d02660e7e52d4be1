"""`gil-demo tour`: the lesson, in a terminal or straight through."""

import re
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gil_demo.cli.options import Whole
from gil_demo.cli.output import JSON, Output, output_options, refuse_together
from gil_demo.cli.tour_talk import converse, run_through
from gil_demo.errors import BadInput
from gil_demo.exit_codes import DONE, OF_STATES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gil_demo.report.kit.screen import Screen
    from gil_demo.tour.record_file import RecordFile
    from gil_demo.tour.step import Step
    from gil_demo.tour.walk import Walk


Range = tuple[int, int | None]
"""The first step and the last one; without a last one, all from the first on."""


def ranges(text: str) -> tuple[Range, ...]:
    """Parse ranges of steps, separated by commas, as in 1-4,6-8. Else a usage error."""
    return tuple(map(_range, text.split(",")))


def _range(text: str) -> Range:
    match = re.fullmatch(r"([0-9]{1,3})(?:(-)([0-9]{1,3})?)?", text.strip())
    if not match:
        raise click.BadParameter(
            f"{text!r} does not name a step: give numbers, or ranges as in 1-4,6-8 or 3-"
        )
    first = int(match[1])
    last = int(match[3]) if match[3] else None if match[2] else first
    if last is not None and last < first:
        raise click.BadParameter(f"{text!r} goes backwards: give the lower number first")
    return first, last


@click.command()
@click.option("--list", "list_steps", is_flag=True, help="List the steps, and run none.")
@click.option(
    "--step",
    "chosen",
    type=ranges,
    multiple=True,
    metavar="N",
    help="Take only this step; 1-4,6: steps 1 to 4 and 6; 3-: all from step 3. Each --step adds.",
)
@click.option(
    "--minutes",
    type=Whole(1, 999),
    metavar="N",
    help="Take the steps that fit into so many minutes with a class.",
)
@click.option("--notes", is_flag=True, help="Print the presenter's notes, and run nothing.")
@click.option(
    "--handout",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a sheet with the questions, to be printed, as a web page, and run nothing.",
)
@click.option(
    "--gift",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the questions as a quiz for Moodle, in GIFT format, and run nothing.",
)
@click.option(
    "--pause/--no-pause",
    default=None,
    help="Wait for a key after each step's figures, or go on at once.  [default: wait]",
)
@click.option("--no-input", is_flag=True, help="Ask nothing: run all steps one after another.")
@click.option("--restart", is_flag=True, help="Forget the predictions made so far.")
@output_options(JSON, pictures=True, slides=True, kept=True)
@click.option(
    "--check",
    is_flag=True,
    help="Exit with 3 unless every step was shown. A contradicted one exits with 1 anyway.",
)
def tour(
    *,
    list_steps: bool,
    chosen: tuple[tuple[Range, ...], ...],
    minutes: int | None,
    notes: bool,
    handout: Path | None,
    gift: Path | None,
    pause: bool | None,
    no_input: bool,
    restart: bool,
    from_file: Path | None,
    output: Output,
    check: bool,
) -> int:
    """Take the lesson: predict, run, and see what the figures say.

    Twelve steps, in the order of the question. The tour remembers your predictions
    and the step where you stopped.
    """
    from gil_demo.report.kit.screen import screen
    from gil_demo.report.tour_reports import TourReport
    from gil_demo.tour.record import Record
    from gil_demo.tour.record_file import RecordFile

    idle = {"list": list_steps, "notes": notes, "handout": bool(handout), "gift": bool(gift)}
    as_json = output.form == "json"
    refuse_contradictions(idle, output, pause=bool(pause), no_input=no_input, restart=restart)
    refuse_together(step=bool(chosen), minutes=minutes is not None)
    part = steps_of(chosen, minutes)
    console = screen()
    file = RecordFile(Path(click.get_app_dir("gil-demo")) / "tour.json")
    if any(idle.values()):
        show_idle(idle, part, file, console)
        write_papers(part, handout, gift)
        return DONE
    asking = not (no_input or as_json or from_file)
    if asking:
        refuse_without_person(console, part[0].number)
    if restart:
        file.save(Record())
    walk = begun(part, from_file, output, file if asking else None, chosen=bool(chosen or minutes))
    if asking:
        converse(walk, console, file.save, pause=pause is not False)
    else:
        run_through(walk, None if as_json else console)
    report = TourReport(walk)
    if as_json:
        output.emit(report, "gil-demo tour")
    elif walk.seen:
        output.write_files(report, "gil-demo tour")
    return exit_code(walk, check=check)


def refuse_contradictions(
    idle: "Mapping[str, bool]", output: Output, *, pause: bool, no_input: bool, restart: bool
) -> None:
    """Refuse, as a usage error, options of which each makes another one useless.

    `idle` are those that run no step. Of them a handout and a quiz may both be written.
    """
    as_json = output.form == "json"
    for paper in ("handout", "gift"):
        some = {name: given for name, given in idle.items() if name in ("list", "notes", paper)}
        refuse_together(**some, json=as_json, restart=restart)
        refuse_together(**some, restart=restart, **{"no-input": no_input})
    for name, given in idle.items():
        if given and output.wants_files:
            raise click.UsageError(f"--{name} runs no step, so there is nothing to draw")
    for name, given in {"no-input": no_input, "json": as_json, **idle}.items():
        refuse_together(pause=pause, **{name: given})


def refuse_without_person(console: "Screen", first: int) -> None:
    """Refuse to ask where nobody can press a key; `first` is the number of the first step."""
    from gil_demo.host.notebook import in_cell

    if in_cell():
        raise BadInput(
            "a cell of a notebook passes no keys on: evaluate"
            f" gil_demo.tour({first}), or type !gil-demo tour --no-input"
        )
    if not (sys.stdin.isatty() and console.is_terminal):
        raise BadInput(
            "the tour asks for predictions, which needs a terminal; --no-input asks for none"
        )


def steps_of(chosen: tuple[tuple[Range, ...], ...], minutes: int | None) -> "Sequence[Step]":
    """Return the steps that were chosen, those that fit into the time, or the whole lesson."""
    from gil_demo.tour import lesson

    if minutes is not None:
        return lesson.plan(minutes)
    return lesson.parts(chain(*chosen)) if chosen else lesson.load_all()


def begun(
    part: "Sequence[Step]",
    from_file: Path | None,
    output: Output,
    file: "RecordFile | None",
    *,
    chosen: bool,
) -> "Walk":
    """Begin a walk: through a kept lesson, or through steps, where the record says if there is one.

    `chosen` says that these steps were chosen by a person, so that they are an excursion.
    """
    from gil_demo.report.environment import environment_line
    from gil_demo.report.kept import kept_walk
    from gil_demo.tour.walk import Walk

    if from_file:
        walk = kept_walk(from_file)
        output.begin(environment_line(walk.environment))
        return walk
    return Walk(part, file.load() if file else None, excursion=chosen)


def show_idle(
    idle: "Mapping[str, bool]", part: "Sequence[Step]", file: "RecordFile", console: "Screen"
) -> None:
    """Print the list of the steps or the presenter's notes, if that was asked for."""
    from gil_demo.report import tour as pages

    if idle["list"]:
        console.print(pages.lesson_table(part, file.load().predictions))
    if idle["notes"]:
        console.print(pages.notes(part))


def write_papers(part: "Sequence[Step]", handout: Path | None, gift: Path | None) -> None:
    """Write the questions to print and the quiz, those that were asked for."""
    from gil_demo import files
    from gil_demo.report import gift as quiz
    from gil_demo.report import handout as sheet

    files.refuse_outputs({"--handout": handout, "--gift": gift}, {})
    if handout:
        files.write_whole(handout, sheet.handout(part))
    if gift:
        files.write_whole(gift, quiz.gift(part))


def exit_code(walk: "Walk", *, check: bool) -> int:
    """Compute the exit code from the steps that were run; with `check`, the others count too."""
    states = [seen.state for seen in walk.seen.values()]
    if "contradicted" in states:
        return OF_STATES["contradicted"]
    all_shown = states.count("shown") == len(walk.lesson)
    return OF_STATES["shown" if all_shown else "inconclusive"] if check else DONE
