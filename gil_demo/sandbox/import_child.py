"""Imports one module in this process, which is there for nothing else, and writes down how it went.

A free-threaded interpreter turns the GIL on when it loads a C module that does not declare that
it can do without. It warns then, and names the module:
https://docs.python.org/3/howto/free-threading-extensions.html
"""

import faulthandler
import importlib
import json
import os
import re
import sys
import warnings

from gil_demo.native.process import die_with_parent

NAMED = re.compile(r"The global interpreter lock .* to load module '(.+?)',")
"""The interpreter's warning."""


def main() -> None:
    """Import the module that the command line names, and end the process.

    The arguments are the file to write to, as a number, the module, and "here" if the
    current folder is searched. Each line written is a JSON object with fields of an `Import`.
    """
    descriptor, name, searched = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    die_with_parent()
    faulthandler.enable()
    if searched == ["here"]:
        sys.path.insert(0, "")
    sys.argv[1:] = []

    def tell(**facts: object) -> None:
        os.write(descriptor, (json.dumps(facts) + "\n").encode())

    def note(message: Warning | str, *_: object, **__: object) -> None:
        if found := NAMED.search(str(message)):
            tell(turned_gil_on=True, turned_on_by=found[1])

    warnings.filterwarnings("always", "The global interpreter lock", RuntimeWarning)
    warnings.showwarning = note
    before = gil_enabled()
    try:
        importlib.import_module(name)
    except BaseException as error:
        tell(ended="raised", error=f"{type(error).__name__}: {error}")
    else:
        tell(ended="imported")
    if gil_enabled() and not before:
        tell(turned_gil_on=True)
    os._exit(0)


def gil_enabled() -> bool:
    """Check whether there is a GIL now, without the NumPy that `gil_demo.host.machine` loads."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())
