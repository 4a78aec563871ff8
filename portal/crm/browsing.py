"""Contacts that a CRM has already: in the words of whoever finds out which customer each is, and tied to them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.crm.answers import CallFailed
from portal.crm.comparing import Contact
from portal.crm.inventory import Existing, Link
from portal.crm.mapping import CrmMap
from portal.crm.port import Applied, Outcome, Reject, Remote
from portal.crm.setup import Setup


def existing(contact: Contact, remote: Remote, names: CrmMap, number_field: str, *name_fields: str) -> Existing:
    """What is known of a contact."""
    return Existing(
        remote=remote,
        number=str(contact.raw.get(number_field) or "").strip() or None,
        name=" ".join(str(contact.raw[name]) for name in name_fields if contact.raw.get(name)),
        state=names.state(contact.raw),
    )


@dataclass(frozen=True, slots=True)
class Tie:
    """What the portal leaves with a contact. Without a fingerprint, whatever stands there is read before it is
    written."""

    remote_id: str
    customer_id: UUID
    seq: int
    fingerprint: str

    @property
    def done(self) -> Applied:
        return Applied(self.remote_id, self.fingerprint or None, self.seq)


async def tied(
    setup: Setup, tie: Callable[[Sequence[Tie]], Awaitable[Sequence[Outcome]]], links: Sequence[Link]
) -> Sequence[Outcome]:
    """Tie contacts by one call. One that is refused as a whole is made again in halves: the bad one is alone then."""
    ties = [_tie(setup, link) for link in links]
    try:
        outcomes = await tie(ties)
    except CallFailed as failure:
        outcomes = [failure.outcome] * len(ties)
    if len(links) > 1 and all(isinstance(outcome, Reject) and outcome.whole for outcome in outcomes):
        middle = len(links) // 2
        return [*await tied(setup, tie, links[:middle]), *await tied(setup, tie, links[middle:])]
    return outcomes


def _tie(setup: Setup, link: Link) -> Tie:
    known = setup.fingerprint(link.customer_id, link.contact.state) if link.seq else ""
    return Tie(link.contact.remote.remote_id, link.customer_id, link.seq, known)
