"""The real Tryton."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.catalogue.model import CrmField
from portal.crm.port import Desired
from portal.crm.tryton.connector import Tryton
from portal.dev.tryton import DATABASE, PASSWORD, PORTAL
from tests.conformance.made import made
from tests.conformance.subject import Names, Subject, There, words_of
from tests.standins.server import Matches
from tests.standins.tryton import Console, Line

NAMES = Names(
    {
        "given_name": CrmField("given_name"),
        "family_name": CrmField("name"),
        "language": CrmField("lang"),
        "pronouns": CrmField("pronouns", values={"she": "She/Her"}),
        "helps_me": CrmField("helps"),
        "good_to_know": CrmField("good_to_know"),
        "account_tier": CrmField("plan"),
        "customer_since": CrmField("since"),
        "paperless": CrmField("paperless"),
    },
    {"email": CrmField("email")},
    {("offers", "email"): CrmField("offers_email")},
    CrmField("contact_summary"),
)
RAW = {
    "given_name": "Zoë", "name": "Märsh-O'Neill ✓", "lang": "en", "pronouns": "She/Her",
    "helps": ["extra_time", "text_first"], "good_to_know": "Ring twice.\nThe bell is broken; <b>knock</b> & wait.",
    "plan": "home_plus", "since": {"__class__": "date", "year": 2024, "month": 2, "day": 29}, "paperless": 1,
    "email": "zoe@example.com", "offers_email": "opt_in",
    "contact_summary": "Call on weekdays from 17:00 to 20:00.",
}  # fmt: skip
FIELDS = ["given_name", "name", "lang", "lang.code", "pronouns", "helps", "good_to_know", "plan", "since", "paperless",
          "offers_email", "contact_summary", "portal_seq"]  # fmt: skip


class OfTryton(Subject):
    one_call_each = True
    hurry_seconds = 5.0  # a real one, on a machine that does more than this
    names, raw, email = NAMES.plain, RAW, "email"
    cleared: Mapping[str, Any] = {**dict.fromkeys(NAMES.plain.values()), "helps": [], "paperless": 0}

    def __init__(self, connector: Tryton, line: Line, console: Console) -> None:
        self.connector, self.standin, self._line, self._console = connector, line, line, console
        connector.feed.settles = timedelta(minutes=-5)

    async def there(self, customer: UUID) -> There | None:
        rows = await self._parties(customer, FIELDS)
        if not rows:
            return None
        [row] = rows
        ask = self._console.call
        of_party = [["party", "=", row["id"]]]
        ways = await ask("party.contact_mechanism.search_read", of_party, 0, None, None, ["type", "value"], {})
        about = [["resource", "=", f"party.party,{row['id']}"]]
        notes = await ask("ir.note.search_read", about, 0, None, [["id", "ASC"]], ["message"], {})
        language = {"lang": row["lang."]["code"] if row.get("lang.") else None}
        fields = {**row, **language, **{way["type"]: way["value"] for way in ways}}
        told = [str(note["message"]).partition("\n")[2] for note in notes]
        return There(str(row["id"]), fields, row["portal_seq"], told)

    async def count(self, customer: UUID) -> int:
        return len(await self._parties(customer, ["id"]))

    async def edit(self, customer: UUID, **fields: Any) -> None:
        await self._write(customer, fields)

    async def correct(self, customer: UUID, address: str | None) -> None:
        """By itself, past the party."""
        [row] = await self._parties(customer, ["id"])
        hers = [["party", "=", row["id"]], ["type", "=", "email"]]
        ask = self._console.call
        ways = [way["id"] for way in await ask("party.contact_mechanism.search_read", hers, 0, None, None, ["id"], {})]
        if address is None:
            await ask("party.contact_mechanism.delete", ways, {})
        elif ways:
            await ask("party.contact_mechanism.write", ways, {"value": address}, {})
        else:
            await ask("party.contact_mechanism.create", [{"party": row["id"], "type": "email", "value": address}], {})

    async def poison(self, wish: Desired) -> Desired | None:
        return replace(wish, fields={**wish.fields, "plan": "no such plan"})

    async def take_number(self, number: str) -> bool:
        await self._console.call("party.party.create", [{"name": "Mallory", "code": number}], {})
        return True

    async def somebody(self, name: str) -> str:
        [id] = await self._console.call("party.party.create", [{"name": name}], {})
        return str(id)

    async def delete(self, customer: UUID) -> bool:
        [row] = await self._parties(customer, ["id"])
        await self._console.call("party.party.delete", [row["id"]], {})
        return True

    async def merge(self, away: UUID, survivor: UUID) -> bool:
        [gone], [left] = [await self._parties(customer, ["id"]) for customer in (away, survivor)]
        await self._console.replace(gone["id"], left["id"])
        return True

    def told(self, seq: int) -> str:
        return words_of(seq)

    async def expired_cursor(self) -> str | None:
        return "of another feed"

    def writes_timeline(self) -> Matches | None:
        return self._line.writes_notes

    async def _parties(self, customer: UUID, fields: list[str]) -> Any:
        domain = [["portal_id", "=", str(customer)], ["replaced_by", "=", None]]
        return await self._console.call(
            "party.party.search_read", domain, 0, None, None, fields, {"active_test": False}
        )

    async def _write(self, customer: UUID, values: Mapping[str, Any]) -> None:
        [row] = await self._parties(customer, ["id"])
        await self._console.call("party.party.write", [row["id"]], dict(values), {})


@asynccontextmanager
async def of_tryton(server: str) -> AsyncIterator[Subject]:
    line, console = Line(server=server), Console(server)
    settings = {"database": DATABASE, "username": PORTAL, "password": PASSWORD, "number_field": "code"}
    async with line.serving(), made("tryton", NAMES, url=line.url, **settings) as connector:
        assert isinstance(connector, Tryton)
        yield OfTryton(connector, line, console)
        await console.aclose()
