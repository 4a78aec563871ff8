"""Who of the demo is on the way in: one whose login waits for an agent, one with an invitation that is not used yet."""

from uuid import NAMESPACE_URL, uuid5

from portal.audit.entry import Actor, ActorKind, Evidence
from portal.errors import Conflict
from portal.identity import invitations, pending
from portal.identity.accounts import Account
from portal.record.store import RecordStore
from portal.settings import Settings

GRACE = Actor(ActorKind.AGENT, "grace", "demo")
WAITS = ("amara", "Amara Nwosu", "amara.nwosu@example.com")
INVITED = "20347"


async def load_logins(settings: Settings, store: RecordStore) -> None:
    """Let one of them wait, and invite another."""
    provider = next(iter(settings.customer_oidc.items()), None)
    name, issuer = (provider[0], provider[1].issuer) if provider else ("demo", "https://login.example.com")
    subject, person, email = WAITS
    await pending.note(store.database, Account(name, issuer, subject, person, email, email_verified=True), None)
    id = uuid5(NAMESPACE_URL, f"demo:{INVITED}")
    evidence = Evidence(personal={"name": "Grace Okafor"})
    try:
        await invitations.invite(store, id, GRACE, uuid5(id, "invitation"), evidence, made_by="Grace Okafor")
    except Conflict:
        return  # it was made when the demo was loaded before
