"""Standard Webhooks 1.0: who sent this, when, and that nothing was changed on the way.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: signed is
`<webhook-id>.<webhook-timestamp>.<body>`; v1 is HMAC-SHA256 with a shared secret (whsec_), v1a is Ed25519 with a key
pair (whsk_ to sign, whpk_ to verify). Several secrets, with spaces between, serve while one is replaced by another.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portal.crm.port import Forged

TOLERANCE = timedelta(minutes=5)
SECRET, SIGNING_KEY, VERIFYING_KEY = "whsec_", "whsk_", "whpk_"
MIN_SECRET, MAX_SECRET = 24, 64

Sign = Callable[[bytes], str]
Verify = Callable[[bytes, bytes], bool]


@dataclass(frozen=True, slots=True)
class Keys:
    """What deliveries are signed with, and what those that arrive may be signed with, by the kind of signature."""

    sign: Sequence[Sign]
    verify: Sequence[tuple[str, Verify]]


def read_keys(secrets: str) -> Keys:
    """The keys in a setting.

    Raises:
        ValueError: one of them is no key; it says why, and not what.
    """
    sign: list[Sign] = []
    verify: list[tuple[str, Verify]] = []
    for secret in secrets.split():
        kind, raw = _decoded(secret)
        if kind == SECRET:
            sign.append(_hmac_signer(raw))
            verify.append(("v1", _hmac_verifier(raw)))
        elif kind == SIGNING_KEY:
            sign.append(_ed25519_signer(Ed25519PrivateKey.from_private_bytes(raw[:32])))
        else:
            verify.append(("v1a", _ed25519_verifier(Ed25519PublicKey.from_public_bytes(raw))))
    return Keys(tuple(sign), tuple(verify))


def signed(keys: Keys, id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a delivery."""
    timestamp = str(int(at.timestamp()))
    content = _content(id, timestamp, body)
    signatures = " ".join(sign(content) for sign in keys.sign)
    return {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures}


def verified(keys: Keys, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The id of a delivery that is genuine and of now.

    Raises:
        Forged: it is not.
    """
    id, timestamp, signatures = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not id or not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 12:
        raise Forged("it has no id or no time")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise Forged("it is not of now")
    content = _content(id, timestamp, body)
    for given in signatures.split(" "):
        kind, _comma, encoded = given.partition(",")
        signature = _bytes(encoded)
        if signature and any(wanted == kind and verify(content, signature) for wanted, verify in keys.verify):
            return id
    raise Forged("no signature is right")


def _content(id: str, timestamp: str, body: bytes) -> bytes:
    return f"{id}.{timestamp}.".encode() + body


def _decoded(secret: str) -> tuple[str, bytes]:
    for kind, fits in _LENGTHS.items():
        if secret.startswith(kind):
            raw = _bytes(secret.removeprefix(kind))
            if raw is None or not fits(len(raw)):
                raise ValueError(f"what follows {kind} is no key in base64")
            return kind, raw
    raise ValueError(f"a secret begins with {SECRET}, {SIGNING_KEY} or {VERIFYING_KEY}")


_LENGTHS: Mapping[str, Callable[[int], bool]] = {
    SECRET: lambda length: MIN_SECRET <= length <= MAX_SECRET,
    SIGNING_KEY: lambda length: length in (32, 64),  # some write the public half behind the private one
    VERIFYING_KEY: lambda length: length == 32,
}


def _bytes(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None


def _hmac_signer(key: bytes) -> Sign:
    return lambda content: "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def _hmac_verifier(key: bytes) -> Verify:
    return lambda content, signature: hmac.compare_digest(hmac.digest(key, content, hashlib.sha256), signature)


def _ed25519_signer(key: Ed25519PrivateKey) -> Sign:
    return lambda content: "v1a," + base64.b64encode(key.sign(content)).decode()


def _ed25519_verifier(key: Ed25519PublicKey) -> Verify:
    def verify(content: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    return verify
