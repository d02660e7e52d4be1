"""Defaults and limits that several parts agree on."""

DEFAULT_SIZE = 1_000_000
"""Elements: 8 MB, which most machines' last-level cache holds."""

DEFAULT_ROUNDS = 7
QUICK_ROUNDS = 2

MAX_THREADS = 256
MAX_DEFAULT_THREADS = 8

MAX_JOBS = 64
