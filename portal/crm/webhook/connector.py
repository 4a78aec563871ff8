"""Any system that takes Standard Webhooks, behind the connector protocol.

Two ways of speaking (`API`): `events` tells and asks nothing back; `records` has the receiver answer what it keeps, and
give it when asked, so that what is edited there comes back. docs/connectors.md has the receiver's half.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from portal import clock
from portal.crm.answers import Answer, CallFailed
from portal.crm.http import Calling, Http, Vendor
from portal.crm.mapping import CrmMap, Dialect
from portal.crm.port import (
    Ambiguous,
    Applied,
    Caps,
    Conflict,
    Cursor,
    Desired,
    Hint,
    Outcome,
    Ref,
    Reject,
    Remote,
    Retry,
)
from portal.crm.said import Own
from portal.crm.setup import Setup
from portal.crm.webhook.events import CONTENT_TYPE, erased, hints, updated
from portal.crm.webhook.signing import Keys, signed, verified

AT_ONCE = 8
GONE_PAUSE = 6 * 3600.0


def _words(body: Any) -> str:
    return str(body.get("message") or body.get("error") or "") if isinstance(body, dict) else ""


def _judge(answer: Answer) -> Retry | None:
    """A receiver that says 410 wants no more, as the specification has it; 404 and 405 say that the address is wrong,
    and nothing about the record."""
    if answer.status == 410:
        return Retry(Own.NO_DELIVERIES, GONE_PAUSE)
    if answer.status in (404, 405):
        return Retry(Own.WRONG_ADDRESS.of(status=answer.status))
    return None


class Webhook(Calling):
    """Deliveries to one address."""

    def __init__(self, setup: Setup, keys: Keys, *, answers: bool) -> None:
        super().__init__(Http(setup, Vendor(_words, _judge, json=answers)))
        self.label = setup.label
        self.caps = Caps(
            batch_max=setup.batch(50),
            upsert_by_external_id=True,
            conditional=answers,
            feed=False,
            echo_tag=False,
            max_execution_seconds=60,
            reads=answers,
        )
        self._keys, self._answers, self._source = keys, answers, setup.origin
        self._url = setup.settings.url
        self._map = CrmMap(setup.catalogue, setup.name, Dialect())
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def push(self, batch: Sequence[Desired]) -> Sequence[Outcome]:
        """Deliver one event for each record, several at a time."""
        return await asyncio.gather(*(self._deliver(desired) for desired in batch))

    async def fetch(self, refs: Sequence[Ref]) -> Sequence[Remote]:
        """What the receiver keeps. One that only listens knows nothing: it is told everything again, which does no
        harm."""
        if not self._answers:
            return [_unknown(ref.customer_id) for ref in refs if ref.customer_id]
        found = await asyncio.gather(*(self._ask(ref.customer_id) for ref in refs if ref.customer_id))
        return [remote for remote in found if remote is not None]

    async def changes(self, cursor: Cursor | None) -> tuple[Sequence[Ref], Cursor]:
        """Nothing: whoever is edited there is told of by webhook."""
        return [], cursor or ""

    def verify(self, headers: Mapping[str, str], raw: bytes, _url: str, now: datetime) -> Sequence[Hint]:
        """Whom a delivery of the other system is about."""
        return hints(verified(self._keys, headers, raw, now), raw)

    async def erase(self, ref: Ref) -> None:
        """Ask for everything about a customer to be removed. Asking twice is asking once: the id is the same."""
        if ref.customer_id:
            await self._send(*erased(self._source, ref.customer_id))

    async def _deliver(self, desired: Desired) -> Outcome:
        try:
            answer = await self._send(*updated(self._source, desired, self._map))
        except CallFailed as failure:
            if self._answers and failure.answer is not None and failure.answer.status == 409:
                return Conflict()
            # One call, one record: nothing is to be halved.
            return Reject(failure.outcome.why) if isinstance(failure.outcome, Reject) else failure.outcome
        if not self._answers:
            return Applied(str(desired.customer_id), None, desired.seq)
        return _applied(answer.body)

    async def _send(self, id: str, body: bytes) -> Answer:
        headers = {"content-type": CONTENT_TYPE} | signed(self._keys, id, clock.now(), body)
        async with self._slots:
            return await self._http.write("POST", self._url, content=body, headers=headers)

    async def _ask(self, customer_id: UUID) -> Remote | None:
        id = f"{customer_id}-read-{clock.uuid7()}"
        try:
            async with self._slots:
                where = f"{self._url.rstrip('/')}/{customer_id}"
                answer = await self._http.read("GET", where, headers=signed(self._keys, id, clock.now(), b""))
        except CallFailed as failure:
            if failure.answer is not None and failure.answer.status == 404:
                return None
            raise
        return self._remote(customer_id, answer.body)

    def _remote(self, customer_id: UUID, body: Any) -> Remote | None:
        said = _applied(body)
        fields = body.get("fields") if isinstance(body, dict) else None
        if not isinstance(said, Applied) or not isinstance(fields, dict):
            raise CallFailed(Retry(Own.NO_RECORD))
        summary, restricted = self._map.shown(fields)
        return Remote(
            customer_id=customer_id,
            remote_id=said.remote_id,
            etag=said.etag,
            seq=said.seq,
            timeline_seq=None,
            fields=self._map.from_crm(fields),
            consents=self._map.consents(fields),
            flags=self._map.flags(fields),
            points=self._map.contact_points(fields),
            summary=summary,
            restricted=restricted,
        )


def _applied(body: Any) -> Applied | Ambiguous:
    match body:
        case {"remote_id": str(remote_id), "version": str(version), "seq": int(seq)}:
            return Applied(remote_id, version, seq)
    return Ambiguous(Own.NO_RECEIPT)


def _unknown(customer_id: UUID) -> Remote:
    return Remote(customer_id, str(customer_id), None, 0, None, {})
