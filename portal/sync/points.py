"""Contact points in a CRM that has one field for each kind of them: which one stands in a field, and what it means that
somebody there wrote something else into it.

A field stands for the contact point that was first when it was written, so the base keeps both its value and its id:
whoever corrects a number corrects that contact point, even if the customer has put another one first since.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid5

from portal.audit.values import State, Value
from portal.catalogue.model import CrmContactPoint, Owner
from portal.mail.kinds import mailbox
from portal.record.addresses import normal
from portal.record.flat import encode
from portal.record.models import ContactPoint, Record, System, Use, attributes
from portal.sync.merge import Merge

ADDED = UUID("3e0c9d64-5a67-4c55-a5fd-0c7c2d0b7f1e")
"""The namespace of contact points that a CRM adds: what is brought in twice is one of them."""


@dataclass(frozen=True, slots=True)
class Points:
    """What becomes of them: the merge, and what both sides agree on afterwards, by field: its value and its id, unless
    what was wanted at `path` cannot be kept."""

    merge: Merge = field(default_factory=Merge)
    agreed: Mapping[str, "Agreed"] = field(default_factory=dict)

    def base(self, before: Mapping[str, Value], problems: Mapping[str, str]) -> State:
        """The base's part about them, where some paths have problems; there, what was agreed on `before` goes on."""
        base: State = {}
        for name, agreed in self.agreed.items():
            told = {f"points/{name}": agreed.value, f"points/{name}/id": agreed.id}
            base |= {at: before.get(at) for at in told} if agreed.path in problems else told
        return base


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a field holds, which contact point that is, and where in the record it is wanted now."""

    value: str | None
    id: str | None
    path: str = ""


def standing(places: Mapping[str, CrmContactPoint], record: Record) -> State:
    """What the fields are to hold, as a base keeps it."""
    state: State = {}
    for name, place in places.items():
        first = place.first(record.contact_points)
        state |= {
            f"points/{name}": first.value if first else None,
            f"points/{name}/id": str(first.id) if first else None,
        }
    return state


def known_as(place: CrmContactPoint, said: str | None, country: str | None, *known: str | None) -> str | None:
    """What somebody wrote into a field, in the words of what is `known` where it means the same: no edit is a number
    with spaces in it, or an e-mail address in small letters."""
    if said is None:
        return None
    said = normal(place.system, said, country)
    same = (each for each in known if each and _key(place.system, each) == _key(place.system, said))
    return next(same, said)


def merge_points(
    places: Mapping[str, CrmContactPoint],
    record: Record,
    base: Mapping[str, Value] | None,
    said: Mapping[str, str | None],
    country: str | None,
) -> Points:
    """Compare what the fields are to hold with what they hold, each by its owner.

    An emptied field removes nothing: it may have been the only way to reach somebody. It is filled again, and the log
    has that it was emptied.
    """
    merging = _Merging(record, base or {})
    for name, raw in said.items():
        if place := places.get(name):
            merging.look_at(name, place, raw, country)
    return Points(Merge(merging.take, frozenset(merging.give), merging.lost, merging.fields), merging.agreed)


def _key(system: System, value: str) -> str:
    return mailbox(value) if system is System.EMAIL else value


class _Merging:
    """One field after the other, each on what the ones before have made of the record."""

    def __init__(self, record: Record, base: Mapping[str, Value]) -> None:
        self.record, self.base = record, base
        self.points = {str(point.id): point for point in record.contact_points}
        self.take: dict[str, Value] = {}
        self.give: set[str] = set()
        self.lost: dict[str, Value] = {}
        self.fields: dict[str, str] = {}
        self.agreed: dict[str, Agreed] = {}

    def look_at(self, name: str, place: CrmContactPoint, raw: str | None, country: str | None) -> None:
        at = f"points/{name}"
        now, agreed = place.first(self.points.values()), self.base.get(at)
        our = now.value if now else None
        their = known_as(place, raw, country, our, str(agreed) if agreed else None)
        if their == our:
            self.agreed[name] = Agreed(their, str(now.id) if now else None)
        elif their == agreed or not self._stands(name, place, their, now):
            self.give.add(at)
            meant = self.base.get(f"{at}/id") or next((p.id for p in (now, self._twin(place, their)) if p), None)
            self.agreed[name] = Agreed(their, str(meant) if meant else None)
            if their != agreed:
                self._lose(name, f"contact_points/{meant}/value", their)

    def _stands(self, name: str, place: CrmContactPoint, their: str | None, now: ContactPoint | None) -> bool:
        """Take what somebody wrote, if it stands."""
        if their is None or place.owner is Owner.PORTAL:
            return False
        meant, twin = self._meant(name, place, now), self._twin(place, their)
        if meant is None and (now or self.base.get(f"points/{name}")):
            return False  # the customer has removed it, or has said something else there meanwhile
        if meant is None and twin is None:
            self._add(name, place, their)
        elif meant is not None and twin is None:
            self._correct(name, meant, their)
        elif meant is not None and twin is not None and place.suits(twin):
            self._prefer(name, twin, meant)
        else:
            return False  # the record has it already, as something else
        return True

    def _meant(self, name: str, place: CrmContactPoint, now: ContactPoint | None) -> ContactPoint | None:
        """Which contact point they corrected, unless the customer's word about it goes first."""
        at = f"points/{name}"
        if at not in self.base:
            return now if place.owner is Owner.CRM else None
        point = self.points.get(str(self.base.get(f"{at}/id")))
        return point if point and (place.owner is Owner.CRM or point.value == self.base[at]) else None

    def _twin(self, place: CrmContactPoint, value: str | None) -> ContactPoint | None:
        """The contact point that says so already."""
        return next((p for p in self.points.values() if (p.system, p.value) == (place.system, value)), None)

    def _add(self, name: str, place: CrmContactPoint, value: str) -> None:
        rank = max((point.rank for point in self.points.values()), default=0) + 1
        use = place.uses[0] if place.uses else Use.OTHER
        added = ContactPoint(self._new_id(name, value), place.system, value, use, rank)
        self._write(name, added, *attributes(ContactPoint))
        self.agreed[name] = Agreed(value, str(added.id), f"contact_points/{added.id}/value")

    def _new_id(self, name: str, value: str) -> UUID:
        """The same for the same word, unless the customer has made something else of the contact point that it was."""
        id = uuid5(ADDED, f"{self.record.id}/{name}/{value}")
        return uuid5(id, str(self.record.seq)) if str(id) in self.points else id

    def _correct(self, name: str, point: ContactPoint, value: str) -> None:
        self._write(name, replace(point, value=value), "value")
        self.agreed[name] = Agreed(value, str(point.id), f"contact_points/{point.id}/value")

    def _prefer(self, name: str, twin: ContactPoint, before: ContactPoint) -> None:
        """They want another one of the customer's to be the first: the two change places."""
        self._write(name, replace(twin, rank=before.rank), "rank")
        self._write(name, replace(before, rank=twin.rank), "rank")
        self.agreed[name] = Agreed(twin.value, str(twin.id), f"contact_points/{twin.id}/rank")

    def _write(self, name: str, point: ContactPoint, *names: str) -> None:
        self.points[str(point.id)] = point
        for each in names:
            path = f"contact_points/{point.id}/{each}"
            self.take[path], self.fields[path] = encode(getattr(point, each)), name

    def _lose(self, name: str, path: str, their: str | None) -> None:
        """Two fields may stand for one contact point, and both of them have been edited."""
        before = self.lost.get(path)
        self.lost[path] = ", ".join(dict.fromkeys(str(each) for each in (before, their) if each)) or None
        self.fields[path] = name
