"""The safe halves proved, not trusted: `python -m tests.sanitizers`."""
