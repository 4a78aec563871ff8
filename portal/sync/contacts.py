"""Which of the contacts that a CRM tells of is whose."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from portal.crm.port import Ref, Remote


def by_customer(asked: Sequence[Ref], found: Sequence[Remote]) -> Mapping[UUID, Remote]:
    """The contact of each customer who was asked for.

    The one that says that it is theirs; else the one that has, or has taken in, the contact that was known to be
    theirs: somebody in the CRM merged the two. That one may say that it belongs to another customer.
    """
    theirs = {remote.customer_id: remote for remote in found if remote.customer_id is not None}
    by_id = {id: remote for remote in found for id in (remote.remote_id, *remote.merged)}
    contacts: dict[UUID, Remote] = {}
    for ref in asked:
        assert ref.customer_id is not None
        remote = theirs.get(ref.customer_id) or by_id.get(ref.remote_id or "")
        if remote is not None:
            contacts[ref.customer_id] = remote
    return contacts
