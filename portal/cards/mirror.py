"""What agents see of a record: the same facts, and the same answer to whether they may call."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.catalogue.model import AgentAccess, Catalogue, CustomerAccess
from portal.catalogue.told import told, words
from portal.contact.answer import Answer, answer
from portal.contact.permission import Permission
from portal.record.models import Record


@dataclass(frozen=True, slots=True)
class Mirror:
    """The agents' answer to "may I call now?", and the facts that stand beside it, as label and value."""

    answer: Answer | None
    facts: list[tuple[str, str]]


def mirror(catalogue: Catalogue, record: Record, serving: Sequence[Permission]) -> Mirror:
    """What stands at the top of the agents' card, without what the catalogue hides from either side.

    Args:
        serving: the answers for serving the person at this moment.
    """
    shown = [
        field
        for field in catalogue.fields.values()
        if AgentAccess.HIDDEN is not field.agent and field.customer is not CustomerAccess.HIDDEN
    ]
    facts = [(words(field.labels), told(record.profile.get(field.key), field)) for field in shown]
    return Mirror(_answer(catalogue, serving), [(label, value) for label, value in facts if value])


def _answer(catalogue: Catalogue, serving: Sequence[Permission]) -> Answer | None:
    """For the first way that interrupts somebody."""
    first = next((channel for channel in catalogue.channels.values() if channel.immediate), None)
    found = next((permission for permission in serving if permission.channel is first), None)
    return answer(found) if found else None
