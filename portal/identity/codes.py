"""The codes of invitations: 135 random bits that a person can type from a letter or hear on the phone.

Crockford's base 32 has no letters that are taken for numbers. The last of the 28 letters is a check digit, so that a
slip of the finger is told as such before anybody looks for the code.
"""

import hashlib

from portal import clock

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 28
GROUP = 4
LONGEST_TYPED = 100

_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_BETWEEN = " -\u2010\u2011\u2012\u2013\u2014\u00a0\t\r\n"


def new() -> str:
    """A code that nobody can guess, in groups of four."""
    random = "".join(ALPHABET[byte & 31] for byte in clock.token_bytes(LENGTH - 1))
    return grouped(random + _check(random))


def read(typed: str) -> str | None:
    """The code that somebody typed, in the form in which it was made; None if a letter of it is wrong or missing."""
    if len(typed) > LONGEST_TYPED:
        return None
    plain = typed.upper().translate(_READ_AS).translate({ord(sign): None for sign in _BETWEEN})
    if len(plain) != LENGTH or any(letter not in ALPHABET for letter in plain):
        return None
    return grouped(plain) if _check(plain[:-1]) == plain[-1] else None


def digest(code: str) -> bytes:
    """What is stored of a code."""
    return hashlib.sha256(b"portal invitation " + code.encode()).digest()


def grouped(plain: str) -> str:
    """`7K3M-...`: four letters are what one keeps in mind while typing."""
    return "-".join(plain[at : at + GROUP] for at in range(0, len(plain), GROUP))


def _check(plain: str) -> str:
    """Luhn's check digit to the base 32: no single wrong letter goes unnoticed, nor two that changed places unless
    they are 0 and Z."""
    total = 0
    for place, letter in enumerate(reversed(plain)):
        value = ALPHABET.index(letter) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]
