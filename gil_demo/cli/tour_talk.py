"""The conversation of the lesson: ask, take in a prediction, run, show, go on."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from gil_demo.cli.tour_keys import MOVES, QUIT, READ_MORE, key_among

if TYPE_CHECKING:
    from gil_demo.report.kit.screen import Screen
    from gil_demo.tour.record import Record
    from gil_demo.tour.walk import Walk

KEYS_ROWS = 2
"""The rows that the keys take below a page, in a terminal of 80 columns."""


def run_through(walk: "Walk", console: "Screen | None") -> None:
    """Take every step without asking anything, and draw the pages if there is a console.

    A step that was run already, as in a kept lesson, is not run again.
    """
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


def converse(
    walk: "Walk", console: "Screen", save: "Callable[[Record], None]", *, pause: bool
) -> None:
    """Go through the lesson with a person at the keyboard, and save the record at each turn.

    What a page shows is saved when it is drawn: Ctrl-C there takes nothing back.
    """
    from gil_demo.interrupts import interrupts_caught
    from gil_demo.report import tour as pages

    with interrupts_caught():
        while not walk.over:
            if walk.asking:
                key = ask(walk, console, pause=pause)
            else:
                draw_seen(walk, console, pause=pause)
                save(walk.record())
                key = turn_page(walk, console, pause=pause)
            save(walk.record())
            if key == QUIT:
                console.print(f"{walk.rest} goes on with the lesson.")
                return
        console.print(pages.score(walk.lesson, walk.predictions), crop=False)


def ask(walk: "Walk", console: "Screen", *, pause: bool) -> str:
    """Draw the page that asks, and read the prediction or the next move."""
    from gil_demo.report import tour as pages

    step = walk.step
    if pause:
        console.clear()
    console.print(pages.QuestionPage(step, walk.predicted(step)))
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


def draw_seen(walk: "Walk", console: "Screen", *, pause: bool) -> None:
    """Run the step, and draw the page that shows what was seen."""
    from gil_demo.report import tour as pages
    from gil_demo.report.kit.screen import progress_line

    step = walk.step
    with progress_line(step.title) as progress:
        seen = walk.run(progress)
    if pause:
        console.clear()
    rows = console.height - KEYS_ROWS if pause else None
    console.print(pages.SeenPage(step, seen, walk.predicted(step), rows))


def turn_page(walk: "Walk", console: "Screen", *, pause: bool) -> str:
    """Read the next move under the page that shows what was seen."""
    from gil_demo.report import tour as pages

    step = walk.step
    key = "n"
    if pause:
        console.print(pages.seen_keys(last=step is walk.lesson[-1]), end="")
        while (key := key_among([*MOVES, READ_MORE])) == READ_MORE:
            console.print(pages.read_more(step), crop=False)
    console.print()
    if key in MOVES:
        walk.go(MOVES[key])
    return key
