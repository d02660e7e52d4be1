"""What the program's parts agree on: exit codes, defaults and limits."""

DONE = 0
CONTRADICTED = 1
BAD_INPUT = 2
INCONCLUSIVE = 3
INTERNAL_ERROR = 70
INTERRUPTED = 130

DEFAULT_SIZE = 1_000_000
"""Elements: 8 MB, which most machines' last-level cache holds."""

DEFAULT_ROUNDS = 7
QUICK_ROUNDS = 2

MOST_THREADS = 256
MOST_DEFAULT_THREADS = 8

MOST_JOBS = 64
