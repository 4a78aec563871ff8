"""What agents see of a record: the same facts, and the same answer to whether they may call."""

from dataclasses import dataclass

from portal import clock
from portal.catalogue.model import AgentAccess, Catalogue, CustomerAccess, LawfulBasis
from portal.catalogue.told import told, words
from portal.contact.answer import Answer, answer
from portal.contact.may_contact import may_contact
from portal.record.models import Record


@dataclass(frozen=True, slots=True)
class Mirror:
    """The agents' answer to "may I call now?", and the facts that stand beside it, as label and value."""

    answer: Answer | None
    facts: list[tuple[str, str]]


def mirror(catalogue: Catalogue, record: Record) -> Mirror:
    """What stands at the top of the agents' card, without what the catalogue hides from either side."""
    shown = [
        field
        for field in catalogue.fields.values()
        if AgentAccess.HIDDEN is not field.agent and field.customer is not CustomerAccess.HIDDEN
    ]
    facts = [(words(field.labels), told(record.profile.get(field.key), field)) for field in shown]
    return Mirror(_answer(catalogue, record), [(label, value) for label, value in facts if value])


def _answer(catalogue: Catalogue, record: Record) -> Answer | None:
    """For the first way that interrupts somebody, and the first purpose that serves them."""
    channel = next((c.key for c in catalogue.channels.values() if c.immediate), None)
    serving = (p.key for p in catalogue.purposes.values() if p.lawful_basis is not LawfulBasis.CONSENT)
    purpose = next(serving, None)
    if channel is None or purpose is None or channel not in catalogue.purposes[purpose].channels:
        return None
    return answer(may_contact(record, channel, purpose, clock.now(), catalogue=catalogue))
