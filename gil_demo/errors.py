"""What a person can get wrong, and what a system may not have; anything else is a fault."""


class BadInput(Exception):
    """Something given cannot be worked with; the message says what is wrong and what to do."""


class Unavailable(RuntimeError):
    """This system does not give what is needed; the message says what is missing."""
