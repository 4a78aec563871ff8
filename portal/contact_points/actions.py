"""What a customer does to the ways in which they can be reached."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from portal.audit.values import Value
from portal.errors import Invalid, NotFound
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.mail import address_mail
from portal.record.change import Intention, Outcome, change
from portal.record.models import ContactPoint, Record, attributes
from portal.record.store import RecordStore


@dataclass(frozen=True, slots=True)
class Reach:
    """A contact point as it is asked for: the value normalised for its system."""

    system: str
    value: str
    use: str


async def add_contact_point(
    store: RecordStore, customer_id: UUID, intention: Intention, reach: Reach, *, limit: int
) -> Outcome:
    """Keep one more way to reach the customer, to be tried last. Its id is the intention's, so that it is kept once.

    Raises:
        Invalid: it is there already, or there are as many as are kept.
    """
    id = intention.request

    def proposal(record: Record) -> Mapping[str, Value]:
        others = [point for point in record.contact_points if point.id != id]
        _refuse_second(others, reach)
        if len(others) >= limit:
            raise Invalid(
                ngettext(
                    "You can keep %(limit)s way to reach you. Remove one first.",
                    "You can keep %(limit)s ways to reach you. Remove one first.",
                    limit,
                )
                % {"limit": limit}
            )
        return _paths(id, system=reach.system, value=reach.value, use=reach.use, rank=_next_rank(others))

    return await change(store, customer_id, intention, proposal)


async def change_contact_point(
    store: RecordStore, customer_id: UUID, intention: Intention, id: UUID, values: Mapping[str, str]
) -> Outcome:
    """Let a contact point have another value or use. An e-mail address that it had is told so.

    Raises:
        NotFound: the record has no such contact point.
        Invalid: another contact point says the same.
    """

    def proposal(record: Record) -> Mapping[str, Value]:
        point = find(record, id)
        reach = Reach(point.system, values.get("value", point.value), values.get("use", point.use))
        _refuse_second([other for other in record.contact_points if other.id != id], reach)
        return _paths(id, **values)

    if "value" in values:
        intention = replace(intention, jobs=address_mail(id, becomes=values["value"]))
    return await change(store, customer_id, intention, proposal)


async def remove_contact_point(store: RecordStore, customer_id: UUID, intention: Intention, id: UUID) -> Outcome:
    """Forget a way to reach the customer. If it is an e-mail address, it is told so.

    Raises:
        NotFound: the record has no such contact point.
    """

    def proposal(record: Record) -> Mapping[str, Value]:
        find(record, id)
        return _paths(id, **dict.fromkeys(attributes(ContactPoint)))

    told = replace(intention, jobs=address_mail(id, becomes=None))
    return await change(store, customer_id, told, proposal)


async def rank_contact_point(
    store: RecordStore, customer_id: UUID, intention: Intention, id: UUID, *, earlier: bool
) -> Outcome:
    """Let a contact point change places with the one before it, or after it.

    Raises:
        NotFound: the record has no such contact point.
    """

    def proposal(record: Record) -> Mapping[str, Value]:
        point = find(record, id)
        ranked = list(record.contact_points)
        place = ranked.index(point) + (-1 if earlier else 1)
        if not 0 <= place < len(ranked):
            return {}
        return _paths(id, rank=ranked[place].rank) | _paths(ranked[place].id, rank=point.rank)

    return await change(store, customer_id, intention, proposal)


def find(record: Record, id: UUID) -> ContactPoint:
    """The contact point with this id.

    Raises:
        NotFound: there is none, or it is somebody else's, which is the same here.
    """
    found = next((point for point in record.contact_points if point.id == id), None)
    if found is None:
        raise NotFound(_("There is no such way to reach you in your record. It may have been removed."))
    return found


def _refuse_second(others: list[ContactPoint], reach: Reach) -> None:
    if any(point.system == reach.system and point.value == reach.value for point in others):
        raise Invalid(_("This is in your record already."), {"value": [_("This is in your record already.")]})


def _next_rank(points: list[ContactPoint]) -> int:
    return max((point.rank for point in points), default=0) + 1


def _paths(id: UUID, **values: Value) -> dict[str, Value]:
    return {f"contact_points/{id}/{name}": value for name, value in values.items()}
