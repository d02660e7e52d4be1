"""Errors of the input, as opposed to faults of this program."""


class BadInput(Exception):
    """The input cannot be used; the message says what is wrong and what to do."""
