"""A CRM tells of an edit by itself: genuine, forged, malformed, told twice, about nobody, too often."""

import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import httpx2
import pytest

from portal.crm.port import Forged, Hint, Malformed, Ref
from portal.record.read import StoredRecord
from portal.services import services
from tests.conftest import Stores
from tests.integration.sync.remote_crm import RemoteCrm
from tests.integration.web.browsing import Served, a_browser

SECRET = b"between the two of us"


class Telling(RemoteCrm):
    """Signs the body, as CRMs do; `url` is part of what is signed."""

    def verify(self, headers: Mapping[str, str], raw: bytes, url: str, now: datetime) -> Sequence[Hint]:
        if not hmac.compare_digest(headers.get("x-signature", ""), signature(raw, url)):
            raise Forged("the signature is not right")
        try:
            events = json.loads(raw)
        except ValueError:
            raise Malformed("no JSON") from None
        return [Hint(event["id"], Ref(event.get("contact"), event.get("customer"))) for event in events]


def signature(raw: bytes, url: str) -> str:
    return hmac.new(SECRET, url.encode() + raw, "sha256").hexdigest()


@pytest.fixture
async def telling(served: Served, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx2.AsyncClient]:
    """A CRM at the door, which knows where it is."""
    crms = {"embedded": Telling()}
    monkeypatch.setattr("portal.hooks.views.services", lambda request: replace(services(request), connectors=crms))
    async with a_browser(served.origin) as browser:
        yield browser


async def tell(crm: httpx2.AsyncClient, served: Served, events: object, *, sign: bool = True) -> httpx2.Response:
    raw = events if isinstance(events, bytes) else json.dumps(events).encode()
    url = f"{served.origin}/hooks/embedded"
    signed = signature(raw, url) if sign else "0" * 64
    return await crm.post(url, content=raw, headers={"x-signature": signed, "content-type": "application/json"})


async def due(stores: Stores, customer: StoredRecord) -> bool:
    row = await stores.worker.database.fetch_one(
        "SELECT pull_due_at FROM portal.sync_state WHERE customer_id = %s", [customer.record.id]
    )
    assert row is not None
    return row["pull_due_at"] is not None


async def test_what_is_genuine_has_the_contact_read(
    telling: httpx2.AsyncClient, served: Served, stores: Stores, alice: StoredRecord, bob: StoredRecord
) -> None:
    answer = await tell(telling, served, [{"id": uuid4().hex, "customer": str(alice.record.id)}])
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await due(stores, alice), await due(stores, bob)) == (True, False)


async def test_a_contact_is_known_by_the_crms_own_id_too(
    telling: httpx2.AsyncClient, served: Served, stores: Stores, alice: StoredRecord
) -> None:
    contact = uuid4().hex
    await stores.worker.database.fetch_all(
        "UPDATE portal.sync_state SET remote_id = %s WHERE customer_id = %s", [contact, alice.record.id]
    )
    await tell(telling, served, [{"id": uuid4().hex, "contact": contact}])
    assert await due(stores, alice)


@pytest.mark.parametrize("id", ["a\0b", "\ud800", "9" * 501, ""], ids=["NUL", "half", "long", "empty"])
@pytest.mark.parametrize("where", ["id", "contact"])
async def test_an_id_that_nobody_can_keep_is_malformed(
    telling: httpx2.AsyncClient, served: Served, id: str, where: str
) -> None:
    answer = await tell(telling, served, [{"id": uuid4().hex, "contact": "4711"} | {where: id}])
    assert (answer.status_code, answer.text) == (400, "malformed\n")


async def test_what_is_told_twice_counts_once(
    telling: httpx2.AsyncClient, served: Served, stores: Stores, alice: StoredRecord
) -> None:
    event = [{"id": uuid4().hex, "customer": str(alice.record.id)}]
    await tell(telling, served, event)
    await stores.worker.database.fetch_all(
        "UPDATE portal.sync_state SET pull_due_at = NULL WHERE customer_id = %s", [alice.record.id]
    )
    assert (await tell(telling, served, event * 3)).status_code == 204
    assert not await due(stores, alice)


async def test_what_is_forged_does_nothing(
    telling: httpx2.AsyncClient, served: Served, stores: Stores, alice: StoredRecord
) -> None:
    event = [{"id": uuid4().hex, "customer": str(alice.record.id)}]
    assert (await tell(telling, served, event, sign=False)).status_code == 401
    assert not await due(stores, alice)


async def test_what_cannot_be_understood_is_no_mistake_of_ours(telling: httpx2.AsyncClient, served: Served) -> None:
    assert (await tell(telling, served, b"\xff{")).status_code == 400


async def test_what_is_about_nobody_here_is_taken(telling: httpx2.AsyncClient, served: Served) -> None:
    assert (await tell(telling, served, [])).status_code == 204
    assert (await tell(telling, served, [{"id": uuid4().hex, "customer": str(uuid4())}])).status_code == 204


async def test_what_is_too_large_is_refused_before_it_is_read(telling: httpx2.AsyncClient, served: Served) -> None:
    assert (await tell(telling, served, b"x" * 100_000)).status_code == 413


async def test_a_crm_that_sends_no_webhooks_refuses_them(stranger: httpx2.AsyncClient, served: Served) -> None:
    assert (await tell(stranger, served, [])).status_code == 401


async def test_there_is_no_other_way_in(stranger: httpx2.AsyncClient, served: Served) -> None:
    assert (await stranger.get("/hooks/embedded")).status_code == 405
    assert (await stranger.post("/hooks/salesforce", content=b"[]")).status_code == 404
