"""The door to the C of the patterns."""

from typing import Any

from gil_demo.native.loading import load


def patterns() -> tuple[Any, Any]:
    """Load the C of all patterns, as cffi's (ffi, lib); call each function with the GIL held."""
    module: Any = load("_patterns")
    return module.ffi, module.lib


def pattern_source(stem: str) -> str | None:
    """Return the text of a pattern's C file as it was compiled, or None if there is none."""
    ffi, lib = patterns()
    found = lib.pattern_source(stem.encode())
    return None if found == ffi.NULL else ffi.string(found).decode()
