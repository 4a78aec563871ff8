"""What an agent decides about an account that waits: it is this customer's, or it is nobody's."""

from uuid import UUID

from portal.identity import pending
from portal.identity.links import link
from portal.identity.login_changes import decided, note_refused
from portal.identity.pending import PendingLogin
from portal.identity.security_events import note_event
from portal.record.change import Intention, Outcome
from portal.record.store import RecordStore


async def connect_reviewed(store: RecordStore, waiting: PendingLogin, customer_id: UUID, wanted: Intention) -> Outcome:
    """Let the account open this customer's record. Nobody waits any more in the commit in which it does.

    Raises:
        NotLinked: it was connected to another record meanwhile.
    """
    return await link(store, customer_id, decided(wanted, "reviewed", waiting.account), waiting.account)


async def refuse_reviewed(store: RecordStore, waiting: PendingLogin, by: str, wanted: Intention) -> bool:
    """Let the account wait no more. Whose number the provider gave has it in their chain; else it is nobody's.

    Returns:
        False if somebody else has decided meanwhile.
    """
    refused = await pending.refuse(store.database, waiting.id, by)
    if refused is None:
        return False
    if refused.customer_id is None:
        await note_event(store.database, wanted.action, provider=refused.account.provider, pending=str(refused.id))
        return True
    await note_refused(
        store, refused.customer_id, wanted.actor, "reviewed", refused.account, wanted.evidence.personal,
        once=wanted.request, why="refused by customer care",
    )  # fmt: skip
    return True
