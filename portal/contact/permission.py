"""The answer to "may this person be contacted?", with everything that it rests on."""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from portal.catalogue.model import Channel, Purpose
from portal.contact.windows import Moments
from portal.record.models import ContactPoint, ContactWindow


class Ground(StrEnum):
    """What an answer rests on. A contact is permitted if everything that it rests on permits it."""

    # From the consents
    AGREED = "agreed"  # permits: an opt-in is in force
    NEEDED = "needed"  # permits: the purpose cannot be served without this channel
    NO_OBJECTION = "no_objection"  # permits: nothing in force objects, and nobody has to agree
    OPTED_OUT = "opted_out"  # forbids: an opt-out is in force
    NOT_AGREED = "not_agreed"  # forbids: the person has to agree, and has not
    EXPIRED = "expired"  # forbids: the person has to agree, and did for a time that has ended
    NOT_USED = "not_used"  # forbids: the catalogue does not offer this purpose on this channel
    # From the contact points
    NO_CONTACT_POINT = "no_contact_point"  # forbids: there is nothing to call or write to
    # From the contact windows
    ANY_TIME = "any_time"  # permits: no DO window says when
    INSIDE_WINDOW = "inside_window"  # permits: this DO window contains the moment
    OUTSIDE_WINDOWS = "outside_windows"  # forbids: neither this DO window nor another one contains the moment
    UNWELCOME = "unwelcome"  # forbids: this DO_NOT window contains the moment
    UNKNOWN_ZONE = "unknown_zone"  # forbids: nobody can tell when this window is, for its zone is not known


PERMITTING = frozenset({Ground.AGREED, Ground.NEEDED, Ground.NO_OBJECTION, Ground.ANY_TIME, Ground.INSIDE_WINDOW})


class Reason(msgspec.Struct, frozen=True):  # made by the dozen for each page, a fifth as dear as a frozen dataclass
    """A ground with its particulars: since when it is known or holds, and the window in question."""

    ground: Ground
    since: datetime | None = None
    window: ContactWindow | None = None

    @property
    def permits(self) -> bool:
        return self.ground in PERMITTING


class Permission(msgspec.Struct, frozen=True):
    """The answer, for one channel and purpose at one moment. All moments are UTC but those of `today`.

    Attributes:
        reasons: what the answer rests on; the first is what the person said (`consent`).
        contact_point: where to reach the person, if anywhere.
        until: when permission ends, if it is given and its end is in sight.
        next: the first permitted moment, as things are known now: `at` itself if it is allowed, and None if there
            is no such moment in sight.
        today: what of the person's calendar day is permitted, past and to come, told in their zone.
        zone: the person's time zone.
    """

    channel: Channel
    purpose: Purpose
    at: datetime
    reasons: tuple[Reason, ...]
    contact_point: ContactPoint | None
    until: datetime | None
    next: datetime | None
    today: tuple[Moments, ...]
    zone: ZoneInfo

    @property
    def allowed(self) -> bool:
        return all(reason.permits for reason in self.reasons)

    @property
    def consent(self) -> Reason:
        """What the person said, whatever the time."""
        return self.reasons[0]
