"""Tells whether this process was started from a cell of a notebook, by an exclamation mark."""

import os


def in_cell() -> bool:
    """Check for the variables that a notebook's kernel gives to what it starts.

    Such a process has a terminal of its own, on which nobody can press a key. Jupyter names
    the kernel's parent, and ipykernel sets what keeps programs from waiting for keys.
    https://jupyter-client.readthedocs.io/en/stable/kernels.html
    """
    pagers = {os.environ.get(name) for name in ("PAGER", "GIT_PAGER")}
    return "JPY_PARENT_PID" in os.environ or (pagers == {"cat"} and "CLICOLOR" in os.environ)
