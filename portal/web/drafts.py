"""What somebody typed when their session had ended, or when they had to log in anew: kept for them, for nobody else.

It is sealed under a token that only their browser has, and lasts an hour. Once the same person has logged in, it stands
in its form again; nothing is sent by itself. Whose it is says the form, whose token is that of their session.
"""

import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from portal.db.database import Database
from portal.errors import Forbidden
from portal.i18n import gettext as _
from portal.identity import cookies, tokens
from portal.identity.return_to import local
from portal.identity.session import Session
from portal.services import services
from portal.web import form_token
from portal.web.error_pages import respond
from portal.web.errors import LoginNeeded
from portal.web.form_data import TOKEN, FormOutlived, TypedBefore, posted, read_form
from portal.web.responses import is_htmx, redirect
from portal.web.way_back import is_typed, place, way_back
from portal.web.whose_form import Whose, whose, whose_form

COOKIE = "portal_draft"
SECONDS = 3_600
MOST_BYTES = 65_536
DISCARD = "discard"
"""The button that throws a draft away, on whatever form it stands in."""

# One for each browser, and a few for each person: whoever forgets their cookies does not fill the disk.
KEEP = """
WITH surplus AS (
    DELETE FROM portal.draft WHERE token_hash = %(before)s OR token_hash IN (
        SELECT token_hash FROM portal.draft WHERE whose = %(whose)s ORDER BY created_at DESC OFFSET 7)
)
INSERT INTO portal.draft (token_hash, audience, whose, path, sealed)
VALUES (%(token_hash)s, %(audience)s, %(whose)s, %(path)s, %(sealed)s)
"""

FIND = """
SELECT sealed FROM portal.draft
WHERE token_hash = %s AND audience = %s AND whose = %s AND path = %s AND expires_at > clock_timestamp()
"""

DROP = """
DELETE FROM portal.draft WHERE token_hash = %s AND audience = %s AND whose = %s AND path = %s RETURNING token_hash
"""


async def set_aside(request: Request, owner: Whose, *, login: str, again: bool = False) -> Response:
    """Keep what was typed for its owner, and lead to `login`, an address of ours; `again` if they are logged in.

    The answer is a 401. htmx goes there by HX-Redirect, and has a notice for a page that has more to lose and stays. A
    whole page goes on by itself: browsers take a redirect from here to the provider for one from a form, which our own
    policy forbids.

    Raises:
        LoginNeeded: it cannot be kept. The page that tells so shows it.
    """
    token = await _keep(request, owner, again=again)
    if token is None and await is_typed(request):
        raise LoginNeeded(login, saving=True, again=again)
    needed = LoginNeeded(login, saving=True, again=again, leave=True, kept=token is not None)
    return _with(request, await respond(request, needed), token)


async def outlived(request: Request, session: Session, error: FormOutlived) -> Response:
    """What becomes of a form from before the last login. If it is the same person's, nothing they typed is lost, and
    they send it once more; to anybody else it is a form that was not made for them.

    Raises:
        FormOutlived: it is somebody else's, or cannot be kept.
    """
    owner = whose(session)
    if await whose_form(request, session.audience) != owner:
        raise error
    if not is_htmx(request):
        token = await _keep(request, owner, again=False)
        if token is None and await is_typed(request):
            raise error
        return _with(request, RedirectResponse(await way_back(request), 303), token)
    again = Forbidden(_("You have logged in again since you opened this page. Nothing is saved yet."))
    again.hint = _("All that you typed is still here: send it once more.")
    response = await respond(request, again)
    response.headers["form-token"] = form_token.mask(session.form_secret)  # for all forms of the page
    return response


async def typed_before(request: Request) -> TypedBefore | None:
    """What the person who asks for this form typed into it before they had to log in; None where there is nothing."""
    token, session = _token(request), request.state.session
    if token is None:
        return None
    row = await _database(request).fetch_one(FIND, _which(request, token, session), retry=True)
    text = tokens.unseal(token, bytes(row["sealed"])) if row else None
    if text is None:
        return None
    kept = json.loads(text)
    return TypedBefore(kept["fields"], place(request), again=kept["again"])


async def discard(request: Request) -> Response | None:
    """Throw the draft away if that is what the form asks for; gives the form without it.

    Raises:
        FormOutlived: the form is not one of this session.
    """
    if (await posted(request)).get("action") != DISCARD:
        return None
    await read_form(request)
    response = redirect(request, place(request))
    await has_arrived(request, response)
    return response


async def has_arrived(request: Request, response: Response) -> None:
    """The form was sent and answered: what was typed into it is kept, or stands on the page again."""
    token = _token(request)
    if token and await _database(request).fetch_one(DROP, _which(request, token, request.state.session)):
        cookies.remove(response, services(request).settings, COOKIE)


async def _keep(request: Request, owner: Whose, *, again: bool) -> str | None:
    """The token of a draft; None where nothing was typed, it is too much, or nobody can be led back to the form."""
    if not await is_typed(request) or local(place(request)) != place(request):
        return None
    fields = [
        (name, str(value))
        for name, value in (await posted(request)).multi_items()
        # Which of its own buttons was used, and what was chosen in a conflict, is asked once more.
        if name not in (TOKEN, "request_id", "action") and not name.startswith("choice.")
    ]
    text = json.dumps({"again": again, "fields": fields}, ensure_ascii=False)
    if len(text.encode()) > MOST_BYTES:
        return None
    token, before = tokens.new(), _token(request)
    await _database(request).fetch_all(
        KEEP,
        {
            "before": tokens.digest(before) if before else None,
            "token_hash": tokens.digest(token),
            "audience": owner.audience.value,
            "whose": owner.id,
            "path": place(request),
            "sealed": tokens.seal(token, text),
        },
    )
    return token


def _with(request: Request, response: Response, token: str | None) -> Response:
    """The response, with the token of a draft in it if there is one."""
    if token:
        cookies.put(response, services(request).settings, COOKIE, token, max_age=SECONDS)
    return response


def _token(request: Request) -> str | None:
    token = request.cookies.get(cookies.full_name(services(request).settings, COOKIE))
    return token if tokens.well_formed(token) else None


def _which(request: Request, token: str, session: Session) -> list[object]:
    owner = whose(session)
    return [tokens.digest(token), owner.audience.value, owner.id, place(request)]


def _database(request: Request) -> Database:
    return services(request).staff.database
