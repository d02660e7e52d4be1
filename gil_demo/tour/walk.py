"""A way through the lesson: two pages a step, one that asks and one that shows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from gil_demo.host import machine
from gil_demo.measuring.others import caution
from gil_demo.progress import Progress
from gil_demo.results.host import Environment
from gil_demo.results.lesson import Seen
from gil_demo.tour.record import Prediction, Record
from gil_demo.tour.step import Step

Move = Literal["forward", "back", "again", "skip"]


class Walk:
    """A student's way through the lesson: the place, the predictions, and the runs' results."""

    def __init__(
        self,
        lesson: Sequence[Step],
        record: Record | None = None,
        *,
        excursion: bool = False,
        environment: Environment | None = None,
    ) -> None:
        """Begin where the record says, or at the first step.

        An excursion begins at its first step, and the place in the whole lesson stays as the
        record has it. `environment` is where the steps are run, or were; by default here.
        """
        record = record or Record()
        self.lesson = lesson
        self.environment = environment or machine.environment()
        self._shares: dict[str, float] = {}
        self.seen: dict[str, Seen] = {}
        self.predictions = dict(record.predictions)
        names = [step.name for step in lesson]
        place = record.next_step
        first = names.index(place) if place in names and not excursion else 0
        self._excursion, self._place_before = excursion, place
        self._page = 2 * first

    @property
    def step(self) -> Step:
        """The step that one is at; the last one once the lesson is over."""
        return self.lesson[min(self._page // 2, len(self.lesson) - 1)]

    @property
    def asking(self) -> bool:
        """Whether the page is the one that asks, before the run."""
        return self._page % 2 == 0

    @property
    def over(self) -> bool:
        """Whether all steps lie behind."""
        return self._page >= 2 * len(self.lesson)

    def predicted(self, step: Step) -> int | None:
        """Find the answer that was predicted for a step, by its index; None if none was."""
        made = self.predictions.get(step.name)
        return made.predicted if made else None

    def predict(self, answer: int) -> None:
        """Note the answer that is predicted for this step, by its index."""
        self.predictions[self.step.name] = Prediction(answer, None)

    def run(self, progress: Progress) -> Seen:
        """Return what a live run of this step shows; the first call runs it."""
        step = self.step
        if step.name not in self.seen:
            meter = machine.BusyMeter()
            seen = step.run(progress)
            here = machine.environment(meter.share())  # a step may load what turns the GIL on
            notes = filter(None, (seen.note, caution(here)))
            self.seen[step.name] = replace(seen, note=" ".join(notes))
            if here.machine_busy is not None:
                self._shares[step.name] = here.machine_busy
            busiest = max(self._shares.values(), default=None)
            self.environment = replace(here, machine_busy=busiest)
        seen = self.seen[step.name]
        predicted = self.predicted(step)
        if predicted is not None:
            self.predictions[step.name] = Prediction(predicted, seen.right)
        return seen

    def go(self, move: Move) -> None:
        """Turn a page; ``again`` forgets this step's run, and ``skip`` leaves it out."""
        if move == "forward":
            self._page += 1
        elif move == "back":
            self._page = max(0, self._page - 1)
            if not self.asking and self.step.name not in self.seen:
                self._page -= 1  # nothing was run there, so there is only its question
        elif move == "skip":
            self._page = 2 * (self._page // 2 + 1)
        else:
            self.seen.pop(self.step.name, None)
            self._shares.pop(self.step.name, None)

    @property
    def rest(self) -> str:
        """The command that goes on from here; of a plan it names the steps that are left."""
        left = self.lesson[self._place_after() :]
        if not self._excursion or not left:
            return "gil-demo tour"
        return f"gil-demo tour --step {','.join(str(step.number) for step in left)}"

    def record(self) -> Record:
        """Make the record from which the lesson can go on another day."""
        if self._excursion:
            return Record(self.predictions, self._place_before)
        return Record(self.predictions, self._next_step())

    def _next_step(self) -> str | None:
        place = self._place_after()
        return self.lesson[place].name if place < len(self.lesson) else None

    def _place_after(self) -> int:
        """Find the step to go on with: a step whose figures are on the screen is done."""
        done = not self.over and not self.asking and self.step.name in self.seen
        return self._page // 2 + done
