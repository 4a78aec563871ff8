"""What became of one record that was pushed: each outcome says whether trying again helps."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Applied:
    """It is there. `seq` is the version that the CRM has now: more than what was pushed if a newer one was faster."""

    remote_id: str
    etag: str | None
    seq: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody edited the contact in the CRM meanwhile; nothing was written. Fetch, merge, push again."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Nothing was written, and trying again helps: after `after` seconds if the CRM said when.

    Where every record of a call gets one with `after`, the CRM as a whole wants a break: it is not called until then.
    """

    why: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """Nothing was written, and trying the same again does not help; `why` is in the CRM's own words.

    `whole`: the call was refused as one, for the sake of some of the records that say so. The engine makes it again in
    halves of these, until the bad one is alone.
    """

    why: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Nobody knows whether it was written: a timeout, a reset. To be read back, never taken for a failure."""

    why: str


Outcome: TypeAlias = Applied | Conflict | Retry | Reject | Ambiguous
