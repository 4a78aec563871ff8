"""The desk is for agents: others learn nothing, not even who is a customer (ASVS 5.0.0: 8.2.1, 8.3.1)."""

from uuid import uuid4

import httpx2
import pytest

from portal.record.read import StoredRecord
from tests.integration.sync_stage import Stage

ADDRESSES = [
    "/desk",
    "/desk?q=alice",
    "{card}",
    "{card}/now",
    "{card}/live",
    "{card}/fields/about",
    "{card}/notes/{note}/answer",
]
WRITES = ["{card}/fields/about", "{card}/notes/{note}/answer"]


def fill(address: str, stored: StoredRecord) -> str:
    return address.format(card=f"/desk/customers/{stored.record.id}", note=stored.record.notes[0].id)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_strangers_and_customers_are_asked_to_log_in(
    stranger: httpx2.AsyncClient, as_alice: httpx2.AsyncClient, alice: StoredRecord, address: str
) -> None:
    for somebody in (stranger, as_alice):
        for known in (fill(address, alice), fill(address, alice).replace(str(alice.record.id), str(uuid4()))):
            response = await somebody.get(known)

            assert response.status_code == 303
            assert response.headers["location"].startswith("/login?as=staff&next=")


@pytest.mark.asvs("8.2.1", "8.3.1")
@pytest.mark.parametrize("address", ADDRESSES)
async def test_auditors_and_operators_do_not_work_here(
    as_oscar: httpx2.AsyncClient, as_olivia: httpx2.AsyncClient, alice: StoredRecord, address: str
) -> None:
    for somebody in (as_oscar, as_olivia):
        response = await somebody.get(fill(address, alice))

        assert response.status_code == 403
        assert "Marsh" not in response.text


@pytest.mark.parametrize("address", WRITES)
async def test_nobody_else_writes(
    stranger: httpx2.AsyncClient,
    as_alice: httpx2.AsyncClient,
    as_oscar: httpx2.AsyncClient,
    as_olivia: httpx2.AsyncClient,
    stage: Stage,
    alice: StoredRecord,
    address: str,
) -> None:
    for somebody, status in ((stranger, 401), (as_alice, 401), (as_oscar, 403), (as_olivia, 403)):
        response = await somebody.post(fill(address, alice), data={"body": "x", "given_name": "Mallory"})

        assert response.status_code == status
    assert (await stage.record(alice.record.id)).seq == 1
    assert (await stage.sees(alice.record.id)).version == 1


async def test_who_looks_on_in_vain_is_not_written_down_as_a_reader(
    as_oscar: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await as_oscar.get(f"/desk/customers/{alice.record.id}")

    assert (await stage.stored(alice.record.id)).reads == ()
