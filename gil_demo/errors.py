"""Errors of the input, and of a system that lacks something, as opposed to faults here."""


class BadInput(Exception):
    """The input cannot be used; the message says what is wrong and what to do."""


class ProgramEnded(SystemExit):
    """Leaves this process with the exit code of the program that it ran."""


class Unavailable(RuntimeError):
    """This system does not give what is needed; the message says what is missing."""
