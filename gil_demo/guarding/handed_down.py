"""What a guarded program hands down to the Python processes that it starts: one variable.

Standard library only, and little of it: `boot/sitecustomize.py` loads this into every one of
them, also into those that never import NumPy.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from gil_demo.results.guard import Settings

VARIABLE = "GIL_DEMO_GUARD"

BOOT = Path(__file__).parent / "boot"
"""The folder that is put first into PYTHONPATH; its sitecustomize reads the variable."""


@dataclass(frozen=True)
class HandedDown:
    """How a process is to be guarded.

    `directory` is where reports and counts go, `tells` whether a dying process prints its report
    at once, `children` whether the processes that it starts are guarded too. `path` is PYTHONPATH
    as the program has to see it.
    """

    settings: Settings
    directory: str
    tells: bool
    children: bool
    path: str | None


def environment(handed: HandedDown) -> dict[str, str]:
    """Return the variables of a Python process that guards itself when it imports NumPy."""
    variables = dict(os.environ)
    variables[VARIABLE] = json.dumps(asdict(handed))
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, (str(BOOT), handed.path)))
    return variables


def take() -> HandedDown | None:
    """Read the variable, and tidy up: the program sees its own PYTHONPATH, children as wanted."""
    text = os.environ.get(VARIABLE)
    if text is None:
        return None
    content = json.loads(text)
    settings = Settings(**content.pop("settings"))
    handed = HandedDown(settings=settings, **content)
    if not handed.children:
        del os.environ[VARIABLE]
        if handed.path is None:
            os.environ.pop("PYTHONPATH", None)
        else:
            os.environ["PYTHONPATH"] = handed.path
    return handed
