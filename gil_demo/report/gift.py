"""The lesson's questions in GIFT, the text format that Moodle imports as a quiz.

https://docs.moodle.org/en/GIFT_format
"""

import re
from collections.abc import Iterator, Sequence

from gil_demo.tour.step import Step

SPECIAL = re.compile(r"[~=#{}:\\]")
"""Characters that GIFT would read as its own."""


def gift(steps: Sequence[Step]) -> str:
    """Write each step's idea and question with its answers; feedback says why the right one is."""
    return "\n".join(("$CATEGORY: gil-demo\n", *(_question(step) for step in steps)))


def _question(step: Step) -> str:
    return "\n".join(_lines(step)) + "\n"


def _lines(step: Step) -> Iterator[str]:
    code = "".join(f"{line.text}\n" for line in step.code().lines) if step.code else ""
    question = "\n\n".join(filter(None, (step.idea.replace("``", ""), code, step.question)))
    yield f"::{step.number:02} {_escaped(step.title)}::[plain]{_escaped(question)} {{"
    for index, answer in enumerate(step.answers):
        yield f"  {'=' if index == step.right else '~'}{_escaped(answer)}"
    yield f"  ####{_escaped(step.why.replace('``', ''))}"
    yield "}"


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\g<0>", text).replace("\n", r"\n")
