"""A CRM with more to it than the remote one: fields for contact points, a feed without echoes, and workers that die or
stall while they call it."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from portal import clock
from portal.catalogue.model import CrmContactPoint
from portal.crm.port import Applied, Conflict, Desired, Editor, Outcome, Ref, Remote
from tests.integration.sync.remote_crm import Fault, RemoteCrm


class Died(BaseException):
    """No `except Exception` keeps a worker from it."""


class BusyCrm(RemoteCrm):
    """`seen` counts what happened to it. `overtaken` are customers about whom an agent noted a consent that a late call
    wrote over before anybody had read it, be it with the same word: a CRM without a fence tells nobody, so nobody can
    know."""

    def __init__(self, places: Mapping[str, CrmContactPoint], *, conditional: bool) -> None:
        super().__init__(conditional=conditional, holds_consents=True)
        self.caps = replace(self.caps, echo_tag=True)
        self.places, self.points = places, dict[str, dict[str, str | None]]()
        self.seen: Counter[str] = Counter()
        self.overtaken: set[UUID] = set()
        self.dies: str | None = None
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def push(self, batch: Sequence[Desired]) -> Sequence[Outcome]:
        if self.meanwhile:
            hook, self.meanwhile = self.meanwhile, None
            await hook()
        dies, self.dies = self.dies, None
        if dies == "before it is written":
            self._on_the_way += batch
        if dies == "after it is written":
            await super().push(batch)
        if dies:
            self.seen[f"a worker died {dies}"] += 1
            raise Died
        outcomes = await super().push(batch)
        self.seen.update(f"push: {type(outcome).__name__}" for outcome in outcomes)
        return outcomes

    async def fetch(self, refs: Sequence[Ref]) -> Sequence[Remote]:
        if self.broken:
            raise self.broken
        return await super().fetch(refs)

    def corrects(self, customer: UUID, name: str, value: str | None) -> None:
        """A user of the CRM writes something else into a field for a contact point."""
        contact = self.contacts[customer]
        self.points.setdefault(contact.remote_id, {})[name] = value
        contact.version += 1
        contact.edited_by[name] = (contact.version, Editor("omar", "Omar", clock.now()))
        self._feed.append(customer)

    def land(self) -> None:
        self.seen["push: landed late"] += len(self._on_the_way)
        super().land()

    def is_late(self, customer: UUID) -> bool:
        """Whether something about a customer may still land."""
        return any(desired.customer_id == customer for desired in self._on_the_way)

    def _receive(self, desired: Desired) -> Outcome:
        faults = self.faults.get(desired.customer_id)
        if faults and faults[0] is Fault.LOST:
            self.seen["push: lost"] += 1
        return super()._receive(desired)

    def _write(self, desired: Desired) -> Outcome:
        told = len(self._feed)
        self._overtake(desired)
        outcome = super()._write(desired)
        del self._feed[told:]
        contact = self.contacts.get(desired.customer_id)
        if isinstance(outcome, Conflict) or contact is None or not isinstance(outcome, Applied):
            return outcome
        if contact.seq == desired.seq:
            first = {name: place.first(desired.contact_points) for name, place in self.places.items()}
            now = {name: point.value if point else None for name, point in first.items()}
            before = self.points.get(contact.remote_id, {})
            changed = {name for name in now if now[name] != before.get(name)}
            contact.edited_by = {name: by for name, by in contact.edited_by.items() if name not in changed}
            self.points[contact.remote_id] = now
        return outcome

    def _overtake(self, desired: Desired) -> None:
        contact = self.contacts.get(desired.customer_id)
        if contact is None or self.caps.conditional:
            return
        for purpose, channel in contact.consents:
            edited, _by = contact.edited_by.get(f"{purpose}/{channel}", (0, None))
            if edited > int(desired.etag or 0):
                self.overtaken.add(desired.customer_id)
                self.seen["a word of an agent was overtaken"] += 1

    def _remote(self, customer: UUID) -> Remote:
        remote = super()._remote(customer)
        there = self.points.get(remote.remote_id, {})
        return replace(remote, points={name: there.get(name) for name in self.places})
