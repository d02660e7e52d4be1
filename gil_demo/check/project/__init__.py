"""The files that are checked together: they call each other's functions and use their macros."""
