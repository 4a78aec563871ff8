"""What a person said about a purpose on a channel, as it is in force at a moment."""

from datetime import UTC, datetime
from itertools import pairwise

from portal.catalogue.model import Channel, LawfulBasis, Purpose
from portal.contact.permission import PERMITTING, Ground, Reason
from portal.contact.spans import Span, union
from portal.contact.windows import Moments
from portal.record.models import Consent, ConsentStatus

BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
FOREVER = datetime(9999, 12, 1, tzinfo=UTC)
"""The ends of time: far enough from those of `datetime` that no sum and no zone runs over them."""


def consented(said: Consent | None, channel: Channel, purpose: Purpose) -> list[Moments]:
    """When consent permits contact: it can change only where a recorded consent begins or ends."""
    if said is None:
        return [Span(BEGINNING, FOREVER)] if consent_at(BEGINNING, said, channel, purpose).permits else []
    edges = {BEGINNING, FOREVER}
    known = (edge for edge in (said.effective_from, said.effective_to) if edge)
    edges |= {min(max(edge.astimezone(UTC), BEGINNING), FOREVER) for edge in known}
    return union(
        Span(start, end) for start, end in pairwise(sorted(edges)) if consent_at(start, said, channel, purpose).permits
    )


def consent_at(moment: datetime, said: Consent | None, channel: Channel, purpose: Purpose) -> Reason:
    """What was recorded and is in force, else the purpose's default. On a locked channel neither matters."""
    if channel.key not in purpose.channels:
        return Reason(Ground.NOT_USED)
    if channel.key in purpose.locked:
        return Reason(Ground.NEEDED)
    if said and said.effective_from <= moment and (said.effective_to is None or moment < said.effective_to):
        return Reason(_RECORDED.get(said.status) or _unsaid(purpose), since=said.capture_date)
    if purpose.default is ConsentStatus.OPT_IN:
        return Reason(Ground.NO_OBJECTION)
    ground = Ground.NOT_AGREED if purpose.default is ConsentStatus.OPT_OUT else _unsaid(purpose)
    if ground not in PERMITTING and said and said.status is ConsentStatus.OPT_IN and _ended(said, moment):
        return Reason(Ground.EXPIRED, since=said.effective_to)
    return Reason(ground)


_RECORDED = {ConsentStatus.OPT_IN: Ground.AGREED, ConsentStatus.OPT_OUT: Ground.OPTED_OUT}


def _unsaid(purpose: Purpose) -> Ground:
    """Silence is no consent (GDPR, recital 32), but other lawful bases need none (article 6(1), b to f)."""
    return Ground.NOT_AGREED if purpose.lawful_basis is LawfulBasis.CONSENT else Ground.NO_OBJECTION


def _ended(said: Consent, moment: datetime) -> bool:
    return said.effective_to is not None and said.effective_to <= moment
