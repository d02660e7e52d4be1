"""The door to the guard: an allocator that makes misuse of array data a crash."""

from gil_demo.native.loading import load


def install() -> None:
    """Give guarded data to the arrays that this thread allocates from now on.

    NumPy keeps its allocator in the context, so each thread that allocates arrays must
    call this.
    """
    load("_guard").install()
