"""Prints the lowest version of each package that pyproject.toml promises, as requirements.

Those that are needed to run the tests; or, with the argument ``build``, to build.
`make test-lowest` installs them, one after the other: NumPy's are different.
"""

import sys
import tomllib
from pathlib import Path

FILE = Path(__file__).parent.parent / "pyproject.toml"


def lowest(*, build: bool) -> list[str]:
    """Return the lower bound of each requirement as the version to take."""
    content = tomllib.loads(FILE.read_text("utf-8"))
    project = content["project"]
    if build:
        wanted = content["build-system"]["requires"]
    else:
        wanted = [*project["dependencies"], *project["optional-dependencies"]["check"]]
        wanted += content["dependency-groups"]["test"]
    pinned = {one.partition(",")[0].replace(">=", "==") for one in wanted}
    assert all("==" in one for one in pinned), pinned
    return sorted(pinned)


if __name__ == "__main__":
    print("\n".join(lowest(build=sys.argv[1:] == ["build"])))
