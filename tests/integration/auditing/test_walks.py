"""A page of the log is read off an index, whatever is asked for and however much else has happened."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import URL

from portal.audit.cipher import KeyRing
from portal.auditing.cursor import Cursor, Direction
from portal.auditing.queries import PAGE, LogFilter, Reader, read_log
from portal.auditing.reached import Reached
from portal.db.database import Database, Params, Role, Row
from tests.conftest import PASSWORD
from tests.integration.auditing.test_counts import rows_read

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)

CHANGES = """
INSERT INTO portal.customer (id, number, chain) VALUES ('00000000-0000-0000-0000-000000000001', '1', gen_random_uuid());
-- Consents and what agents did come first, and nothing of that kind since.
INSERT INTO portal.change_record
    (customer_id, seq, at, action, actor_kind, actor_id, via, request_id, paths, entry, leaf)
SELECT c.id, n, timestamptz '2026-01-01T00:00Z' + n * interval '1 hour',
    CASE WHEN n % 2 = 0 THEN 'note:added' WHEN n < 2000 THEN 'consent:given' ELSE 'profile:changed' END,
    CASE WHEN n < 2000 AND n % 3 = 0 THEN 'agent' ELSE 'customer' END, '1', 'portal', gen_random_uuid(), '{}', '', ''
FROM portal.customer c, generate_series(1, 10000) n;
INSERT INTO portal.sync_state (customer_id, connector, desired_seq, synced_seq)
SELECT id, 'embedded', 10000, 10000 FROM portal.customer;
"""


class Explaining(Database):
    """Answers nothing, and knows how it would have."""

    plan: dict[str, Any]

    async def fetch_all(self, sql: str, params: Params = (), *, retry: bool = False, binary: bool = False) -> list[Row]:
        [row] = await super().fetch_all(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
        self.plan = row["QUERY PLAN"][0]["Plan"]
        return []


@pytest.fixture
async def log(empty_database: URL) -> AsyncIterator[Explaining]:
    with psycopg.connect(
        empty_database.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as admin:
        admin.execute(CHANGES)
        admin.execute("VACUUM ANALYZE portal.change_record")
        # As the planner decides where there are more: a few hundred rows are sorted fast.
        for setting in ("enable_sort", "enable_bitmapscan"):
            admin.execute(f"ALTER DATABASE {empty_database.database} SET {setting} = off")
    async with Explaining(empty_database.set(username=Role.STAFF.user, password=PASSWORD)) as database:
        yield database


async def test_no_page_reads_much_more_than_it_shows(log: Explaining) -> None:
    middle = Cursor(BEGAN + timedelta(hours=1_500), UUID(int=1), 1_500)
    places = [(None, Direction.OLDER), (middle, Direction.OLDER), (middle, Direction.NEWER)]
    days = [(None, None), (BEGAN, BEGAN + timedelta(hours=1_200))]
    too_much = []
    for actor, subject, reached, (after, before), (cursor, way) in product(
        (None, "agent", "customer", "system"),
        (None, "consent", "note", "login"),
        (None, Reached.EVERYWHERE),
        days,
        places,
    ):
        asked = LogFilter(actor=actor, action=subject, delivery=reached, after=after, before=before)
        await read_log(log, KeyRing(bytes(32)), asked, Reader("1", "Oscar"), cursor, way)
        # What every other change is, or more of them, is picked out of all.
        if rows_read(log.plan, "change_record") > 2 * PAGE:
            too_much.append((asked, way, rows_read(log.plan, "change_record")))

    assert not too_much
