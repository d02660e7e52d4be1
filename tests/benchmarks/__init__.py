"""Timings that the README's claims about speed rest on; they decide no test.

``python -m tests.benchmarks`` in the root of the repository, with gil-demo
installed, measures all of it and prints one table.
"""
