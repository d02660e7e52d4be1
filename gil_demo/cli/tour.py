"""`gil-demo tour`: the lesson, in a terminal or straight through."""

import os
import re
import signal
import sys
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from gil_demo.cli.options import json_option, picture_options, refuse_together
from gil_demo.errors import BadInput
from gil_demo.exit_codes import CONTRADICTED, DONE, INCONCLUSIVE

if TYPE_CHECKING:
    from gil_demo.report.kit.pictures import Pictures
    from gil_demo.report.kit.screen import Screen
    from gil_demo.tour.record import Record
    from gil_demo.tour.walk import Move, Walk

MOVES: "dict[str, Move]" = {
    "\r": "forward",
    "\n": "forward",
    " ": "forward",
    "n": "forward",
    "\x1b[c": "forward",  # right
    "\x1b[6~": "forward",  # page down, which presenters' remote controls send
    "b": "back",
    "\x7f": "back",
    "\x1b[d": "back",  # left
    "\x1b[5~": "back",  # page up
    "r": "again",
    "s": "skip",
}

QUIT = "q"
READ_MORE = "m"
REDRAW = "\x0c"  # Ctrl-L
SUSPEND = "\x1a"  # Ctrl-Z, which is a key like any other while keys are read one by one

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that end the program, but not before it has restored the terminal."""


def steps(text: str) -> tuple[int, int | None]:
    """Parse the first and last of some steps: 3, 3-5, or 3- for all from it. Else a usage error."""
    match = re.fullmatch(r"([0-9]{1,3})(?:(-)([0-9]{1,3})?)?", text.strip())
    if not match:
        raise click.BadParameter(
            f"{text!r} does not name a step: give a number, or a range as in 3-5 or 3-"
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
    type=steps,
    metavar="N",
    help="Take only this step; 3-5: steps 3 to 5; 3-: all from step 3.",
)
@click.option("--notes", is_flag=True, help="Print the presenter's notes, and run nothing.")
@click.option(
    "--pause/--no-pause",
    default=True,
    help="Wait for a key after each step's figures, or go on at once.  [default: wait]",
)
@click.option("--no-input", is_flag=True, help="Ask nothing: run all steps one after another.")
@click.option("--restart", is_flag=True, help="Forget the predictions made so far.")
@json_option
@picture_options
@click.option(
    "--check",
    is_flag=True,
    help="Exit with 3 unless every step was shown. A contradicted one exits with 1 anyway.",
)
def tour(
    *,
    list_steps: bool,
    chosen: tuple[int, int | None] | None,
    notes: bool,
    pause: bool,
    no_input: bool,
    restart: bool,
    as_json: bool,
    pictures: "Pictures",
    check: bool,
) -> int:
    """Take the lesson: predict, run, and see what the figures say.

    Twelve steps, in the order of the question. The tour remembers your predictions
    and the step where you stopped.
    """
    from gil_demo.files import refuse_outputs
    from gil_demo.report import tour as pages
    from gil_demo.report.document import tour_document
    from gil_demo.report.kit.screen import screen
    from gil_demo.tour import lesson
    from gil_demo.tour.record import Record
    from gil_demo.tour.walk import Walk

    refuse_together(list=list_steps, notes=notes, json=as_json, restart=restart)
    refuse_together(list=list_steps, notes=notes, restart=restart, **{"no-input": no_input})
    if (list_steps or notes) and any(pictures.files.values()):
        raise click.UsageError(
            "--list and --notes run no step, so there is nothing to draw to a file"
        )
    part = lesson.part(*chosen) if chosen else lesson.load_all()
    console = screen()
    if list_steps:
        console.print(pages.lesson_table(part, kept().predictions))
        return DONE
    if notes:
        console.print(pages.notes(part))
        return DONE
    refuse_outputs(pictures.files, {})
    asking = not (no_input or as_json)
    if asking and not (sys.stdin.isatty() and console.is_terminal):
        raise BadInput(
            "the tour asks for predictions, which needs a terminal; --no-input runs it without"
        )
    if restart:
        keep(Record())
    record = kept() if asking else Record()
    walk = Walk(part, Record(record.predictions, part[0].name) if chosen else record)
    if as_json:
        run_through(walk, None)
        console.document(tour_document(walk))
    elif no_input:
        run_through(walk, console)
    else:
        before = record if chosen else None
        converse(walk, console, pause=pause, before=before)
    if walk.seen:
        pictures.write(pages.taken(walk), "gil-demo tour")
    return exit_code(walk, check=check)


def run_through(walk: "Walk", console: "Screen | None") -> None:
    """Run every step without asking anything; draw the pages if there is a screen."""
    from gil_demo.report import tour as pages
    from gil_demo.report.kit.screen import progress_line

    while not walk.over:
        step = walk.step
        if walk.asking and console:
            console.print(pages.QuestionPage(step), "")
        elif not walk.asking:
            with progress_line(step.title) as progress:
                seen = walk.run(progress)
            if console:
                console.print(pages.SeenPage(step, seen), "", crop=False)
        walk.go("forward")


def converse(walk: "Walk", console: "Screen", *, pause: bool, before: "Record | None") -> None:
    """Go through the lesson with a person at the keyboard.

    Saves the predictions and the place in the lesson; `before` holds those of earlier days.
    """
    from gil_demo.report import tour as pages
    from gil_demo.report.kit.screen import interrupts_caught

    with interrupts_caught():
        while not walk.over:
            turn = ask if walk.asking else show
            said = turn(walk, console, pause=pause)
            now = walk.record()
            keep(replace(now, next_step=before.next_step) if before else now)
            if said == QUIT:
                console.print("gil-demo tour goes on with the lesson.")
                return
        console.print(pages.score(walk.lesson, walk.predictions), crop=False)


def ask(walk: "Walk", console: "Screen", *, pause: bool) -> str:
    """Draw the page that asks, and read the prediction or the next move."""
    from gil_demo.report import tour as pages

    step = walk.step
    if pause:
        console.clear()
    prediction = walk.predictions.get(step.name)
    console.print(pages.QuestionPage(step, prediction.predicted if prediction else None))
    console.print(pages.question_keys(step), end="")
    answers = [str(number) for number in range(1, len(step.answers) + 1)]
    key = key_among([*answers, *MOVES])
    console.print()
    if key in answers:
        walk.predict(answers.index(key))
        walk.go("forward")
    elif key in MOVES:
        walk.go(MOVES[key])
    return key


def show(walk: "Walk", console: "Screen", *, pause: bool) -> str:
    """Run the step, draw the page that shows, and read the next move."""
    from gil_demo.report import tour as pages
    from gil_demo.report.kit.screen import progress_line

    step = walk.step
    with progress_line(step.title) as progress:
        seen = walk.run(progress)
    if pause:
        console.clear()
    prediction = walk.predictions.get(step.name)
    console.print(pages.SeenPage(step, seen, prediction.predicted if prediction else None))
    key = "n"
    if pause:
        console.print(pages.seen_keys(last=step is walk.lesson[-1]), end="")
        while (key := key_among([*MOVES, READ_MORE])) == READ_MORE:
            console.print(pages.read_more(step), crop=False)
    console.print()
    if key in MOVES:
        walk.go(MOVES[key])
    return key


def key_among(known: Collection[str]) -> str:
    """Read the next key of these, or one to quit or to draw the page again.

    Keys that were pressed before are dropped. The terminal is as it was before
    whenever nobody waits for a key. The end of input means to quit.
    """
    before = {number: signal.signal(number, _leave) for number in ENDING}
    try:
        while True:
            key = click.getchar().lower()
            if key == SUSPEND:
                os.kill(os.getpid(), signal.SIGTSTP)
                return REDRAW
            if not key:
                return QUIT
            if key in known or key in {QUIT, REDRAW}:
                return key
    except EOFError:
        return QUIT
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _: FrameType | None) -> None:
    """Unwind the stack, so that the terminal is restored."""
    sys.exit(128 + number)


def exit_code(walk: "Walk", *, check: bool) -> int:
    """Compute the exit code from the steps that were run; with `check`, the others count too."""
    states = [seen.state for seen in walk.seen.values()]
    if "contradicted" in states:
        return CONTRADICTED
    return INCONCLUSIVE if check and states.count("shown") < len(walk.lesson) else DONE


def record_file() -> Path:
    """Return the path where predictions are kept on this platform."""
    return Path(click.get_app_dir("gil-demo")) / "tour.json"


def kept() -> "Record":
    """Load the predictions made before, if they can be read."""
    from gil_demo.tour.record import Record

    try:
        return Record.of(record_file().read_bytes())
    except OSError:
        return Record()


def keep(record: "Record") -> None:
    """Save the predictions. If they cannot be written, the lesson goes on without them."""
    from gil_demo.files import write_whole

    file = record_file()
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, record.text())
