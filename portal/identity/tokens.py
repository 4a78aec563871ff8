"""Secrets that a browser carries: 256 random bits each, of which only the SHA-256 is stored."""

import base64
import hashlib
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal import clock

_TEXT = re.compile(r"[A-Za-z0-9_-]{43}")
_NONCE_LENGTH = 12


def new() -> str:
    """A secret that nobody can guess, fit for a cookie or an address."""
    return base64.urlsafe_b64encode(clock.token_bytes(32)).rstrip(b"=").decode()


def well_formed(token: str | None) -> bool:
    """Whether a text that came from outside could be one of ours."""
    return token is not None and _TEXT.fullmatch(token) is not None


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def derive(token: str, purpose: str) -> bytes:
    """A key for one purpose that only who holds the token can make."""
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"portal session " + purpose.encode())
    return key.derive(token.encode())


def form_secret(token: str) -> bytes:
    """What all forms of a session carry, masked."""
    return derive(token, "forms")


def form_hash(secret: bytes) -> bytes:
    """What is stored of it: by this a form is known to be of a session, also when the session has ended."""
    return hashlib.sha256(secret).digest()


def seal(token: str, text: str) -> bytes:
    """Encrypt something that is to be read only when the browser brings its token back."""
    nonce = clock.token_bytes(_NONCE_LENGTH)
    return nonce + AESGCM(derive(token, "seal")).encrypt(nonce, text.encode(), None)


def unseal(token: str, sealed: bytes) -> str | None:
    """What was sealed under this token; None if it was not."""
    nonce, data = sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:]
    try:
        return AESGCM(derive(token, "seal")).decrypt(nonce, data, None).decode()
    except (InvalidTag, ValueError):
        return None
