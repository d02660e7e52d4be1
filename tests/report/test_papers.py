"""What is printed, or given to another program: the sheet and the quiz."""

import re

from gil_demo.report.gift import gift
from gil_demo.report.handout import handout
from gil_demo.tour import lesson

STEPS = lesson.load_all()

QUESTION = re.compile(
    r"^::(?P<title>[^\n]+)::\[plain\](?P<text>[^\n]+) \{\n"
    r"(?P<answers>(?:  [=~][^\n]+\n)+)  ####(?P<why>[^\n]+)\n\}$",
    flags=re.MULTILINE,
)


def plain(text: str) -> str:
    """What Moodle would read."""
    return re.sub(r"\\([~=#{}:\\])", r"\1", text)


def test_the_quiz_has_one_right_answer_a_question() -> None:
    """Each question as Moodle reads it, the right answer marked, and why it is right."""
    found = list(QUESTION.finditer(gift(STEPS)))
    assert len(found) == len(STEPS)
    for step, one in zip(STEPS, found, strict=True):
        assert step.question in plain(one["text"])
        assert step.idea.replace("``", "") in plain(one["text"])  # it explains the terms
        answers = [plain(line.strip()) for line in one["answers"].splitlines()]
        assert [answer[1:] for answer in answers] == list(step.answers)
        assert [answer[0] for answer in answers].index("=") == step.right
        assert sum(answer[0] == "=" for answer in answers) == 1
        assert plain(one["why"]) == step.why.replace("``", "")


def test_what_gift_would_read_as_its_own_is_escaped() -> None:
    """C has equals signs and braces; outside the marks of the format none is bare."""
    for one in QUESTION.finditer(gift(STEPS)):
        assert not re.search(r"(?<!\\)[~=#{}]", one["text"])


def test_the_sheet_has_every_question_and_no_solution() -> None:
    """Nothing on it tells which answer is right, and it needs no other file."""
    text = handout(STEPS)
    assert text.count("\N{BALLOT BOX}") == sum(len(step.answers) for step in STEPS)
    assert text.count("<section>") == len(STEPS)
    assert STEPS[0].remember not in text
    assert STEPS[0].why not in text
    assert not re.search(r"(src|href)=", text)
