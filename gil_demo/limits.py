"""Defaults and limits that several parts agree on."""

DEFAULT_SIZE = 1_000_000
"""Elements: 8 MB, which most machines' last-level cache holds."""

DEFAULT_ROUNDS = 7
QUICK_ROUNDS = 2

MAX_THREADS = 256
MAX_DEFAULT_THREADS = 8

MAX_JOBS = 64

ONE_THREAD_EACH = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Variables for NumPy as it loads: nobody here needs the threads of its linear algebra.

A server that forks must have none, and where few are allowed OpenBLAS ends the process.
"""
