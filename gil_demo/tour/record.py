"""A student's predictions so far, and where the lesson goes on; saved as JSON text."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

VERSION = 1


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer that was predicted, and the one that the live run confirmed, by index."""

    predicted: int
    right: int | None

    @property
    def came_true(self) -> bool:
        """Whether the run confirmed it."""
        return self.predicted == self.right


@dataclass(frozen=True, slots=True)
class Record:
    """The predictions by the names of their steps, and the name of the step to go on with."""

    predictions: Mapping[str, Prediction] = field(default_factory=dict)
    next_step: str | None = None

    def text(self) -> str:
        """Write the record as JSON text."""
        return json.dumps({"version": VERSION, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def of(cls, text: bytes | str) -> "Record":
        """Read a record; a new one if the text is damaged or of another version."""
        try:
            content = json.loads(text)
            if content["version"] != VERSION:
                return cls()
            predictions = {
                str(name): Prediction(int(one["predicted"]), _index(one["right"]))
                for name, one in content["predictions"].items()
            }
            return cls(predictions, content["next_step"])
        except (
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ):
            return cls()


def _index(value: int | None) -> int | None:
    return None if value is None else int(value)
