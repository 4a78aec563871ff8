"""A company with a CRM and no portal yet: what stands in for the CRM, its contacts, and who adopts them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import URL

from portal import clock
from portal.adoption.crm import Contacts
from portal.adoption.everybody import Wish, bring_everybody
from portal.adoption.file import Lines
from portal.adoption.run import Run
from portal.db.database import Row
from portal.sync.enroll import register
from portal.sync.line import Line
from portal.sync.poll import Poller
from tests.conformance.of_hubspot import NAMES as HUBSPOT
from tests.conformance.of_hubspot import OfHubSpot, hubspot
from tests.conformance.of_odoo import NAMES as ODOO
from tests.conformance.of_odoo import OfOdoo, json2
from tests.conformance.of_salesforce import NAMES as SALESFORCE
from tests.conformance.of_salesforce import OfSalesforce, salesforce
from tests.conformance.subject import NAME, Names, Subject, a_catalogue
from tests.conftest import Stores
from tests.integration.crm.test_other_crms import with_catalogue
from tests.integration.sync_stage import Stage, as_administrator

KINDS = {"hubspot": (hubspot, HUBSPOT), "odoo": (json2, ODOO), "salesforce": (salesforce, SALESFORCE)}
COUNTS = """
    SELECT (SELECT count(*) FROM portal.customer) AS customers, (SELECT count(*) FROM portal.change_record) AS changes,
        (SELECT count(*) FROM portal.sync_state) AS rows, (SELECT count(*) FROM portal.adoption) AS runs"""


@dataclass
class Office:
    """One company. `waits` is what the operator was told of breaks."""

    stage: Stage
    subject: Subject
    waits: list[float] = field(default_factory=list)

    def add(self, number: str | None, *, email: str | None = None, portal_id: str | None = None, **fields: Any) -> str:
        """A contact that somebody made before there was a portal; gives its id."""
        named = {"given_name": "Ann", "family_name": "Berg"} | fields
        own = {self.subject.names[key]: value for key, value in named.items() if value is not None}
        own |= {self._number: number} if number else {}
        own |= {"Email" if self._is_salesforce else "email": email} if email else {}
        own |= {self._id: portal_id} if portal_id else {}
        match self.subject:
            case OfHubSpot():
                return self.subject.hubspot.add(own)
            case OfOdoo():
                partner = self.subject.odoo.change(None, {"name": "Ann Berg", "is_company": False} | own)
                return str(partner["id"])
            case OfSalesforce():
                return str(self.subject.salesforce.change("Contact", None, own)["Id"])
        raise AssertionError(self.subject)

    def contact(self, id: str) -> Mapping[str, Any]:
        """What a contact says now."""
        match self.subject:
            case OfHubSpot():
                return self.subject.hubspot.contacts[id].properties
            case OfOdoo():
                return self.subject.odoo.partners[int(id)]
            case OfSalesforce():
                return self.subject.salesforce.rows["Contact"][id]
        raise AssertionError(self.subject)

    def contacts(self) -> dict[str, dict[str, Any]]:
        """All of them, as they are now."""
        match self.subject:
            case OfHubSpot():
                return {id: dict(one.properties) for id, one in self.subject.hubspot.contacts.items()}
            case OfOdoo():
                return {str(id): dict(one) for id, one in self.subject.odoo.partners.items()}
            case OfSalesforce():
                return {id: dict(one) for id, one in self.subject.salesforce.rows["Contact"].items()}
        raise AssertionError(self.subject)

    @property
    def calls(self) -> int:
        assert self.subject.standin is not None
        return len(self.subject.standin.calls)

    def links(self, call: Any) -> bool:
        """Whether a call ties contacts to customers."""
        ours = b"portal_id" in call.body.lower() and b"inputs" in call.body
        return (call.path.endswith(("/batch/update", "/composite/sobjects")) and ours) or (
            call.path.endswith(("/composite/sobjects", "/res.partner/load"))
        )

    async def adopts(self, *, country: str | None = None, **wish: Any) -> Run:
        """The operator adopts the CRM."""
        contacts = Contacts(self.stage.line, country, self.waits.append)
        return await bring_everybody(self.stage.stores.worker, contacts, Wish(**wish))

    async def imports(self, file: Path, *, country: str | None = None, **wish: Any) -> Run:
        """The operator imports a file."""
        store = self.stage.stores.worker
        return await bring_everybody(store, Lines.open(file, store.catalogue, country), Wish(**wish))

    async def customer(self, number: str) -> UUID:
        row = await self.stage.one("SELECT id FROM portal.customer WHERE number = %s", number)
        id: UUID = row["id"]
        return id

    async def counts(self) -> Row:
        """What there is in the portal."""
        return await self.stage.one(COUNTS)

    @property
    def _is_salesforce(self) -> bool:
        return isinstance(self.subject, OfSalesforce)

    @property
    def _number(self) -> str:
        return "Number__c" if self._is_salesforce else "ref" if isinstance(self.subject, OfOdoo) else "customer_number"

    @property
    def _id(self) -> str:
        ids = {OfSalesforce: "Portal_Id__c", OfOdoo: "x_portal_id"}
        return ids.get(type(self.subject), "portal_id")


@asynccontextmanager
async def an_office(kind: str, stores: Stores, url: URL) -> AsyncIterator[Office]:
    """A company with that CRM, and nobody in it."""
    make, names = KINDS[kind]
    async with make(stores) as subject:
        yield await opened(subject, names, stores, url)


async def opened(subject: Subject, names: Names, stores: Stores, url: URL) -> Office:
    """A company with a CRM, and nobody in the portal."""
    as_administrator(url, "TRUNCATE portal.sync_state, portal.connector, portal.adoption, portal.customer CASCADE")
    subject.connector.caps = replace(subject.connector.caps, poll_seconds=0.0)
    theirs = with_catalogue(stores, a_catalogue(names))
    line = Line(NAME, subject.connector, theirs.worker, 100, timedelta(seconds=30))
    await register(stores.worker.database, [line])
    return Office(Stage(theirs, line, Poller(line, clock.uuid7())), subject)
