"""What a person can get wrong, as opposed to what this program can."""


class BadInput(Exception):
    """Something given cannot be worked with; the message says what is wrong and what to do."""
