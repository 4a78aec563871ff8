"""The built-in CRM's feed of edits: nothing is lost, whatever order transactions commit in."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portal.crm.embedded import EmbeddedCrm
from portal.crm.embedded import connector as embedded_connector
from portal.crm.port import Ref
from tests.builders import GRACE, a_customer
from tests.integration.sync_stage import Stage

EDIT = "SELECT * FROM crm.contact_edit_v1(%s, 99, jsonb_build_object('account_tier', %s::text), %s, 'Grace')"


@pytest.fixture
def crm(stage: Stage) -> EmbeddedCrm:
    return EmbeddedCrm(stage.stores.worker.database)


@asynccontextmanager
async def transaction(stage: Stage, *, undo: bool = False) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with (
        stage.stores.staff.database.pool.connection() as connection,
        connection.transaction(force_rollback=undo),
    ):
        yield connection


def customers(refs: Sequence[Ref]) -> set[UUID | None]:
    return {ref.customer_id for ref in refs}


async def test_an_edit_that_commits_after_a_later_one_was_read_is_not_lost(
    stage: Stage, alice: UUID, crm: EmbeddedCrm
) -> None:
    bob = (await a_customer(stage.stores.worker, given_name="Bob")).record.id
    await stage.settle()
    _, cursor = await crm.changes(None)

    async with transaction(stage) as slow:
        await slow.execute(EDIT, [alice, "business", GRACE.id])
        await stage.edits(bob, {"account_tier": "business"})
        refs, between = await crm.changes(cursor)
        assert customers(refs) == {bob}
    refs, after = await crm.changes(between)
    assert customers(refs) == {alice}
    assert await crm.changes(after) == ([], after)


async def test_an_edit_is_told_at_once_whatever_else_goes_on_in_the_database(
    stage: Stage, alice: UUID, crm: EmbeddedCrm
) -> None:
    _, cursor = await crm.changes(None)
    async with transaction(stage) as somebody:
        await somebody.execute("SELECT pg_current_xact_id()")
        await stage.edits(alice, {"account_tier": "business"})
        refs, _ = await crm.changes(cursor)
        assert customers(refs) == {alice}


async def test_an_edit_that_was_undone_is_not_told(stage: Stage, alice: UUID, crm: EmbeddedCrm) -> None:
    _, cursor = await crm.changes(None)
    async with transaction(stage, undo=True) as undone:
        await undone.execute(EDIT, [alice, "business", GRACE.id])
    assert (await crm.changes(cursor))[0] == []


async def test_what_is_more_than_a_page_is_told_in_pages(
    stage: Stage, crm: EmbeddedCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, cursor = await crm.changes(None)
    everybody = [(await a_customer(stage.stores.worker)).record.id for _ in range(7)]
    await stage.settle()
    for customer in everybody:
        await stage.edits(customer, {"account_tier": "business"})
    monkeypatch.setattr(embedded_connector, "FEED_PAGE", 3)

    told: list[set[UUID | None]] = []
    async with transaction(stage) as slow:
        await slow.execute(EDIT, [everybody[0], "home", GRACE.id])
        for _ in range(3):
            refs, cursor = await crm.changes(cursor)
            told.append(customers(refs))
    assert [len(page) for page in told] == [3, 3, 1]
    assert set().union(*told) == set(everybody)
    refs, cursor = await crm.changes(cursor)
    assert customers(refs) == {everybody[0]}, "who committed while pages were read comes with the next call"
    assert (await crm.changes(cursor))[0] == []


async def test_our_own_pushes_are_not_told(stage: Stage, alice: UUID, crm: EmbeddedCrm) -> None:
    _, cursor = await crm.changes(None)
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    assert (await crm.changes(cursor))[0] == []


async def test_a_cursor_of_another_server_begins_anew(stage: Stage, alice: UUID, crm: EmbeddedCrm) -> None:
    await stage.edits(alice, {"account_tier": "business"})
    refs, cursor = await crm.changes("999999999:999999999:")
    assert alice in customers(refs)
    assert (await crm.changes(cursor))[0] == []
