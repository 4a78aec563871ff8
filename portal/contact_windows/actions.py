"""What a customer does to the times at which contact is welcome, or is not."""

from collections.abc import Mapping
from uuid import UUID

from portal.audit.values import Value
from portal.errors import Invalid, NotFound
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.record.change import Intention, Outcome, change
from portal.record.flat import encode
from portal.record.models import ContactWindow, Record, attributes
from portal.record.store import RecordStore


async def add_contact_window(
    store: RecordStore, customer_id: UUID, intention: Intention, values: Mapping[str, Value], *, limit: int
) -> Outcome:
    """Keep one more window; its id is the intention's, so that it is kept once.

    Raises:
        Invalid: there are as many as are kept.
    """
    id = intention.request

    def proposal(record: Record) -> Mapping[str, Value]:
        others = [window for window in record.contact_windows if window.id != id]
        if any({name: encode(getattr(other, name)) for name in values} == dict(values) for other in others):
            raise Invalid(_("This window is in your record already."))
        if len(others) >= limit:
            raise Invalid(
                ngettext(
                    "You can keep %(limit)s contact window. Change or remove one.",
                    "You can keep %(limit)s contact windows. Change or remove one.",
                    limit,
                )
                % {"limit": limit}
            )
        return _paths(id, values)

    return await change(store, customer_id, intention, proposal)


async def change_contact_window(
    store: RecordStore, customer_id: UUID, intention: Intention, id: UUID, values: Mapping[str, Value]
) -> Outcome:
    """Let a window be another.

    Raises:
        NotFound: the record has no such window.
    """

    def proposal(record: Record) -> Mapping[str, Value]:
        find(record, id)
        return _paths(id, values)

    return await change(store, customer_id, intention, proposal)


async def remove_contact_window(store: RecordStore, customer_id: UUID, intention: Intention, id: UUID) -> Outcome:
    """Forget a window.

    Raises:
        NotFound: the record has no such window.
    """

    def proposal(record: Record) -> Mapping[str, Value]:
        find(record, id)
        return _paths(id, dict.fromkeys(attributes(ContactWindow)))

    return await change(store, customer_id, intention, proposal)


def find(record: Record, id: UUID) -> ContactWindow:
    """The window with this id.

    Raises:
        NotFound: there is none, or it is somebody else's, which is the same here.
    """
    found = next((window for window in record.contact_windows if window.id == id), None)
    if found is None:
        raise NotFound(_("There is no such contact window in your record. It may have been removed."))
    return found


def _paths(id: UUID, values: Mapping[str, Value]) -> dict[str, Value]:
    return {f"contact_windows/{id}/{name}": value for name, value in values.items()}
