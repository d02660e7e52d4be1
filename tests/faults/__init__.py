"""Faults thrown at the program in great numbers; the tests throw a few of each kind."""
