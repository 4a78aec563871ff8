"""Whom HubSpot's events are about."""

import json

from portal.crm.hubspot.webhooks import hints


def test_a_merge_names_the_contact_that_it_made_and_those_that_went_into_it() -> None:
    event = {
        "eventId": 1, "subscriptionType": "contact.merge", "objectId": 101, "primaryObjectId": 101,
        "mergedObjectIds": [102], "newObjectId": 103, "occurredAt": 1753281600000,
    }  # fmt: skip
    assert {hint.ref.remote_id for hint in hints(json.dumps([event]).encode())} == {"101", "102", "103"}


def test_what_is_no_contact_is_nobodys_hint() -> None:
    events = [
        {"subscriptionType": "company.merge", "objectId": 1},
        {"subscriptionType": "object.merge", "objectTypeId": "0-2", "objectId": 2},
    ]
    assert not hints(json.dumps(events).encode())
