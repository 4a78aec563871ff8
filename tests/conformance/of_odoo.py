"""Odoo in both of its ways, and what stands in for it."""

import html
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.catalogue.model import CrmField
from portal.crm.odoo.connector import Odoo
from portal.crm.port import Desired
from tests.conformance.made import made
from tests.conformance.subject import Names, Subject, There, words_of
from tests.conftest import Stores
from tests.standins import odoo as standins
from tests.standins.server import Matches

NAMES = Names(
    {
        "given_name": CrmField("x_given_name"),
        "family_name": CrmField("x_family_name"),
        "language": CrmField("lang", values={"en": "en_US", "de": "de_DE"}),
        "pronouns": CrmField("x_pronouns", values={"she": "She/Her"}),
        "helps_me": CrmField("category_id", values={name: str(id) for id, name in standins.TAGS.items()}),
        "good_to_know": CrmField("comment"),
        "account_tier": CrmField("x_plan"),
        "customer_since": CrmField("x_since"),
        "paperless": CrmField("x_paperless"),
    },
    {"email": CrmField("email")},
    {("offers", "email"): CrmField("x_offers_email")},
    CrmField("x_summary"),
)
RAW = {
    "x_given_name": "Zoë", "x_family_name": "Märsh-O'Neill ✓", "name": "Zoë Märsh-O'Neill ✓", "lang": "en_US",
    "x_pronouns": "She/Her", "category_id": [11, 12], "x_plan": "home_plus", "x_since": "2024-02-29",
    "comment": "Ring twice.\nThe bell is broken; <b>knock</b> & wait.", "x_paperless": True, "email": "zoe@example.com",
    "x_offers_email": "opt_in", "x_summary": "Call on weekdays from 17:00 to 20:00.",
}  # fmt: skip


class OfOdoo(Subject):
    names, raw, email = NAMES.plain, RAW, "email"
    cleared: Mapping[str, Any] = {**dict.fromkeys(NAMES.plain.values(), False), "category_id": []}

    def __init__(self, connector: Odoo, standin: standins.Odoo) -> None:
        self.connector, self.standin, self.odoo = connector, standin, standin
        connector.feed.settles = timedelta(days=-365)

    def raw_of(self, key: str, value: str) -> Any:
        return NAMES.fields[key].values.get(value, value)

    async def there(self, customer: UUID) -> There | None:
        row = self.odoo.find(str(customer))
        if row is None:
            return None
        hers = [message for message in self.odoo.messages.values() if message["res_id"] == row["id"]]
        told = [message["body"] for message in sorted(hers, key=lambda message: str(message["date"]))]
        return There(str(row["id"]), row, row["x_portal_seq"], told)

    async def count(self, customer: UUID) -> int:
        return sum(row["x_portal_id"] == str(customer) for row in self.odoo.partners.values())

    async def edit(self, customer: UUID, **fields: Any) -> None:
        row = self.odoo.find(str(customer))
        assert row is not None
        self.odoo.change(row["id"], fields)

    async def poison(self, wish: Desired) -> Desired | None:
        return replace(wish, fields={**wish.fields, "x_plan": "no such plan"})

    async def take_number(self, number: str) -> bool:
        self.odoo.change(None, {"name": "Mallory", "ref": number})
        return True

    async def somebody(self, name: str) -> str:
        return str(self.odoo.change(None, {"name": name})["id"])

    async def delete(self, customer: UUID) -> bool:
        row = self.odoo.find(str(customer))
        assert row is not None
        self.odoo.delete([row["id"]])
        return True

    async def merge(self, away: UUID, survivor: UUID) -> bool:
        gone, left = self.odoo.find(str(away)), self.odoo.find(str(survivor))
        assert gone is not None and left is not None
        self.odoo.merge(left["id"], gone["id"])
        return True

    def told(self, seq: int) -> str:
        return f"<p>{html.escape(words_of(seq), quote=False)}</p>"

    async def expired_cursor(self) -> str | None:
        return "of another feed"

    def writes_timeline(self) -> Matches | None:
        return self.odoo.writes_messages


@asynccontextmanager
async def json2(_stores: Stores) -> AsyncIterator[Subject]:
    async with _odoo(token=standins.KEY) as subject:
        yield subject


@asynccontextmanager
async def json_rpc(_stores: Stores) -> AsyncIterator[Subject]:
    async with _odoo(api="jsonrpc", username=standins.USER, password=standins.PASSWORD) as subject:
        yield subject


@asynccontextmanager
async def _odoo(**settings: str) -> AsyncIterator[OfOdoo]:
    standin = standins.Odoo()
    given = {"database": standins.DATABASE, "number_field": "ref", **settings}
    async with standin.serving(), made("odoo", NAMES, url=standin.url, **given) as connector:
        assert isinstance(connector, Odoo)
        yield OfOdoo(connector, standin)
