"""Gives a half of a pattern what it works with, inside the child that runs it."""
