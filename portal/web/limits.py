"""How often somebody may try, counted in PostgreSQL so that all machines share it.

Counted are a client's address (an IPv4 address, or the /64 that an IPv6 connection usually has to itself) and, where
there is one, the target: an account, a code. Neither is stored: keys are HMACs. Who is held off is told the same
whatever they tried, and whether it exists or not.
"""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Network, ip_address
from math import ceil

import structlog
from starlette.requests import Request

from portal.errors import TooMany
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.services import services
from portal.settings import Settings

log = structlog.get_logger(__name__)

NOBODY_KNOWS = "no address"
"""Stands for all whose connection has none."""

ATTEMPT = "SELECT extract(epoch FROM portal.attempt_v1(%s, %s, %s))::float AS wait"


class Attempt(StrEnum):
    """What is tried. Each is counted for itself."""

    LOGIN = "login"  # leaving for a provider, and coming back; per target: an account that comes back
    CODE = "code"  # a code from an invitation; per target: the code, or who enters it
    LOGOUT = "logout"  # a provider that tells of an end; per address only
    HOOK = "hook"  # a CRM that tells of an edit; per address only


async def count(request: Request, what: Attempt, target: str | bytes | None = None, *, by_address: bool = True) -> None:
    """Count an attempt, before anything else is done about it.

    Args:
        target: what is aimed at, if it is known; without it the client's address alone is counted.
        by_address: not where the address has been counted for this already.

    Raises:
        TooMany: there were more than the settings allow.
    """
    settings = services(request).settings
    address = client_of(request) if by_address else None
    counted = list(_counted(settings, what, address, target))
    if not counted:
        return
    every = [timedelta(minutes=settings.limit_minutes) / most for _key, most in counted]
    values = [[key for key, _most in counted], every, [most for _key, most in counted]]
    row = await services(request).staff.database.fetch_one(ATTEMPT, values)
    if row is not None and row["wait"] is not None:
        log.warning("too many attempts", what=what.value, target=target is not None)
        raise too_many(ceil(max(row["wait"], 1.0)))


def client_of(request: Request) -> str:
    """Which client is counted: what proxies of ours say, or else whoever holds the connection. Never nobody: who comes
    past the proxies, or through one that TRUSTED_PROXIES does not name, is counted together with all who do the same.
    """
    address = getattr(request.state, "client_address", None)
    return network(address) if address else NOBODY_KNOWS


def too_many(seconds: int) -> TooMany:
    """The same words for whoever it is and whatever was tried."""
    minutes = ceil(seconds / 60)
    again = ngettext("Please try again in %(num)s minute.", "Please try again in %(num)s minutes.", minutes)
    message = _("There were too many attempts in a short time. Nothing is lost.")
    return TooMany(message, seconds=seconds, hint=again % {"num": minutes})


def network(address: str) -> str:
    """The part of an address that stands for one client."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(IPv6Network((parsed, 64), strict=False))


def _counted(
    settings: Settings, what: Attempt, address: str | None, target: str | bytes | None
) -> Iterator[tuple[bytes, int]]:
    """Keys, each with how many there may be; the address first, so that who is held off by it uses up no target."""
    by_address, by_target = {
        Attempt.LOGIN: (settings.limit_logins_per_address, settings.limit_logins_per_account),
        Attempt.CODE: (settings.limit_codes_per_address, settings.limit_codes_per_target),
        Attempt.LOGOUT: (settings.limit_logouts_per_address, 0),
        Attempt.HOOK: (settings.limit_hooks_per_address, 0),
    }[what]
    if address and by_address:
        yield _key(settings, what, "address", address.encode()), by_address
    if target is not None and by_target:
        yield _key(settings, what, "target", target.encode() if isinstance(target, str) else target), by_target


def _key(settings: Settings, what: Attempt, kind: str, value: bytes) -> bytes:
    message = b"\0".join([b"portal attempts", what.value.encode(), kind.encode(), value])
    return hmac.digest(settings.key_encryption_bytes, message, hashlib.sha256)
