"""The generated parts of classroom.md: the steps as their own docstrings tell them."""

from collections.abc import Iterator, Sequence

from gil_demo.report.markdown import markdown
from gil_demo.tour import lesson
from gil_demo.tour.step import Step


def plan(steps: Sequence[Step]) -> str:
    """Write a table of all steps, and for each what a teacher says and asks, with the answers."""
    return "\n".join([*_table(steps), *(line for step in steps for line in _step(step))])


def without_gil() -> str:
    """Make a table of the steps with another question or answer where there is no GIL."""
    lines = ["| | question without a GIL | right | to remember |", "| ---: | --- | --- | --- |"]
    usual, other = (lesson.load_for(gil_enabled=enabled) for enabled in (True, False))
    for step, here in zip(usual, other, strict=True):
        if (here.question, here.answers, here.right) != (step.question, step.answers, step.right):
            texts = map(markdown, (here.question, here.answers[here.right], here.remember))
            lines.append(f"| {here.number} | {' | '.join(texts)} |")
    return "\n".join(lines)


def plans(minutes: Sequence[int]) -> str:
    """Write a table of what to take in so many minutes, and what to type."""
    lines = ["| you have | type | steps | with a class |", "| ---: | --- | --- | ---: |"]
    for have in minutes:
        steps = lesson.plan(have)
        numbers = ", ".join(str(step.number) for step in steps)
        need = sum(step.minutes for step in steps)
        lines.append(
            f"| {have} minutes | `gil-demo tour --minutes {have}` | {numbers} | {need} minutes |"
        )
    return "\n".join(lines)


def _table(steps: Sequence[Step]) -> Iterator[str]:
    yield "| | step | the question | minutes |"
    yield "| ---: | --- | --- | ---: |"
    for step in steps:
        link = f"[{step.title}](#step-{step.number})"
        yield f"| {step.number} | {link} | {markdown(step.question)} | {step.minutes} |"
    yield f"| | | all of it | {sum(step.minutes for step in steps)} |"


def _step(step: Step) -> Iterator[str]:
    yield f"\n### Step {step.number}\n"
    yield f"**{markdown(step.title)}** {step.minutes} minutes.\n"
    yield f"**Read aloud.** {markdown(step.idea)}\n"
    if step.code:
        yield "```c"
        yield from (line.text for line in step.code().lines)
        yield "```\n"
    yield f"**Question.** {markdown(step.question)}\n"
    for number, answer in enumerate(step.answers, start=1):
        yield f"{number}. {markdown(answer)}"
    yield f"\n**Right: {step.right + 1}.** {markdown(step.why)}\n"
    yield f"**Usual misconception.** {markdown(step.misconception)}\n"
    yield f"**Ask them.** {markdown(step.ask)}\n"
    yield f"**Answer.** {markdown(step.reply)}\n"
    yield f"**If this machine shows something else.** {markdown(step.otherwise)}\n"
    yield f"**Remember.** {markdown(step.remember)}\n"
    sources = (f"[{source.title}]({source.address})" for source in step.sources)
    yield f"**Read more.** {' · '.join(sources)}"
