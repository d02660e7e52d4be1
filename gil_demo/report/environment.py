"""The line that says where something was measured."""

from rich.text import Text

from gil_demo.notation import count
from gil_demo.results.host import Environment


def environment_line(environment: Environment) -> Text:
    """Name the interpreter, the state of its GIL, the cores and NumPy."""
    gil = "on" if environment.gil_enabled else "off"
    if environment.free_threaded:
        gil += " (a build that can do without)"
    cores = count(environment.cores, "core")
    return Text(
        f"{environment.implementation} {environment.python}, GIL {gil}, {cores},"
        f" NumPy {environment.numpy}"
    )
