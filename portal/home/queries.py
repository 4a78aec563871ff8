"""Who looked at a record."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.audit.entry import Actor, ActorKind
from portal.catalogue.wording import who
from portal.record.read import Access


@dataclass(frozen=True, slots=True)
class Look:
    who: str
    at: datetime


def looks(reads: Iterable[Access]) -> list[Look]:
    """Who read the record lately, the newest first."""
    return [
        Look(who(Actor(ActorKind(r.actor_kind), "", r.via), reader=ActorKind.CUSTOMER, name=r.actor_name), r.at)
        for r in reads
    ]
