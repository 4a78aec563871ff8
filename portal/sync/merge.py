"""What becomes of values that portal and CRM do not agree on: a pure three-way comparison by field owner.

`base` is what both sides last agreed on. A side that still says what base says has not changed anything.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from portal.audit.values import Value
from portal.catalogue.model import Catalogue, Owner
from portal.record.models import ConsentStatus


class Winner(StrEnum):
    """Whose value stands when both sides have changed it."""

    PORTAL = "portal"  # the portal's field: what the CRM says is overwritten, even if it alone changed
    CRM = "crm"  # the agents' field
    CUSTOMER = "customer"  # a shared preference: the portal's value, because customers speak through it
    STRICTEST = "strictest"  # a consent that was said in the CRM: if both have changed it, whoever permits less
    STRICTER = "stricter"  # a consent that was said elsewhere: the CRM's word counts only if it permits less


@dataclass(frozen=True, slots=True)
class Merge:
    """What to do so that both sides say the same.

    Attributes:
        take: what the record is to say, by path; None removes.
        give: the paths whose value the CRM is to get from the record.
        lost: what somebody put into the CRM and does not stand: kept as evidence.
        fields: where in the CRM somebody said what is at a path, where the path does not tell.
    """

    take: dict[str, Value] = field(default_factory=dict)
    give: frozenset[str] = frozenset()
    lost: dict[str, Value] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)

    def __or__(self, other: "Merge") -> "Merge":
        """Both."""
        return Merge(self.take | other.take, self.give | other.give, self.lost | other.lost, self.fields | other.fields)

    def without(self, paths: Collection[str]) -> "Merge":
        """The same, but that some paths are left as each side has them."""
        left = {path: value for path, value in self.lost.items() if path not in paths}
        gone = {path if path in self.give else f"points/{self.fields.get(path)}" for path in paths}
        return replace(self, lost=left, give=self.give - gone)


def merge(
    base: Mapping[str, Value] | None,
    ours: Mapping[str, Value],
    theirs: Mapping[str, Value],
    paths: Iterable[str],
    winner: Callable[[str], Winner],
) -> Merge:
    """Compare the two sides at some paths; an absent path has no value.

    Without a base nobody knows who changed what: where only one side has a value it counts as the one that changed, and
    where both have one, both do.
    """
    take: dict[str, Value] = {}
    give: set[str] = set()
    lost: dict[str, Value] = {}
    for path in paths:
        our, their = ours.get(path), theirs.get(path)
        if our == their:
            continue
        who = winner(path)
        if _stands(base, path, our, their, who) == our:
            give.add(path)
            if their != (base or {}).get(path):
                lost[path] = their
        else:
            take[path] = their
    return Merge(take, frozenset(give), lost)


def winners(catalogue: Catalogue) -> Callable[[str], Winner]:
    """Who wins at a path, by the catalogue."""
    by_owner = {Owner.PORTAL: Winner.PORTAL, Owner.CRM: Winner.CRM, Owner.SHARED: Winner.CUSTOMER}
    by_path = {field.path: by_owner[field.owner] for field in catalogue.fields.values()}
    return lambda path: Winner.STRICTEST if path.startswith("consents/") else by_path[path]


def _stands(base: Mapping[str, Value] | None, path: str, our: Value, their: Value, who: Winner) -> Value:
    agreed = None if base is None else base.get(path)
    if their == agreed:
        return our  # the CRM has not changed it; what the portal says has passed the portal's own gate
    if who is Winner.PORTAL:
        return our
    if who is Winner.STRICTER:
        return _strictest(our, their)
    if our == agreed:
        return their
    if who is Winner.CRM:
        return their
    return our if who is Winner.CUSTOMER else _strictest(our, their)


STRICTNESS = (None, ConsentStatus.OPT_IN, ConsentStatus.SEEN, ConsentStatus.NOT_SEEN, ConsentStatus.OPT_OUT)
"""From what says nothing to what forbids."""


def _strictest(our: Value, their: Value) -> Value:
    return max(our, their, key=lambda status: STRICTNESS.index(status))
