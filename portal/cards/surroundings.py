"""What stands around the cards and changes with each of them: the first sentences, and where the changes are."""

from typing import Any

from portal import clock
from portal.audit.values import State
from portal.cards.changes import tell, undoable
from portal.cards.mirror import mirror
from portal.catalogue.model import Catalogue
from portal.contact.lead import lead
from portal.contact.may_contact import agreed, serving
from portal.formats import local
from portal.i18n import gettext as _
from portal.record.models import Record
from portal.record.read import StoredRecord


def surroundings(catalogue: Catalogue, stored: StoredRecord) -> dict[str, Any]:
    """The contexts of `home/_lead.html`, `_delivery.html` and `_mirror.html`."""
    now = clock.now()
    permissions = serving(stored.record, now, catalogue=catalogue)
    state = _kinds(stored.record)
    changes = tell(catalogue, stored.recent, stored.deliveries, state)
    return {
        "greeting": greeting(stored.record),
        "sentences": lead(permissions, agreed(stored.record, now, catalogue=catalogue)),
        "changes": changes,
        "undoable": undoable(catalogue, changes, state),
        "mirror": mirror(catalogue, stored.record, permissions),
        "news": None,
        "held": any(change.where and change.where.held for change in changes),
    }


def _kinds(record: Record) -> State:
    """Of the flat record, what words for its changes need: what kind of item each is."""
    systems: State = {f"contact_points/{point.id}/system": point.system.value for point in record.contact_points}
    return systems | {f"notes/{note.id}/kind": note.kind.value for note in record.notes}


def greeting(record: Record) -> str:
    """`Good morning, Alice`, by the clock on the customer's wall."""
    name = record.profile.get("call_me") or record.profile.get("given_name") or record.name
    hour = local(clock.now()).hour
    if 5 <= hour < 12:
        return _("Good morning, %(name)s") % {"name": name}
    if 12 <= hour < 18:
        return _("Good afternoon, %(name)s") % {"name": name}
    return _("Good evening, %(name)s") % {"name": name}
