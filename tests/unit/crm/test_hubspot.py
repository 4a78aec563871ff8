"""What HubSpot says in ways of its own."""

import json

import pytest

from portal.crm.answers import Answer
from portal.crm.hubspot.api import allowance, failures, field, judge
from portal.crm.hubspot.webhooks import hints
from portal.crm.port import Retry


@pytest.mark.parametrize(
    ("policy", "headers", "seconds"),
    [("TEN_SECONDLY_ROLLING", {}, 10.0), ("DAILY", {}, 3600.0), ("DAILY", {"retry-after": "5"}, 5.0), (None, {}, 10.0)],
)
def test_a_limit_says_how_long_to_wait(policy: str | None, headers: dict[str, str], seconds: float) -> None:
    assert judge(Answer(429, headers, {"policyName": policy, "message": "enough"})) == Retry("enough", seconds)
    assert judge(Answer(400, headers, {})) is None


def test_what_is_left_is_read_from_the_headers() -> None:
    headers = {"max": "190", "remaining": "7", "interval-milliseconds": "10000"}
    left = allowance({f"x-hubspot-ratelimit-{name}": value for name, value in headers.items()})
    assert (left.remaining, left.limit, left.resets_in) == (7, 190, 10.0)
    assert allowance({}).remaining is None


def test_whom_an_error_is_about_is_said_in_either_way() -> None:
    errors = [{"message": "not valid", "context": {name: ["1"]}} for name in ("ids", "objectWriteTraceId")]
    assert [failures({"errors": [error]}) for error in errors] == [{"1": "not valid"}] * 2
    assert failures({"errors": [{"message": "no context"}, 5]}) == {}


def test_a_property_of_hubspots_own_cannot_be_written() -> None:
    read_only = {"name": "n", "type": "string", "fieldType": "text", "modificationMetadata": {"readOnlyValue": True}}
    assert not field(read_only).writable
    assert not field({"name": "n", "type": "number", "fieldType": "number", "calculated": True}).writable


def test_a_merge_is_a_hint_about_each_contact() -> None:
    event = {"subscriptionType": "contact.merge", "objectId": 1, "mergedObjectIds": [2, 3], "newObjectId": 4}
    assert [hint.ref.remote_id for hint in hints(json.dumps([event]).encode())] == ["1", "4", "2", "3"]


def test_an_event_about_something_else_is_no_hint_and_a_repetition_has_the_same_id() -> None:
    other = {"subscriptionType": "deal.creation", "objectId": 1}
    first, again = ({"subscriptionType": "object.creation", "objectTypeId": "0-1", "objectId": 9, "attemptNumber": n}
                    for n in (0, 1))  # fmt: skip
    assert hints(json.dumps([other]).encode()) == []
    assert hints(json.dumps([first]).encode()) == hints(json.dumps([again]).encode())
