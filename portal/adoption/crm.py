"""The contacts of a CRM, and tying them to the customers that they are."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial

from portal.adoption.asking import ask, failed
from portal.adoption.person import Address, Page, Person, Said, complaint
from portal.audit.entry import Actor, ActorKind
from portal.audit.values import Value
from portal.catalogue.check import contact_point_problem, problems
from portal.catalogue.model import CrmType
from portal.crm.answers import CallFailed
from portal.crm.inventory import Browsing, Existing, Link
from portal.crm.port import ConsentStatus, Outcome
from portal.record.addresses import normal
from portal.record.models import System, Use
from portal.sync.line import Line

USUAL = {System.PHONE: Use.MOBILE}
"""Where an address reaches somebody, where neither CRM nor catalogue says."""


class Contacts:
    """A `Source`: all contacts of one CRM, as the sync would be told of them."""

    action = "customer:adopted"

    def __init__(self, line: Line, country: str | None, waiting: Callable[[float], None]) -> None:
        assert isinstance(line.connector, Browsing)
        self.line, self._connector = line, line.connector
        self._country, self._waiting = country, waiting
        self.name, self.connector = line.via, line.name
        self.actor = Actor(ActorKind.SYSTEM, line.name, line.via)

    async def pages(self, after: str | None) -> AsyncIterator[Page]:
        """Everybody after a cursor."""
        size = self.line.connector.caps.batch_max
        while True:
            browse = partial(self._connector.browse, after, size)
            contacts, after = await ask(self.line, browse, waiting=self._waiting)
            yield Page([self._person(contact) for contact in contacts], after)
            if after is None:
                return

    def facts(self, person: Person) -> Mapping[str, str | int]:
        """Which contact it was."""
        return {"crm": self.line.name, "contact": person.where}

    async def link(self, links: Sequence[Link]) -> Sequence[Outcome]:
        """Tie contacts to customers; each is tied, or refused."""
        size = self.line.connector.caps.batch_max
        outcomes: list[Outcome] = []
        for start in range(0, len(links), size):
            some = links[start : start + size]
            outcomes += await ask(self.line, partial(self._linked, some), waiting=self._waiting)
        return outcomes

    async def _linked(self, links: Sequence[Link]) -> Sequence[Outcome]:
        outcomes = await self._connector.link(links)
        if failure := failed(outcomes):
            raise CallFailed(failure)  # to tie what is tied does no harm
        return outcomes

    def _person(self, contact: Existing) -> Person:
        remote, catalogue = contact.remote, self.line.store.catalogue
        names = {key: name for key, name in self.line.names.items() if name not in remote.unsaid}
        profile: dict[str, Value] = {
            f"profile/{key}": remote.fields[name] for key, name in names.items() if remote.fields.get(name) is not None
        }
        number: dict[str, Value] = {"customer/number": contact.number} if contact.number else {}
        said = number | profile
        wrong = {path: complaint(said[path], why[0]) for path, why in problems(catalogue, said).items()}
        addresses: list[Address] = []
        for name, value in remote.points.items():
            if value is not None:
                addresses.append(self._address(name, value))
                if why := contact_point_problem(addresses[-1].system, addresses[-1].value):
                    wrong[name] = complaint(value, why)
        consents = self._consents(contact)
        undated = {key for key, one in consents.items() if one.status is ConsentStatus.OPT_IN}  # no CRM says when
        return Person(
            where=remote.remote_id,
            number=contact.number,
            name=contact.name,
            profile=profile,
            addresses=tuple(dict.fromkeys(addresses)),
            consents={key: one for key, one in consents.items() if key not in undated},
            undated=frozenset(undated),
            wrong=wrong,
            contact=contact,
        )

    def _address(self, name: str, value: str) -> Address:
        field = self.line.points[name]
        use = field.uses[0] if field.uses else USUAL.get(field.system, Use.PRIVATE)
        return Address(field.system, normal(field.system, value, self._country), use)

    def _consents(self, contact: Existing) -> dict[tuple[str, str], Said]:
        """A flag that forbids is somebody's word. One that permits, or is empty, says nothing: nobody knows who set it,
        or whether anybody was asked."""
        remote, purposes = contact.remote, self.line.store.catalogue.purposes
        said = {key: Said(status) for key, status in remote.consents.items() if status}
        for (purpose, channel), forbids in remote.flags.items():
            flag = purposes[purpose].crm[self.line.name][channel]
            if forbids and flag.type is CrmType.OPT_OUT and channel not in purposes[purpose].locked:
                said[purpose, channel] = Said(ConsentStatus.OPT_OUT)
        return said
