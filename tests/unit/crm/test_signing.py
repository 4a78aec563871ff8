"""Standard Webhooks: what we sign others can verify, and what is not genuine is refused."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.crm.port import Forged, Malformed
from portal.crm.webhook.events import hints
from portal.crm.webhook.signing import read_keys, signed, verified

# The vector that the libraries of the specification test themselves with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, BODY, AT = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', datetime.fromtimestamp(1614265330, UTC)
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
SIGNING, VERIFYING = (f"{kind}{base64.b64encode(raw).decode()}" for kind, raw in (("whsk_", SEED), ("whpk_", PUBLIC)))


def test_we_sign_as_the_specification_does() -> None:
    headers = signed(read_keys(SECRET), ID, AT, BODY)
    assert headers == {"webhook-id": ID, "webhook-timestamp": "1614265330", "webhook-signature": SIGNATURE}


def test_the_clock_of_another_zone_signs_the_same_moment() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=-8)))
    assert signed(read_keys(SECRET), ID, elsewhere, BODY)["webhook-signature"] == SIGNATURE


def test_a_delivery_is_genuine_by_any_of_several_secrets() -> None:
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    headers = signed(read_keys(f"{other} {SECRET}"), ID, AT, BODY)
    assert verified(read_keys(SECRET), headers, BODY, AT) == ID
    assert verified(read_keys(f"{SECRET} {other}"), headers, BODY, AT) == ID


@pytest.mark.parametrize("seed", [SEED, SEED + PUBLIC], ids=["seed", "seed and public half"])
def test_a_key_pair_signs_and_its_public_half_verifies(seed: bytes) -> None:
    headers = signed(read_keys(f"whsk_{base64.b64encode(seed).decode()}"), ID, AT, BODY)
    assert headers["webhook-signature"].startswith("v1a,")
    assert verified(read_keys(VERIFYING), headers, BODY, AT) == ID
    with pytest.raises(Forged):
        verified(read_keys(SIGNING), headers, BODY, AT)  # our own deliveries are nobody else's


@pytest.mark.parametrize("seconds", [-301, 301])
def test_what_is_not_of_now_is_refused(seconds: int) -> None:
    headers = signed(read_keys(SECRET), ID, AT, BODY)
    assert verified(read_keys(SECRET), headers, BODY, AT + timedelta(seconds=seconds * 0.99)) == ID
    with pytest.raises(Forged):
        verified(read_keys(SECRET), headers, BODY, AT + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": "msg_other"},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "٣"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "-1"},
        {"webhook-signature": "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "v2," + SIGNATURE[3:]},
        {"webhook-signature": "v1a," + SIGNATURE[3:]},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,not base64 ü"},
        {"webhook-signature": ""},
    ],
    ids=["id", "time", "other digits", "endless time", "negative", "bare", "v2", "v1a", "empty", "garbled", "none"],
)
def test_what_was_changed_on_the_way_is_refused(changes: dict[str, str]) -> None:
    headers = signed(read_keys(SECRET), ID, AT, BODY) | changes
    with pytest.raises(Forged):
        verified(read_keys(f"{SECRET} {VERIFYING}"), headers, BODY, AT)


@pytest.mark.parametrize("secret", ["plain", "whsec_c2hvcnQ=", "whsec_ü", "whpk_" + "A" * 40, SIGNING[:-8]])
def test_what_is_no_key_is_told_without_telling_it(secret: str) -> None:
    with pytest.raises(ValueError) as refusal:
        read_keys(secret)
    assert secret not in str(refusal.value)


def test_a_hint_names_a_customer_or_a_contact() -> None:
    [by_subject] = hints("1", b'{"specversion":"1.0","type":"t","subject":"018f0000-0000-7000-8000-00000000face"}')
    [by_contact] = hints("2", b'{"specversion":"1.0","type":"t","data":{"remote_id":"r-7"}}')
    assert str(by_subject.ref.customer_id).endswith("face")
    assert (by_contact.event_id, by_contact.ref.remote_id, by_contact.ref.customer_id) == ("2", "r-7", None)


@pytest.mark.parametrize(
    "raw", [b'{"specversion":"0.3","type":"t"}', b'{"specversion":"1.0"}', b'{"specversion":"1.0","type":"t"}']
)
def test_an_event_about_nobody_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        hints("1", raw)
