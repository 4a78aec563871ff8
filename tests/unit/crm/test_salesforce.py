"""What Salesforce says in ways of its own."""

from datetime import UTC, datetime

import pytest

from portal.crm.answers import Answer
from portal.crm.port import Reject, Retry
from portal.crm.salesforce.api import allowance, field, judge, moment, quoted, row_failure, words


def test_out_of_quota_is_a_long_pause_and_no_refusal() -> None:
    error = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    said = "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded."
    assert judge(Answer(403, {}, error)) == Retry(said, 900.0)
    assert judge(Answer(400, {}, [{"errorCode": "INVALID_FIELD", "message": "No such column"}])) is None


@pytest.mark.parametrize(
    ("header", "remaining", "limit"),
    [
        ("api-usage=18/5000", 4982, 5000),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=sample)", 4975, 5000),
        ("per-app-api-usage=17/250(appName=sample)", None, None),
        ("api-usage=6000/5000", 0, 5000),
        ("", None, None),
    ],
    ids=["alone", "with the app's", "the app's alone", "overdrawn", "none"],
)
def test_what_is_left_is_read_from_the_header(header: str, remaining: int | None, limit: int | None) -> None:
    left = allowance({"sforce-limit-info": header})
    assert (left.remaining, left.limit) == (remaining, limit)


def test_a_locked_row_is_tried_again_and_a_bad_value_is_not() -> None:
    locked = {"errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access"}]}
    bad = {"errors": [{"statusCode": "STRING_TOO_LONG", "message": "Last Name: data value too large", "fields": []}]}
    assert row_failure(locked) == Retry("UNABLE_TO_LOCK_ROW: unable to obtain exclusive access")
    assert row_failure(bad) == Reject("STRING_TOO_LONG: Last Name: data value too large")


def test_what_somebody_typed_is_no_part_of_a_query() -> None:
    assert quoted(["O'Neill", "back\\slash"]) == "'O\\'Neill', 'back\\\\slash'"


def test_a_time_is_written_as_soql_wants_it() -> None:
    assert moment(datetime(2026, 3, 1, 12, 0, 7, 123_456, tzinfo=UTC)) == "2026-03-01T12:00:07.123Z"


def test_an_error_of_a_login_is_told_too() -> None:
    assert words({"error": "invalid_client", "error_description": "invalid client credentials"}) == (
        "invalid client credentials"
    )


def test_only_an_external_id_that_is_unique_finds_contacts() -> None:
    told = {"name": "Portal_Id__c", "type": "string", "createable": True, "updateable": True, "externalId": True}
    assert field(told | {"unique": True}).unique
    assert not field(told | {"unique": False}).unique
