"""Entry format 1: a vector that must never change, and what encryption ties a value to."""

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from portal import clock
from portal.audit.cipher import CustomerKey, KeyRing, Undecipherable, context
from portal.audit.entry import (
    ERASED,
    GENESIS,
    Actor,
    ActorKind,
    Diff,
    Entry,
    Evidence,
    leaf_hash,
    read_sealed,
    seal,
    unseal,
)
from portal.audit.sealed import canonical

KEY = CustomerKey(bytes(range(32)))
ENTRY = Entry(
    origin="portal.example.com",
    chain=UUID("3b241101-e2bb-4255-8caf-4136c566a962"),
    seq=7,
    prev=GENESIS,
    at=datetime(2026, 11, 22, 12, 3, 7, 250, UTC),
    action="profile:changed",
    actor=Actor(ActorKind.CUSTOMER, "0192f0c0-0000-7000-8000-000000000001", "portal"),
    request=UUID("0192f0c0-0000-7000-8000-000000000002"),
    diffs=(Diff("profile/language", "en", "de"), Diff("profile/helps_me", None, ["extra_time"])),
    evidence=Evidence({"acr": "1"}, {"ip": "192.0.2.7"}),
)


VECTOR = "7edbd4863fbf1e6235415c1760e37aeb54bee7b5748b8db410c76b38f1eb738b"


class CountingClock(clock.Clock):
    """Random numbers that count, so that a vector is the same each time."""

    count = 0

    def token_bytes(self, length: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(length)


def test_the_bytes_of_format_1_never_change() -> None:
    with clock.replaced(CountingClock()):
        data = seal(ENTRY, KEY)

    assert json.loads(data)["at"] == "2026-11-22T12:03:07.000250Z"
    assert data.startswith(b'{"action":"profile:changed","actor":{"id":"0192f0c0-')
    assert leaf_hash(data) == hashlib.sha256(b"\x00" + data).digest()
    assert leaf_hash(data).hex() == VECTOR


def test_what_is_sealed_can_be_unsealed() -> None:
    assert unseal(seal(ENTRY, KEY), KEY) == ENTRY


def test_nothing_personal_is_readable_without_the_key() -> None:
    data = seal(ENTRY, KEY)

    assert b"192.0.2.7" not in data
    assert b"extra_time" not in data
    erased = unseal(data, None)
    values: list[object] = [value for diff in erased.diffs for value in (diff.old, diff.new)]
    personal: dict[str, object] = dict(erased.evidence.personal)
    assert values == [ERASED, ERASED, None, ERASED]
    assert personal == {"ip": ERASED}
    assert erased.evidence.facts == {"acr": "1"}


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(Undecipherable):
        unseal(seal(ENTRY, KEY), CustomerKey(bytes(32)))


@pytest.mark.parametrize("change", ["origin", "chain", "seq", "path", "swap"])
def test_a_value_moved_to_another_place_does_not_open(change: str) -> None:
    raw = json.loads(seal(ENTRY, KEY))
    match change:
        case "origin":
            raw["origin"] = "elsewhere.example.com"
        case "chain":
            raw["chain"] = "3b241101-e2bb-4255-8caf-4136c566a963"
        case "seq":
            raw["seq"] = 8
        case "path":
            raw["diffs"][0]["path"] = "profile/call_me"
        case "swap":
            raw["diffs"][0]["old"], raw["diffs"][0]["new"] = raw["diffs"][0]["new"], raw["diffs"][0]["old"]
    with pytest.raises(Undecipherable):
        unseal(json.dumps(raw).encode(), KEY)


@pytest.mark.parametrize("data", [b"{}", b"[]", b"1", b'{"v":2}', b'{"v":1}', b"\xff", b'{"v":1,"origin":1}'])
def test_what_is_no_entry_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        unseal(data, KEY)


values = st.none() | st.text() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.lists(st.text())


@given(st.lists(st.builds(Diff, st.text(min_size=1), values, values)))
def test_every_value_comes_back(diffs: list[Diff]) -> None:
    entry = dataclasses.replace(ENTRY, diffs=tuple(diffs))
    assert unseal(seal(entry, KEY), KEY) == entry


@given(st.lists(st.text()), st.lists(st.text()))
def test_no_two_places_have_the_same_context(one: list[str], other: list[str]) -> None:
    assert (context(*one) == context(*other)) == (one == other)


def test_a_customers_key_is_not_told_by_what_holds_it() -> None:
    assert "secret" not in repr(KEY) and repr(KEY.secret) not in repr(KEY)


def test_a_customers_key_opens_only_for_its_customer_and_key_encryption_key() -> None:
    alice, bob = UUID(int=1), UUID(int=2)
    ring = KeyRing(bytes(32))
    key, wrapped = ring.create(alice)

    assert ring.unwrap(alice, wrapped) == key
    assert key.secret not in wrapped.data
    with pytest.raises(Undecipherable):
        ring.unwrap(bob, wrapped)
    with pytest.raises(Undecipherable):
        KeyRing(bytes(31) + b"\x01").unwrap(alice, wrapped)


names = st.text(min_size=1).filter(lambda name: name != "personal")
facts = st.dictionaries(names, st.text() | st.integers(-(2**53) + 1, 2**53 - 1))


@given(facts, st.dictionaries(st.text(), st.text()), st.text(), st.text())
def test_entries_are_canonical_json_whatever_they_say(
    facts: dict[str, str | int], personal: dict[str, str], action: str, actor: str
) -> None:
    entry = dataclasses.replace(
        ENTRY, action=action, actor=Actor(ActorKind.AGENT, actor, "desk"), evidence=Evidence(facts, personal)
    )
    data = seal(entry, KEY)

    assert data == rfc8785.dumps(json.loads(data))
    assert canonical(read_sealed(data)) == data


OTHERWISE: dict[str, Callable[[bytes], bytes]] = {
    "a space": lambda data: data.replace(b'"action":', b'"action": '),
    "a member twice": lambda data: data.replace(b'{"action":', b'{"action":"x","action":'),
    "another number": lambda data: data.replace(b'"seq":7', b'"seq":7.0'),
    "a member more": lambda data: data.replace(b'"v":1', b'"v":1,"x":1'),
    "an escape": lambda data: data.replace(b"profile/language", rb"profile\/language"),
    "another order": lambda data: data.replace(b'"origin":"portal.example.com",', b"").replace(
        b'{"action"', b'{"origin":"portal.example.com","action"'
    ),
    "another order of the evidence": lambda data: _evidence_turned_round(data),
}


@pytest.mark.parametrize("way", OTHERWISE)
def test_bytes_that_say_it_otherwise_are_refused_or_not_canonical(way: str) -> None:
    data = OTHERWISE[way](seal(ENTRY, KEY))
    assert data != seal(ENTRY, KEY)

    with contextlib.suppress(ValueError):
        assert canonical(read_sealed(data)) != data


def _evidence_turned_round(data: bytes) -> bytes:
    entry = json.loads(data)
    entry["evidence"] = dict(reversed(entry["evidence"].items()))
    return json.dumps(entry, separators=(",", ":")).encode()
