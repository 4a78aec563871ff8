"""How well something is."""

from enum import StrEnum


class State(StrEnum):
    """The colour of an answer."""

    YES = "yes"  # well
    WAIT = "wait"  # something is under way, or wants a look
    NO = "no"  # something is broken
