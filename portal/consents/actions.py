"""What a customer agrees to, and what they withdraw: the same act with the other outcome, equally easy."""

from collections.abc import Mapping
from typing import TypeAlias
from uuid import UUID

from portal import clock
from portal.audit.values import Value, format_moment
from portal.catalogue.model import Catalogue
from portal.record.change import Intention, Outcome, change
from portal.record.models import Consent, ConsentStatus, Record
from portal.record.store import RecordStore

CAPTURE_SOURCE = "portal"

Decisions: TypeAlias = Mapping[tuple[str, str], bool]
"""Whether the person agrees, by purpose and channel; only for what they decided now."""


async def decide(store: RecordStore, customer_id: UUID, intention: Intention, decisions: Decisions) -> Outcome:
    """Record what a person agrees to and what not, with the notice that they had before their eyes.

    Where the record says the same already, its consent stands with its date and the text that was shown then.

    Raises:
        Invalid: there is no such purpose on such a channel, or it cannot be opted out of.
    """
    now = format_moment(clock.now())

    def proposal(record: Record) -> Mapping[str, Value]:
        values: dict[str, Value] = {}
        for (purpose, channel), agreed in decisions.items():
            status = ConsentStatus.OPT_IN if agreed else ConsentStatus.OPT_OUT
            if not _says(record.consent(purpose, channel), status):
                values |= _paths(store.catalogue, purpose, channel, status, now)
        return values

    return await change(store, customer_id, intention, proposal)


def action_of(decisions: Decisions) -> str:
    """What some decisions, taken together, are."""
    if not decisions or len(set(decisions.values())) > 1:
        return "consent:changed"
    return "consent:given" if all(decisions.values()) else "consent:withdrawn"


def _says(said: Consent | None, status: ConsentStatus) -> bool:
    return said is not None and said.status is status and said.effective_to is None


def _paths(catalogue: Catalogue, purpose: str, channel: str, status: ConsentStatus, now: str) -> dict[str, Value]:
    known = catalogue.purposes.get(purpose)
    values: dict[str, Value] = {
        "status": status.value,
        "capture_date": now,
        "capture_source": CAPTURE_SOURCE,
        "effective_from": now,
        "effective_to": None,
        "lawful_basis": known.lawful_basis.value if known else None,
        "notice": known.notice if known else None,
        "notice_version": catalogue.notices[known.notice].version if known else None,
    }
    return {f"consents/{purpose}/{channel}/{name}": value for name, value in values.items()}
