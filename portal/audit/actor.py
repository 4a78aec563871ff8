"""Who commits a change."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """Who commits a change. An actor is not the subject: the subject is the customer whose chain it is."""

    CUSTOMER = "customer"
    AGENT = "agent"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    SYSTEM = "system"  # the portal itself, or a CRM that does not say which of its users it was


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is the customer's or staff member's id, or a CRM's name for its user; `via` the way in: portal, desk,
    cli, or crm:<connector>."""

    kind: ActorKind
    id: str
    via: str
