"""What makes a change log both provable and erasable: each customer's personal values are encrypted under a key of
their own. Destroying the key erases the values; the hashes over the ciphertext still verify."""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal import clock

NONCE_LENGTH = 12


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An encrypted slot: `n` the nonce, `c` the ciphertext with its tag, both base64url without padding."""

    c: str
    n: str


class Undecipherable(Exception):
    """A value cannot be decrypted: it was altered, or moved to another place, or the key is another one."""


def context(*parts: str | int) -> bytes:
    """Associated data that ties a ciphertext to its place. Each part carries its length, so no two contexts collide."""
    return b"".join([_part(str(part).encode()) for part in parts])


def _part(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


@dataclass(frozen=True, slots=True)
class CustomerKey:
    """One customer's AES-256-GCM key, in memory only."""

    secret: bytes = field(repr=False)
    _cipher: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_cipher", AESGCM(self.secret))

    def seal(self, value: Any, place: bytes) -> Sealed:
        """Encrypt a JSON value for one place and no other."""
        nonce = clock.token_bytes(NONCE_LENGTH)
        return Sealed(c=_text(self._cipher.encrypt(nonce, msgspec.json.encode(value), place)), n=_text(nonce))

    def unseal(self, sealed: Sealed, place: bytes) -> Any:
        """Decrypt a value.

        Raises:
            Undecipherable: it is not what was sealed for this place with this key.
        """
        try:
            plain = self._cipher.decrypt(_bytes(sealed.n), _bytes(sealed.c), place)
        except (InvalidTag, ValueError) as error:
            raise Undecipherable from error
        return msgspec.json.decode(plain)


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A customer's key as it is stored: encrypted under the key-encryption key that `by` names."""

    data: bytes
    by: str

    def base64(self) -> str:
        """The wrapped bytes as text, for JSON."""
        return base64.b64encode(self.data).decode()


class KeyRing:
    """Makes, wraps and unwraps customers' keys under the key-encryption key of the settings."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise ValueError("a key-encryption key has 32 bytes")
        self._cipher = AESGCM(secret)
        self.id = hashlib.sha256(b"portal key-encryption key\0" + secret).hexdigest()[:16]

    def create(self, customer_id: UUID) -> tuple[CustomerKey, WrappedKey]:
        """A new key for a customer, in both its forms."""
        key = CustomerKey(clock.token_bytes(32))
        return key, self.wrap(key.secret, self._place(customer_id))

    def unwrap(self, customer_id: UUID, wrapped: WrappedKey) -> CustomerKey:
        """The key of a customer.

        Raises:
            Undecipherable: it was wrapped under another key-encryption key, or for another customer.
        """
        return CustomerKey(self.open(wrapped, self._place(customer_id)))

    def wrap(self, secret: bytes, place: bytes) -> WrappedKey:
        """Encrypt a key for one place (see `context`) and no other."""
        nonce = clock.token_bytes(NONCE_LENGTH)
        return WrappedKey(nonce + self._cipher.encrypt(nonce, secret, place), self.id)

    def open(self, wrapped: WrappedKey, place: bytes) -> bytes:
        """Decrypt a key that was wrapped for this place.

        Raises:
            Undecipherable: it was wrapped under another key-encryption key, or for another place.
        """
        nonce, data = wrapped.data[:NONCE_LENGTH], wrapped.data[NONCE_LENGTH:]
        try:
            return self._cipher.decrypt(nonce, data, place)
        except InvalidTag as error:
            raise Undecipherable(f"a key was wrapped by {wrapped.by}, which is not this key-encryption key") from error

    @staticmethod
    def _place(customer_id: UUID) -> bytes:
        return _KEY_OF + context(str(customer_id))


_KEY_OF = context("portal customer key", 1)


def _text(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    # What base64.urlsafe_b64decode does, in a third of the time.
    return binascii.a2b_base64(text.encode().translate(_STANDARD) + b"=" * (-len(text) % 4))


_STANDARD = bytes.maketrans(b"-_", b"+/")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
