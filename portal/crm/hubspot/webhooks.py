"""HubSpot's webhooks: signature v3, and the events of a delivery.

https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation: base64 of
HMAC-SHA256 under the app's client secret over method + URL + body + timestamp, the timestamp in milliseconds and at
most five minutes old. https://developers.hubspot.com/docs/api-reference/webhooks/guide: a body is a list of up to 100
events; `eventId` is not promised to be unique, and `attemptNumber` alone differs when one is sent again.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from portal.crm.port import Forged, Hint, Malformed, Ref

TOLERANCE = timedelta(minutes=5)
CONTACT_TYPE = "0-1"


def verified(secret: str, headers: Mapping[str, str], raw: bytes, url: str, now: datetime) -> None:
    """Whether HubSpot sent this, just now, to this address.

    Raises:
        Forged: it did not.
    """
    timestamp = headers.get("x-hubspot-request-timestamp", "")
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 15:
        raise Forged("it has no time")
    if abs(now.timestamp() - int(timestamp) / 1000) > TOLERANCE.total_seconds():
        raise Forged("it is not of now")
    signed = b"POST" + unquote(url).encode() + raw + timestamp.encode()
    wanted = base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256))
    if not hmac.compare_digest(wanted, headers.get("x-hubspot-signature-v3", "").encode()):
        raise Forged("the signature is not right")


def hints(raw: bytes) -> Sequence[Hint]:
    """Whom the events of a delivery are about, as far as they are contacts.

    Raises:
        Malformed: it is no list of events.
    """
    try:
        events = json.loads(raw)
    except (ValueError, RecursionError):
        raise Malformed("it is no JSON") from None
    if not isinstance(events, list) or not all(isinstance(event, dict) and "objectId" in event for event in events):
        raise Malformed("it is no list of events")
    return [hint for event in events if _is_contact(event) for hint in _hints(event)]


def _is_contact(event: Mapping[str, Any]) -> bool:
    subscription = str(event.get("subscriptionType", ""))
    generic = subscription.startswith("object.") and event.get("objectTypeId", CONTACT_TYPE) == CONTACT_TYPE
    return subscription.startswith("contact.") or generic


def _hints(event: Mapping[str, Any]) -> Iterator[Hint]:
    """One for each contact that an event names: a merge names several."""
    which = [event.get(name) for name in ("subscriptionType", "objectId", "propertyName", "occurredAt", "eventId")]
    id = json.dumps(which)
    merged = event.get("mergedObjectIds")
    others = [event.get("newObjectId"), *(merged if isinstance(merged, list) else [])]
    named = [str(one) for one in (event["objectId"], *others) if one]
    yield from (Hint(f"{id} {one}", Ref(remote_id=one)) for one in dict.fromkeys(named))
