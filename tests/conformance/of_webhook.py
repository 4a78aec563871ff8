"""Standard Webhooks, to a system that gives its records back and to one that only listens."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal import clock
from portal.catalogue.model import CrmField
from portal.crm.port import Connector, Desired
from tests.conformance.made import made
from tests.conformance.subject import ALICE, Delivery, Names, Subject, There
from tests.conftest import Stores
from tests.standins.receiver import Receiver

NAMES = Names(
    {key: CrmField(key) for key in ALICE},
    {"email": CrmField("email")},
    {("offers", "email"): CrmField("offers_email")},
    CrmField("summary"),
)
SECRET = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
SECRETS = f"whsec_{base64.b64encode(SECRET).decode()} whsk_{base64.b64encode(bytes(range(32, 64))).decode()}"


class Webhooks(Subject):
    one_call_each = True
    email = "email"

    def __init__(self, connector: Connector, standin: Receiver) -> None:
        self.connector, self.standin, self.receiver = connector, standin, standin
        self.names = NAMES.plain
        self.raw = {**ALICE, "email": "zoe@example.com", "offers_email": "opt_in"}
        self.cleared = dict.fromkeys(ALICE)

    async def there(self, customer: UUID) -> There | None:
        kept = self.receiver.records.get(str(customer))
        if kept is None:
            return None
        in_order = sorted(kept.timeline.values(), key=lambda entry: int(entry["seq"]))
        remote_id = kept.remote_id if self.receiver.answers else str(customer)
        return There(remote_id, kept.fields, kept.seq, [entry["text"] for entry in in_order])

    async def count(self, customer: UUID) -> int:
        return int(str(customer) in self.receiver.records)

    async def edit(self, customer: UUID, **fields: Any) -> None:
        self.receiver.edit(str(customer), fields)

    async def poison(self, wish: Desired) -> Desired | None:
        return replace(wish, fields={**wish.fields, "account_tier": "no such plan"})

    def delivery(self, customer: UUID) -> Delivery | None:
        event = {
            "specversion": "1.0",
            "type": "crm.contact.edited",
            "id": "1",
            "source": "crm",
            "subject": str(customer),
        }
        return self.signed(json.dumps(event).encode())

    def signed(self, raw: bytes) -> Delivery:
        now = clock.now()
        id, at = f"msg_{uuid4().hex}", str(int(now.timestamp()))
        signature = base64.b64encode(hmac.new(SECRET, f"{id}.{at}.".encode() + raw, hashlib.sha256).digest()).decode()
        headers = {"webhook-id": id, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}
        return Delivery(headers, raw, "https://p.example/hooks/crm", now)

    @property
    def can_be_read(self) -> bool:
        return self.receiver.answers


@asynccontextmanager
async def webhook(_stores: Stores) -> AsyncIterator[Subject]:
    """A receiver that answers."""
    async with _receiver(answers=True) as subject:
        yield subject


@asynccontextmanager
async def one_way(_stores: Stores) -> AsyncIterator[Subject]:
    """A receiver that only listens."""
    async with _receiver(answers=False) as subject:
        yield subject


@asynccontextmanager
async def _receiver(*, answers: bool) -> AsyncIterator[Webhooks]:
    standin = Receiver(secret=SECRET, public_key=KEY.public_key(), answers=answers)
    async with (
        standin.serving(),
        made(
            "webhook",
            NAMES,
            url=f"{standin.url}/hook",
            webhook_secret=SECRETS,
            api="records" if answers else "events",
        ) as connector,
    ):
        yield Webhooks(connector, standin)
