"""What the record says already and the CRM does not have yet: who asks whether somebody may be contacted is told the
stricter of the two, for an opt-out holds from the moment in which it was made."""

from collections.abc import Mapping
from datetime import UTC, datetime

from portal.contact.permission import Permission
from portal.crm.embedded.card import NAME, Card
from portal.formats import format_time
from portal.i18n import gettext as _
from portal.record.decode import decode_record
from portal.record.models import Consent, ConsentStatus, ContactPoint, Record
from portal.sync.state import Wanted

AHEAD = """(SELECT row_to_json(a)::text FROM (
        SELECT p.id, p.number, p.seq, jsonb_build_object('time_zone', p.profile -> 'time_zone') AS profile,
            '{}'::jsonb AS provenance, p.contact_points, p.contact_windows, p.consents
        FROM portal.record_parts_v1 p WHERE p.id = c.portal_id AND p.seq > c.portal_seq) a)"""
"""Beside a card, what the record says of how to reach the person, where that is newer than the contact."""

FAR = datetime.max.replace(tzinfo=UTC)

Answers = Mapping[str, tuple[Permission, ...]]


def record_ahead(card: Card) -> Record | None:
    """The record, without what has nothing to do with contact, if the CRM does not have its last version."""
    return None if card.beside is None else decode_record(card.beside)


def is_restricted(card: Card) -> bool:
    """Whether processing is restricted, also where the CRM does not show it yet, or still does."""
    return card.restricted or any(d.wanted == Wanted.RESTRICTED for d in card.deliveries)


def stricter(in_crm: Answers, in_record: Answers) -> dict[str, tuple[Permission, ...]]:
    """Of two answers for each purpose and channel the one that permits less."""
    return {purpose: tuple(map(_stricter, permissions, in_record[purpose])) for purpose, permissions in in_crm.items()}


def _stricter(in_crm: Permission, in_record: Permission) -> Permission:
    if in_crm.allowed and in_record.allowed and _address(in_crm.contact_point) != _address(in_record.contact_point):
        return in_record
    return min(in_crm, in_record, key=_room)


def _room(permission: Permission) -> tuple[bool, float]:
    """How much it permits: now and for how long, or else how soon."""
    if permission.allowed:
        return True, (permission.until or FAR).timestamp()
    return False, -(permission.next or FAR).timestamp()


def is_gone(point: ContactPoint, ahead: Record | None) -> bool:
    """Whether the record does not have an address any more that the CRM has."""
    return ahead is not None and _address(point) not in map(_address, ahead.contact_points)


def withdrawn(card: Card, ahead: Record | None) -> list[Consent]:
    """The opt-outs that the CRM does not have yet."""
    if ahead is None:
        return []
    return [
        consent
        for consent in ahead.consents
        if consent.status is ConsentStatus.OPT_OUT and consent != card.record.consent(consent.purpose, consent.channel)
    ]


def ahead_words(card: Card) -> str:
    """Why an answer is another than the CRM's."""
    since = next((d.since for d in card.deliveries if d.connector == NAME and d.since), None)
    if since is None:
        return _("This was changed in the record; the CRM does not have it yet.")
    return _("This was changed in the record; the CRM does not have it yet (changes wait since %(time)s).") % {
        "time": format_time(since)
    }


def _address(point: ContactPoint | None) -> tuple[str, str] | None:
    return (point.system, point.value) if point else None
