"""Salesforce, and what stands in for it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.catalogue.model import CrmField, CrmType
from portal.crm.port import Desired
from portal.crm.salesforce.connector import Salesforce
from tests.conformance.made import made
from tests.conformance.subject import Names, Subject, There
from tests.conftest import Stores
from tests.standins import salesforce as standins
from tests.standins.server import Matches

NAMES = Names(
    {
        "given_name": CrmField("FirstName"),
        "family_name": CrmField("LastName"),
        "language": CrmField("Language__c"),
        "pronouns": CrmField("Pronouns__c", values={"she": "She/Her"}),
        "helps_me": CrmField("Helps__c"),
        "good_to_know": CrmField("Good_to_know__c"),
        "account_tier": CrmField("Plan__c"),
        "customer_since": CrmField("Since__c"),
        "paperless": CrmField("Paperless__c"),
    },
    {"email": CrmField("Email")},
    {
        ("offers", "email"): CrmField("Offers_by_email__c"),
        ("surveys", "email"): CrmField("HasOptedOutOfEmail", CrmType.OPT_OUT),
    },
    CrmField("Summary__c"),
)
RAW = {
    "FirstName": "Zoë", "LastName": "Märsh-O'Neill ✓", "Language__c": "en", "Pronouns__c": "She/Her",
    "Helps__c": "text_first;extra_time", "Good_to_know__c": "Ring twice.\nThe bell is broken; <b>knock</b> & wait.",
    "Plan__c": "home_plus", "Since__c": "2024-02-29", "Paperless__c": True, "Email": "zoe@example.com",
    "Offers_by_email__c": "opt_in", "HasOptedOutOfEmail": True, "Summary__c": "Call on weekdays from 17:00 to 20:00.",
}  # fmt: skip


class OfSalesforce(Subject):
    names, raw, email = NAMES.plain, RAW, "Email"
    cleared: Mapping[str, Any] = {**dict.fromkeys(NAMES.plain.values()), "Paperless__c": False}

    def __init__(self, connector: Salesforce, standin: standins.Salesforce) -> None:
        self.connector, self.standin, self.salesforce = connector, standin, standin
        connector.feed.settles = timedelta(0)

    async def there(self, customer: UUID) -> There | None:
        row = self.salesforce.find(str(customer))
        if row is None:
            return None
        tasks = [task for task in self.salesforce.rows["Task"].values() if task["WhoId"] == row["Id"]]
        in_order = sorted(tasks, key=lambda task: str(task["Id"]))
        return There(row["Id"], row, row["Portal_Seq__c"], [task["Subject"] for task in in_order])

    async def count(self, customer: UUID) -> int:
        return sum(row.get("Portal_Id__c") == str(customer) for row in self.salesforce.rows["Contact"].values())

    async def edit(self, customer: UUID, **fields: Any) -> None:
        row = self.salesforce.find(str(customer))
        assert row is not None
        self.salesforce.change("Contact", row["Id"], fields)

    async def poison(self, wish: Desired) -> Desired | None:
        return replace(wish, fields={**wish.fields, "Plan__c": "no such plan"})

    async def take_number(self, number: str) -> bool:
        self.salesforce.change("Contact", None, {"LastName": "Mallory", "Number__c": number})
        return True

    async def somebody(self, name: str) -> str:
        return str(self.salesforce.change("Contact", None, {"LastName": name})["Id"])

    async def delete(self, customer: UUID) -> bool:
        row = self.salesforce.find(str(customer))
        assert row is not None
        self.salesforce.change("Contact", row["Id"], {"IsDeleted": True})
        return True

    async def merge(self, away: UUID, survivor: UUID) -> bool:
        gone, left = self.salesforce.find(str(away)), self.salesforce.find(str(survivor))
        assert gone is not None and left is not None
        self.salesforce.merge(left["Id"], gone["Id"])
        return True

    async def expired_cursor(self) -> str | None:
        return "of another feed"

    def writes_timeline(self) -> Matches | None:
        return self.salesforce.writes_tasks

    def tells_allowance(self) -> bool:
        return True


@asynccontextmanager
async def salesforce(_stores: Stores) -> AsyncIterator[Subject]:
    standin = standins.Salesforce()
    settings = {"client_id": standins.CLIENT_ID, "client_secret": standins.CLIENT_SECRET, "number_field": "Number__c"}
    async with standin.serving(), made("salesforce", NAMES, url=standin.url, **settings) as connector:
        assert isinstance(connector, Salesforce)
        yield OfSalesforce(connector, standin)
