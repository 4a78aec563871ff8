"""HubSpot, and what stands in for it."""

import base64
import hashlib
import hmac
import html
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal import clock
from portal.catalogue.model import CrmField
from portal.crm.hubspot.connector import HubSpot
from portal.crm.port import Desired
from tests.conformance.made import made
from tests.conformance.subject import Delivery, Names, Subject, There, words_of
from tests.conftest import Stores
from tests.standins import hubspot as standins
from tests.standins.server import Matches

NAMES = Names(
    {
        "given_name": CrmField("firstname"),
        "family_name": CrmField("lastname"),
        "language": CrmField("hs_language"),
        "pronouns": CrmField("pronouns", values={"she": "She/Her"}),
        "helps_me": CrmField("helps"),
        "good_to_know": CrmField("good_to_know"),
        "account_tier": CrmField("plan"),
        "customer_since": CrmField("customer_since"),
        "paperless": CrmField("paperless"),
    },
    {"email": CrmField("email")},
    {("offers", "email"): CrmField("offers_email")},
    CrmField("contact_summary"),
)
SECRET = "app-client-secret"
URL = "https://profile.example.com/hooks/crm"


RAW = {
        "firstname": "Zoë", "lastname": "Märsh-O'Neill ✓", "hs_language": "en", "pronouns": "She/Her",
        "helps": "text_first;extra_time", "good_to_know": "Ring twice.\nThe bell is broken; <b>knock</b> & wait.",
        "plan": "home_plus", "customer_since": "2024-02-29", "paperless": "true", "email": "zoe@example.com",
        "offers_email": "opt_in", "contact_summary": "Call on weekdays from 17:00 to 20:00.",
}  # fmt: skip


class OfHubSpot(Subject):
    names, raw, email = NAMES.plain, RAW, "email"
    cleared: Mapping[str, Any] = dict.fromkeys(NAMES.plain.values(), "")

    def __init__(self, connector: HubSpot, standin: standins.HubSpot) -> None:
        self.connector, self.standin, self.hubspot = connector, standin, standin
        connector.feed.settles = timedelta(0)

    async def there(self, customer: UUID) -> There | None:
        thing = self.hubspot.find("portal_id", str(customer))
        if thing is None:
            return None
        hers = [self.hubspot.notes[note] for note, contact in self.hubspot.associated if contact == thing.id]
        in_order = sorted(hers, key=lambda note: note.properties["hs_timestamp"])
        told = [note.properties["hs_note_body"] for note in in_order]
        return There(thing.id, thing.properties, int(thing.properties["portal_seq"]), told)

    async def count(self, customer: UUID) -> int:
        return sum(one.properties.get("portal_id") == str(customer) for one in self.hubspot.contacts.values())

    async def edit(self, customer: UUID, **fields: Any) -> None:
        thing = self.hubspot.find("portal_id", str(customer))
        assert thing is not None
        self.hubspot.edit(thing.id, fields)

    async def poison(self, wish: Desired) -> Desired | None:
        return replace(wish, fields={**wish.fields, "plan": "no such plan"})

    def refuse_whole(self) -> bool:
        self.hubspot.traces = False
        return True

    async def take_number(self, number: str) -> bool:
        self.hubspot.add({"customer_number": number, "firstname": "Mallory"})
        return True

    async def somebody(self, name: str) -> str:
        return self.hubspot.add({"lastname": name})

    async def delete(self, customer: UUID) -> bool:
        thing = self.hubspot.find("portal_id", str(customer))
        assert thing is not None
        del self.hubspot.contacts[thing.id]
        return True

    async def merge(self, away: UUID, survivor: UUID) -> bool:
        gone, left = (self.hubspot.find("portal_id", str(customer)) for customer in (away, survivor))
        assert gone is not None and left is not None
        self.hubspot.merge(left.id, gone.id)
        return True

    def told(self, seq: int) -> str:
        return html.escape(words_of(seq), quote=False)

    async def expired_cursor(self) -> str | None:
        return "of another feed"

    def writes_timeline(self) -> Matches | None:
        return self.hubspot.writes_notes

    def tells_allowance(self) -> bool:
        return True

    def delivery(self, customer: UUID) -> Delivery | None:
        thing = self.hubspot.find("portal_id", str(customer))
        assert thing is not None
        event = {
            "eventId": 1, "subscriptionId": 12345, "portalId": 62515, "appId": 54321, "attemptNumber": 0,
            "occurredAt": 1753281600000, "subscriptionType": "contact.propertyChange", "objectId": int(thing.id),
            "propertyName": "firstname", "propertyValue": "Zoë", "changeSource": "CRM_UI",
        }  # fmt: skip
        return self.signed(json.dumps([event]).encode())

    def signed(self, raw: bytes) -> Delivery:
        now = clock.now()
        at = str(int(now.timestamp() * 1000))
        content = b"POST" + URL.encode() + raw + at.encode()
        signature = base64.b64encode(hmac.new(SECRET.encode(), content, hashlib.sha256).digest()).decode()
        return Delivery({"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": at}, raw, URL, now)


@asynccontextmanager
async def hubspot(_stores: Stores) -> AsyncIterator[Subject]:
    standin = standins.HubSpot()
    settings = {"token": standins.TOKEN, "webhook_secret": SECRET, "number_field": "customer_number"}
    async with standin.serving(), made("hubspot", NAMES, url=standin.url, **settings) as connector:
        assert isinstance(connector, HubSpot)
        yield OfHubSpot(connector, standin)
