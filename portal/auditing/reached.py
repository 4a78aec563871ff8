"""What auditors ask of changes: how far they have come."""

from enum import StrEnum


class Reached(StrEnum):
    """How far a change has come."""

    EVERYWHERE = "everywhere"  # every CRM has it
    WAITING = "waiting"  # some CRM does not have it
    PARKED = "parked"  # one of those refuses it, or it was left out there
