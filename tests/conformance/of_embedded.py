"""The built-in CRM, in the database of the tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

from psycopg.types.json import Jsonb

from portal import clock
from portal.catalogue.model import CrmField
from portal.crm.embedded import EmbeddedCrm
from portal.crm.embedded.edit import EDIT
from portal.db.database import Database
from tests.builders import a_number
from tests.conformance.subject import ALICE, Names, Subject, There, words_of
from tests.conftest import Stores

FIELDS = Names({key: CrmField(key) for key in ALICE})


class Embedded(Subject):
    def __init__(self, worker: Database, staff: Database) -> None:
        self.connector = EmbeddedCrm(worker)
        self.names, self.raw = FIELDS.plain, ALICE
        self.cleared = dict.fromkeys(ALICE)
        self._worker, self._staff = worker, staff

    async def there(self, customer: UUID) -> There | None:
        row = await self._worker.fetch_one(
            """SELECT c.id, c.fields, c.portal_seq, (SELECT array_agg(a.seq ORDER BY a.seq) FROM crm.activity a
               WHERE a.contact_id = c.id) AS seqs FROM crm.contact c WHERE c.portal_id = %s""",
            [customer],
        )
        if row is None:
            return None
        return There(str(row["id"]), row["fields"], row["portal_seq"], [words_of(seq) for seq in row["seqs"] or ()])

    async def count(self, customer: UUID) -> int:
        rows = await self._worker.fetch_all("SELECT 1 FROM crm.contact WHERE portal_id = %s", [customer])
        return len(rows)

    async def edit(self, customer: UUID, **fields: object) -> None:
        row = await self._worker.fetch_one("SELECT version FROM crm.contact WHERE portal_id = %s", [customer])
        assert row is not None
        by = [clock.uuid7(), "Grace Okafor"]
        edited = await self._staff.fetch_one(EDIT, [customer, row["version"], Jsonb(fields), *by])
        assert edited is not None and edited["outcome"] == "edited"

    async def take_number(self, number: str) -> bool:
        wish = self.wish(given_name="Mallory")
        await self.connector.push([replace(wish, number=number)])
        return True

    async def somebody(self, name: str) -> str:
        values = [a_number(), name]
        row = await self._worker.fetch_one(
            "INSERT INTO crm.contact (number, name) VALUES (%s, %s) RETURNING id", values
        )
        assert row is not None
        return str(row["id"])


@asynccontextmanager
async def embedded(stores: Stores) -> AsyncIterator[Subject]:
    yield Embedded(stores.worker.database, stores.staff.database)
