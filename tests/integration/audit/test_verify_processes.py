"""Verification with several processes finds what one finds."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import psycopg
import pytest
from sqlalchemy import URL

from portal.audit import chain
from portal.audit.entry import read_sealed
from portal.audit.sealed import SealedEntry
from portal.catalogue import Catalogue
from portal.record import verify as verifying
from portal.record.change import change
from portal.record.verify import Checked, Listed, verify
from portal.record.verify_processes import checking
from tests.builders import a_customer, an_intention, the_customer
from tests.conftest import Stores, make_settings, open_stores


@pytest.fixture
async def log(empty_database: URL, catalogue: Catalogue) -> AsyncIterator[Stores]:
    """A change log of its own: this is about all of it."""
    async with open_stores(make_settings(empty_database), catalogue) as stores:
        yield stores


async def test_several_processes_find_what_one_finds(
    log: Stores, empty_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "BATCH", 4)  # so that each process gets some
    customers = [await a_customer(log.worker) for _ in range(7)]
    for stored in customers[:3]:
        me = the_customer(stored.record.id)
        await change(log.customer, stored.record.id, an_intention("profile:changed", me), {"profile/call_me": "Al"})
    with psycopg.connect(empty_database.set(drivername="postgresql").render_as_string(hide_password=False)) as owner:
        owner.execute("UPDATE portal.change_record SET via = 'desk' WHERE seq = 2")
    walked: list[int] = []

    async with checking(make_settings(empty_database), 2) as check:
        report = await verify(log.worker.database, log.worker.keys, check=check, ahead=3, progress=walked.append)

    alone = await verify(log.worker.database, log.worker.keys)
    assert report == alone
    assert [(f.number, f.seq) for f in report.findings] == sorted((s.record.number, 2) for s in customers[:3])
    assert (report.chains, report.entries, sum(walked)) == (7, 10, 10)


async def test_where_one_batch_fails_nobody_goes_on_with_the_others(
    log: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "BATCH", 1)
    for _ in range(2):
        await a_customer(log.worker)
    broken_off: list[bool] = []

    async def check(_batch: Sequence[Listed]) -> list[Checked]:
        if broken_off:
            raise psycopg.OperationalError("the database is gone")
        broken_off.append(False)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            broken_off[0] = True
            raise
        return []

    with pytest.raises(psycopg.OperationalError):
        await verify(log.worker.database, log.worker.keys, check=check, ahead=2)
    await asyncio.sleep(0)

    assert broken_off == [True]


async def test_a_chain_is_walked_in_pieces(log: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "PIECE", 2)
    stored = await a_customer(log.worker)
    for number in range(4):
        me = the_customer(stored.record.id)
        values = {"profile/call_me": f"n{number}"}
        await change(log.customer, stored.record.id, an_intention("profile:changed", me), values)

    report = await verify(log.worker.database, log.worker.keys)

    assert report.holds
    assert report.entries == 5


async def test_each_entry_is_parsed_once(log: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []

    def counting(data: bytes) -> SealedEntry:
        parsed.append(data)
        return read_sealed(data)

    monkeypatch.setattr(chain, "read_sealed", counting)
    await a_customer(log.worker)
    await a_customer(log.worker)

    assert (await verify(log.worker.database, log.worker.keys)).holds
    assert len(parsed) == 2
