"""A walk as a result that can be kept, and a kept result as a walk that can be shown again."""

from collections.abc import Iterator
from dataclasses import replace

from gil_demo.results.lesson import Answered, LessonResult, Seen, StepResult
from gil_demo.results.reading import UnreadableDocument
from gil_demo.tour import lesson
from gil_demo.tour.step import Step
from gil_demo.tour.walk import Walk


def result_of(walk: Walk) -> LessonResult:
    """Put together what was seen of the steps that were run."""
    return LessonResult(
        walk.environment,
        tuple(
            _step_result(step, walk.seen[step.name])
            for step in walk.lesson
            if step.name in walk.seen
        ),
    )


def _step_result(step: Step, seen: Seen) -> StepResult:
    return StepResult(
        number=step.number,
        name=step.name,
        title=step.title,
        question=step.question,
        answers=tuple(Answered(*pair) for pair in seen.beside(step.answers)),
        right=None if seen.right is None else seen.right + 1,
        state=seen.state,
        reason=seen.reason,
        note=seen.note,
        figures=seen.figures,
    )


def walk_of(result: LessonResult) -> Walk:
    """Make the walk in which these steps were run.

    Question and answers are those of the result, and what surrounds them is this version's.
    Raises `UnreadableDocument` where a step is not one of this lesson, or contradicts itself.
    """
    enabled = result.environment.gil_enabled
    known = {step.name: step for step in lesson.load_for(gil_enabled=enabled)}
    steps, seen = [], {}
    for position, one in enumerate(result.steps):
        for fault in _faults(one, known):
            raise UnreadableDocument(f"steps[{position}] {fault}")
        steps.append(
            replace(
                known[one.name],
                title=one.title,
                question=one.question,
                answers=tuple(pair.answer for pair in one.answers),
            )
        )
        right = None if one.right is None else one.right - 1
        remarks = tuple(pair.remark for pair in one.answers)
        seen[one.name] = Seen(one.state, right, remarks, one.figures, one.reason, one.note)
    if not steps:
        raise UnreadableDocument("the document has no steps, so there is nothing to show")
    if len(seen) < len(steps):
        raise UnreadableDocument("the document has a step twice")
    walk = Walk(steps, environment=result.environment)
    walk.seen = seen
    return walk


def _faults(step: StepResult, known: dict[str, Step]) -> Iterator[str]:
    """Say what is wrong with a step though its types are right."""
    if step.name not in known:
        yield f"is {step.name!r}, which is no step of this lesson"
    if step.right is not None and not 1 <= step.right <= len(step.answers):
        yield f"has {len(step.answers)} answers, and no answer {step.right}"
    if step.right is not None and step.state != "shown":
        yield f"is {step.state}, and yet has a right answer"
