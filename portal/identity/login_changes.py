"""Changes about who may come in, each with its evidence and with word to the addresses that the record had before."""

from collections.abc import Mapping
from uuid import UUID, uuid5

from portal.audit.entry import Actor, ActorKind
from portal.identity.accounts import Account, evidence
from portal.mail import MailKind, mails
from portal.record.change import Intention, change
from portal.record.store import RecordStore

PORTAL = Actor(ActorKind.SYSTEM, "portal", "portal")
"""Who links where nobody is known yet: the portal itself, by a rule."""

MAILS = {
    "login:linked": MailKind.LOGIN_LINKED,
    "login:unlinked": MailKind.LOGIN_UNLINKED,
    "login:refused": MailKind.LOGIN_REFUSED,
}


def customer(id: UUID) -> Actor:
    """A customer who acts for themselves."""
    return Actor(ActorKind.CUSTOMER, str(id), "portal")


def login_change(
    action: str,
    actor: Actor,
    request: UUID,
    basis: str,
    account: Account,
    personal: Mapping[str, str],
    **facts: str,
) -> Intention:
    """The intention to link, unlink or refuse an account.

    Args:
        basis: on what the decision rests: invitation, trusted_claim, verified_email, second_login, reviewed, removed.
        personal: the address and browser of who did it, and their name where they are staff.
    """
    return Intention(
        action,
        actor,
        request,
        evidence=evidence(basis, account, personal, **facts),
        notable=action == "login:refused",
        # Who loses a way in is told there, too: it is gone from the record when the letter is written.
        jobs=mails(
            MAILS[action],
            provider=account.provider,
            also=account.verified_email if action == "login:unlinked" else None,
        ),
    )


def decided(wanted: Intention, basis: str, account: Account) -> Intention:
    """The same, of somebody who is logged in and sent a form: what is known of them goes along."""
    facts = {name: str(fact) for name, fact in wanted.evidence.facts.items()}
    personal = wanted.evidence.personal
    return login_change(wanted.action, wanted.actor, wanted.request, basis, account, personal, **facts)


async def note_refused(
    store: RecordStore,
    customer_id: UUID,
    actor: Actor,
    basis: str,
    account: Account,
    personal: Mapping[str, str],
    *,
    once: UUID,
    why: str,
) -> None:
    """Write into a customer's chain that an account was not let in.

    Args:
        once: of what this is a refusal; the same account is told once in it, however often it is tried.
    """
    request = uuid5(once, f"refused {account.issuer} {account.subject}")
    await change(
        store, customer_id, login_change("login:refused", actor, request, basis, account, personal, why=why), {}
    )
