"""What a customer does to the fields of their profile."""

from uuid import UUID

from portal.record.change import Intention, Outcome, Proposal, change
from portal.record.store import RecordStore


async def change_profile(store: RecordStore, customer_id: UUID, intention: Intention, proposal: Proposal) -> Outcome:
    """Let some fields hold other values, by path; None empties one."""
    return await change(store, customer_id, intention, proposal)
