"""Starts another Python like this one, which imports nothing from the current folder.

``python -m`` and ``python -c`` look for modules in the current folder first, so a file there
that is called random.py or numpy.py would be run.
https://docs.python.org/3/using/cmdline.html#cmdoption-P
"""

import sys
from pathlib import Path

HOME = Path(__file__).parent.parent.parent
"""The folder in which this package lies."""

FLAGS = {
    "isolated": "I",
    "ignore_environment": "E",
    "no_user_site": "s",
    "no_site": "S",
    "dont_write_bytecode": "B",
    "optimize": "O",
}
"""The names of `sys.flags`, and the letters that set them."""

PROLOGUE = "import sys; sys.path.insert(0, {home}); import gil_demo; del sys.path[0]\n"
"""Finds this very package, wherever it lies; then its folder is no longer searched."""


def python_command(program: str, *arguments: str) -> list[str]:
    """Return the command that runs a program in a fresh Python with the options of this one.

    Args:
        program: Statements, which find `arguments` in ``sys.argv[1:]``.
        arguments: What to give to the program.
    """
    options = ["-P"]
    for flag, letter in FLAGS.items():
        options += [f"-{letter}"] * getattr(sys.flags, flag)
    options += [f"-W{option}" for option in sys.warnoptions]
    for name, value in sys._xoptions.items():
        options.append(f"-X{name}" if value is True else f"-X{name}={value}")
    prologue = PROLOGUE.format(home=ascii(str(HOME)))
    return [sys.executable, *options, "-c", prologue + program, *arguments]
