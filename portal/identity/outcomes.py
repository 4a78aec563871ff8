"""How a login ended that let nobody in. It is told on a page of its own, and not at the address that the provider sent
the browser to: that one holds a code and a state, and says something else when it is loaded again.

What the page says is in a cookie for ten minutes, encrypted: nothing is stored for whoever knocks.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from portal import clock
from portal.identity import cookies, return_to, tokens
from portal.identity.session import Audience
from portal.identity.transaction import Purpose
from portal.services import services
from portal.settings import Settings
from portal.web.responses import url_for

COOKIE = "portal_outcome"
SECONDS = 600
LONGEST_NAME = 200
LONGEST_KEPT = 2_500
"""Bytes; browsers keep cookies of 4096, and this one grows by a third when it is written."""


class Ending(StrEnum):
    """What became of it."""

    FAILED = "failed"
    PENDING = "pending"
    NO_ROLE = "no_role"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What there is to tell: `account` as the provider calls the person, `failure` the kind of it, and what the login
    had been begun for."""

    ending: Ending
    audience: Audience
    provider: str
    account: str = ""
    failure: str = ""
    purpose: Purpose = Purpose.LOGIN
    back_to: str = return_to.HOME
    invited: bool = False


def tell(request: Request, outcome: Outcome) -> Response:
    """To the page that says so."""
    settings = services(request).settings
    query = "?as=staff" if outcome.audience is Audience.STAFF else ""
    response = RedirectResponse(url_for(request, "login_outcome") + query, 303)
    cookies.put(response, settings, COOKIE, _sealed(settings, outcome), max_age=SECONDS)
    return response


def told(request: Request) -> Outcome | None:
    """What this browser has to be told; None if that was too long ago, or nothing happened here."""
    settings = services(request).settings
    shown = request.cookies.get(cookies.full_name(settings, COOKIE), "")
    try:
        opened = tokens.unseal(_key(settings), urlsafe_b64decode(shown.encode()))
    except ValueError:
        return None
    said = json.loads(opened) if opened else None
    if said is None or said.pop("until") < clock.now().timestamp():
        return None
    ending, audience, purpose = Ending(said["ending"]), Audience(said["audience"]), Purpose(said["purpose"])
    return Outcome(**{**said, "ending": ending, "audience": audience, "purpose": purpose})


def forget(request: Request, response: Response) -> None:
    """Once somebody came in, nothing remains to be told, nor whom a provider named before."""
    settings = services(request).settings
    if cookies.full_name(settings, COOKIE) in request.cookies and not _leads_there(request, response):
        cookies.remove(response, settings, COOKIE)


def _leads_there(request: Request, response: Response) -> bool:
    return response.headers.get("location", "").partition("?")[0] == url_for(request, "login_outcome")


def _sealed(settings: Settings, outcome: Outcome) -> str:
    outcome = replace(outcome, account=outcome.account[:LONGEST_NAME])
    if len(_written(outcome)) > LONGEST_KEPT:
        outcome = replace(outcome, back_to=return_to.HOME)
    return urlsafe_b64encode(tokens.seal(_key(settings), _written(outcome).decode())).decode()


def _written(outcome: Outcome) -> bytes:
    until = int(clock.now().timestamp()) + SECONDS
    return json.dumps({**asdict(outcome), "until": until}, ensure_ascii=False).encode()


def _key(settings: Settings) -> str:
    """One key of the portal's, for this alone."""
    return hmac.digest(settings.key_encryption_bytes, b"portal login outcome", hashlib.sha256).hex()
