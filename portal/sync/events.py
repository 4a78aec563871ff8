"""The journal of the sync: what operators want to know about later, without a personal value in it."""

from enum import StrEnum

ENGINE = "engine"
"""The actor of what nobody did by hand."""


class Event(StrEnum):
    """What can be found in the journal."""

    PARKED = "parked"  # a CRM refuses a record
    RETRIED = "retried"  # a person had it tried again
    SKIPPED = "skipped"  # a person gave this version up
    RELINKED = "relinked"  # a record belongs to another contact now: by a person, or because the CRM merged contacts
    DRIFT = "drift"  # the CRM said something else than was agreed on, and nobody had told; it is being mended
    RESYNC = "resync"  # every record is compared anew
    PAUSED = "paused"
    RESUMED = "resumed"
    BREAKER_OPENED = "breaker_opened"  # the CRM does not answer; it is left alone for a while
    BREAKER_CLOSED = "breaker_closed"  # it answers again
    CURSOR_EXPIRED = "cursor_expired"  # the CRM no longer knows how far its feed was read; a resync follows
    RECORD_WANTED = "record_wanted"  # a restriction is lifted
    RECORD_CONFIRMED = "record_confirmed"
    RESTRICTED_WANTED = "restricted_wanted"
    RESTRICTED_CONFIRMED = "restricted_confirmed"
    ERASED_WANTED = "erased_wanted"
    ERASED_CONFIRMED = "erased_confirmed"
