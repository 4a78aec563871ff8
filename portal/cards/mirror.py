"""What agents see of a record: the same facts, and the same answer to whether they may call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.catalogue.model import AgentAccess, Catalogue, CustomerAccess, LawfulBasis
from portal.catalogue.told import told, words
from portal.contact.answer import Answer, answer
from portal.contact.permission import Permission
from portal.record.models import Record


@dataclass(frozen=True, slots=True)
class Mirror:
    """The agents' answer to "may I call now?", and the facts that stand beside it, as label and value."""

    answer: Answer | None
    facts: list[tuple[str, str]]


def mirror(catalogue: Catalogue, record: Record, permissions: Mapping[str, Sequence[Permission]]) -> Mirror:
    """What stands at the top of the agents' card, without what the catalogue hides from either side.

    Args:
        permissions: the answers for every purpose at this moment.
    """
    shown = [
        field
        for field in catalogue.fields.values()
        if AgentAccess.HIDDEN is not field.agent and field.customer is not CustomerAccess.HIDDEN
    ]
    facts = [(words(field.labels), told(record.profile.get(field.key), field)) for field in shown]
    return Mirror(_answer(catalogue, permissions), [(label, value) for label, value in facts if value])


def _answer(catalogue: Catalogue, permissions: Mapping[str, Sequence[Permission]]) -> Answer | None:
    """For the first way that interrupts somebody, and the first purpose that serves them."""
    channel = next((c.key for c in catalogue.channels.values() if c.immediate), None)
    serving = (p.key for p in catalogue.purposes.values() if p.lawful_basis is not LawfulBasis.CONSENT)
    purpose = next(serving, None)
    found = next((p for p in permissions[purpose] if p.channel.key == channel), None) if purpose else None
    return answer(found) if found else None
