"""A CRM behind HTTP that does all that CRMs do on a bad day, and the connector to it.

What it has taken it keeps, whoever dies. It answers by a seed, so that a run can be repeated as far as a machine's
moods allow.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portal.crm.port import (
    NO_METER,
    Ambiguous,
    Applied,
    Caps,
    Cursor,
    Desired,
    Forged,
    Hint,
    Meter,
    Outcome,
    Rate,
    Ref,
    Reject,
    Remote,
    Retry,
)

RATE = Rate(calls=120, seconds=4)
SLOW_SECONDS = 3.0


@dataclass
class FaultyCrm:
    """Contacts by the customer's id. `faulty` is how many calls in a hundred go wrong."""

    chance: random.Random
    faulty: float = 0.0
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    created: int = 0
    calls: list[float] = field(default_factory=list)
    faults: int = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/push", self.push, methods=["POST"]),
                Route("/fetch", self.fetch, methods=["POST"]),
                Route("/erase", self.erase, methods=["POST"]),
            ]
        )

    async def push(self, request: Request) -> Response:
        self.calls.append(time.monotonic())
        records = await request.json()
        mood = self._mood()
        if mood == "busy":
            return JSONResponse({}, 429, headers={"retry-after": "1"})
        if mood == "error before":
            return JSONResponse({}, 500)
        taken = records[: len(records) // 2] if mood == "half" else records
        answers = [self._take(record) for record in taken]
        if mood in ("error after", "half"):
            return JSONResponse({}, 502)
        if mood == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if mood == "garbage":
            return Response(b'{"answers": [', media_type="application/json")
        return JSONResponse(answers)

    async def fetch(self, request: Request) -> Response:
        self.calls.append(time.monotonic())
        asked = await request.json()
        if self._mood() in ("error before", "busy"):
            return JSONResponse({}, 503)
        return JSONResponse([self.contacts[customer] for customer in asked if customer in self.contacts])

    async def erase(self, request: Request) -> Response:
        self.contacts.pop((await request.json())["customer"], None)
        return JSONResponse({})

    def _mood(self) -> str:
        if self.chance.random() * 100 >= self.faulty:
            return "well"
        self.faults += 1
        return self.chance.choice(["busy", "error before", "error after", "half", "slow", "garbage"])

    def _take(self, record: dict[str, Any]) -> dict[str, Any]:
        contact = self.contacts.get(record["customer"])
        if contact is None:
            self.created += 1
            contact = {"customer": record["customer"], "id": f"C{self.created}", "seq": 0, "fields": {}, "timeline": []}
            self.contacts[record["customer"]] = contact
        if record["seq"] >= contact["seq"]:
            contact |= {"seq": record["seq"], "fields": record["fields"]}
        known = {entry for entry, _text in contact["timeline"]}
        contact["timeline"] += [entry for entry in record["timeline"] if entry[0] not in known]
        return {"id": contact["id"], "seq": contact["seq"]}


class Connector:
    """Refuses nothing that is late by itself: the CRM keeps the fence."""

    label = "Faulty"
    caps = Caps(50, True, True, feed=False, echo_tag=True, max_execution_seconds=10, rate=RATE)
    meter: Meter = NO_METER

    def __init__(self, url: str) -> None:
        self._client = httpx2.AsyncClient(base_url=url, timeout=2.0, trust_env=False)

    async def push(self, batch: Sequence[Desired]) -> Sequence[Outcome]:
        self.meter.spent()
        try:
            answer = await self._client.post("/push", json=[_record(desired) for desired in batch])
        except httpx2.ConnectError:
            return [Retry("cannot be reached")] * len(batch)
        except httpx2.TransportError as error:
            return [Ambiguous(type(error).__name__)] * len(batch)
        if answer.status_code == 429:
            return [Retry("too many requests", float(answer.headers["retry-after"]))] * len(batch)
        if answer.status_code >= 500:
            return [Ambiguous(f"status {answer.status_code}")] * len(batch)
        if answer.status_code >= 400:
            return [Reject(f"status {answer.status_code}", whole=True)] * len(batch)
        try:
            return [Applied(told["id"], str(told["seq"]), told["seq"]) for told in answer.json()]
        except ValueError:
            return [Ambiguous("an answer that nobody understands")] * len(batch)

    async def fetch(self, refs: Sequence[Ref]) -> Sequence[Remote]:
        self.meter.spent()
        answer = await self._client.post("/fetch", json=[str(ref.customer_id) for ref in refs])
        if answer.status_code != 200:
            raise ConnectionError(f"status {answer.status_code}")
        return [_remote(contact) for contact in answer.json()]

    async def changes(self, _cursor: Cursor | None) -> tuple[Sequence[Ref], Cursor]:
        return [], ""

    def verify(self, _headers: Mapping[str, str], _raw: bytes, _url: str, _now: datetime) -> Sequence[Hint]:
        raise Forged("it sends no webhooks")

    async def erase(self, ref: Ref) -> None:
        (await self._client.post("/erase", json={"customer": str(ref.customer_id)})).raise_for_status()

    async def aclose(self) -> None:
        await self._client.aclose()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connector]:
    connector = Connector(url)
    try:
        yield connector
    finally:
        await connector.aclose()


def _record(desired: Desired) -> dict[str, Any]:
    return {
        "customer": str(desired.customer_id),
        "seq": desired.seq,
        "fields": dict(desired.fields),
        "timeline": [(entry.id, entry.text) for entry in desired.timeline],
    }


def _remote(contact: Mapping[str, Any]) -> Remote:
    return Remote(
        customer_id=UUID(contact["customer"]),
        remote_id=contact["id"],
        etag=str(contact["seq"]),
        seq=contact["seq"],
        timeline_seq=max((int(entry.rpartition("/")[2]) for entry, _text in contact["timeline"]), default=0),
        fields=contact["fields"],
    )
