"""The token that each form of a session carries, and that a request from elsewhere cannot know.

It is the session's secret, masked anew for each response: compression would otherwise let somebody who can make a
person's browser ask for pages guess a constant secret from the length of the answers (BREACH).
"""

import base64
import binascii
import hmac

from portal import clock


def mask(secret: bytes) -> str:
    """A token for one response."""
    pad = clock.token_bytes(len(secret))
    return base64.urlsafe_b64encode(pad + _xor(pad, secret)).decode().rstrip("=")


def unmask(token: str) -> bytes | None:
    """The secret in a token; None if it is no token at all."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    half, odd = divmod(len(raw), 2)
    return None if odd or not half else _xor(raw[:half], raw[half:])


def matches(secret: bytes, token: str) -> bool:
    """Whether a token was made from this secret."""
    found = unmask(token)
    return found is not None and bool(secret) and hmac.compare_digest(found, secret)


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))
