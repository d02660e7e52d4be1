"""Loads the C modules, and says how to build them where they do not load."""

from importlib import import_module
from typing import Any

from gil_demo.errors import BadInput


class NotBuilt(BadInput, ImportError):
    """The C modules are not there, or do not load in this interpreter."""

    def __init__(self, reason: object) -> None:
        """Say why, and what to do."""
        super().__init__(
            f"the C modules do not load ({reason}): build them with"
            " 'pip install --editable .' in the source folder, using this interpreter"
        )


def load(name: str) -> Any:
    """Load a C module of this package. Raises `NotBuilt`."""
    try:
        return import_module(f"gil_demo.{name}")
    except ImportError as error:
        raise NotBuilt(error) from error
