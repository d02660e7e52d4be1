"""The door to the C of the patterns."""

import ctypes
from functools import cache
from typing import Any

from gil_demo.native.loading import NotBuilt, load


@cache
def patterns() -> tuple[Any, Any]:
    """Load the C of all patterns, as cffi's (ffi, lib); call each function with the GIL held.

    Their table of NumPy's functions is filled. Raises `NotBuilt`.
    """
    module: Any = load("_patterns")
    ffi, lib = module.ffi, module.lib
    address = int(ffi.cast("uintptr_t", ffi.addressof(lib, "fill_numpy_api")))
    try:
        ctypes.PYFUNCTYPE(ctypes.c_int)(address)()  # raises what its C raises, as cffi does not
    except (ImportError, RuntimeError) as error:
        raise NotBuilt(error) from error
    return ffi, lib


def pattern_source(stem: str) -> str | None:
    """Return the text of a pattern's C file as it was compiled, or None if there is none."""
    ffi, lib = patterns()
    found = lib.pattern_source(stem.encode())
    return None if found == ffi.NULL else ffi.string(found).decode()
