"""A system that takes Standard Webhooks and, where it says so, gives its records back.

Follows https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (headers, signatures,
ids that stay the same for each attempt), https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, and the
receiver's half in docs/connectors.md: an older seq is never written over a newer one, an edit that the sender has not
seen answers 409.
"""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tests.standins.server import Call, StandIn

ACCOUNT_TIERS = ("home", "home_plus", "business", None)


@dataclass
class Kept:
    remote_id: str
    fields: dict[str, Any] = field(default_factory=dict)
    seq: int = 0
    version: int = 0
    edited: bool = False
    timeline: dict[str, Any] = field(default_factory=dict)


@dataclass
class Receiver(StandIn):
    """`answers`: it says what it keeps, and gives it when asked."""

    secret: bytes = b""
    public_key: Ed25519PublicKey | None = None
    answers: bool = True
    records: dict[str, Kept] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    types: list[str] = field(default_factory=list)

    def routes(self) -> list[BaseRoute]:
        return [Route("/hook", self._take, methods=["POST"]), Route("/hook/{customer}", self._give)]

    def writes_contacts(self, call: Call) -> bool:
        return call.method == "POST"

    def edit(self, customer: str, fields: dict[str, Any]) -> None:
        """Somebody edits a record."""
        kept = self.records[customer]
        kept.fields |= fields
        kept.version, kept.edited = kept.version + 1, True

    async def _take(self, request: Request) -> Response:
        raw = await request.body()
        if not self._genuine(request, raw):
            return JSONResponse({"message": "the signature is not right"}, 401)
        if request.headers["content-type"] != "application/cloudevents+json":
            return JSONResponse({"message": "no CloudEvent"}, 415)
        event = json.loads(raw)
        assert event["specversion"] == "1.0" and event["id"] == request.headers["webhook-id"]
        assert event["source"] and event["type"] and event["time"] and event["subject"] == event["data"]["customer_id"]
        self.types.append(event["type"])
        if event["type"] == "portal.customer.erased":
            self.records.pop(event["subject"], None)
            return Response(status_code=204)
        return self._keep(event)

    def _keep(self, event: dict[str, Any]) -> Response:
        data, customer = event["data"], event["subject"]
        if data["fields"].get("account_tier") not in ACCOUNT_TIERS:
            return JSONResponse({"message": "account_tier: there is no plan of this name"}, 422)
        kept = self.records.setdefault(customer, Kept(f"r-{len(self.records) + 1}"))
        if self.answers and kept.edited and data["seen_version"] != str(kept.version):
            return JSONResponse({"message": "edited meanwhile"}, 409)
        if event["id"] not in self.seen and kept.seq <= data["seq"]:
            kept.fields, kept.seq, kept.edited = data["fields"], data["seq"], False
            kept.version += 1
        for entry in data["timeline"]:
            kept.timeline.setdefault(entry["id"], entry)
        self.seen.add(event["id"])
        return self._said(kept) if self.answers else Response("thank you", 202)

    async def _give(self, request: Request) -> Response:
        if not self._genuine(request, b""):
            return JSONResponse({"message": "the signature is not right"}, 401)
        kept = self.records.get(request.path_params["customer"])
        return self._said(kept, fields=kept.fields) if kept else JSONResponse({"message": "nobody"}, 404)

    def _said(self, kept: Kept, **more: Any) -> Response:
        return JSONResponse({"remote_id": kept.remote_id, "version": str(kept.version), "seq": kept.seq} | more)

    def _genuine(self, request: Request, raw: bytes) -> bool:
        id, at, signatures = (request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
        content = f"{id}.{at}.".encode() + raw
        if "." in id or abs(time.time() - int(at)) > 300:
            return False
        expected = "v1," + base64.b64encode(hmac.new(self.secret, content, hashlib.sha256).digest()).decode()
        given = signatures.split(" ")
        if self.public_key is not None:
            asymmetric = next(one for one in given if one.startswith("v1a,"))
            self.public_key.verify(base64.b64decode(asymmetric[4:]), content)
        return expected in given
