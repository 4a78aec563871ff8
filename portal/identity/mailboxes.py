"""When two e-mail addresses are the same mailbox, where a login may rest on it.

The domain is compared as DNS has it: without case, international names in their ASCII form (IDNA 2008). Before the @,
letters A to Z are compared without their case and everything else exactly, as it is written: case folding or
normalising all of Unicode would make one mailbox of two (`ı` and `i`, the Kelvin sign and `k`). Nothing is left out:
dots and what follows a plus count.
"""

import string

from email_validator import EmailNotValidError, validate_email

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def key(address: str) -> str | None:
    """What an address is found by: as records keep addresses, with the letters A to Z small. None if it is none,
    or not in Unicode's normal form."""
    try:
        found = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return None
    if found.local_part != address.rpartition("@")[0]:
        return None
    return found.normalized.translate(_LOWER)


def domain(address: str) -> str | None:
    """The domain of an address in ASCII; None if it is no address."""
    try:
        return validate_email(address, check_deliverability=False).ascii_domain.lower()
    except EmailNotValidError:
        return None


def at(address: str, wanted: str) -> bool:
    """Whether an address is at this domain itself; one below it is another."""
    found = domain(address)
    return found is not None and found == domain(f"x@{wanted}")
