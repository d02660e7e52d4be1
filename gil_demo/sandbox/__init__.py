"""Runs halves of patterns in child processes, and says how they ended."""
