"""Prints the lowest version of each package that pyproject.toml promises, or tests and build need.

`make test-lowest` installs them.
"""

import tomllib
from pathlib import Path

FILE = Path(__file__).parent.parent / "pyproject.toml"


def lowest() -> list[str]:
    """Return the lower bound of each requirement as the version to take."""
    content = tomllib.loads(FILE.read_text("utf-8"))
    project = content["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["check"]]
    wanted += content["dependency-groups"]["test"]
    wanted += [one for one in content["build-system"]["requires"] if not one.startswith("numpy")]
    pinned = {one.partition(",")[0].replace(">=", "==") for one in wanted}
    assert all("==" in one for one in pinned), pinned
    return sorted(pinned)


if __name__ == "__main__":
    print("\n".join(lowest()))
