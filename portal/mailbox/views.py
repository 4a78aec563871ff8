"""The demo's mailbox. Outside the demo these addresses do not exist."""

from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from portal.mailbox import queries
from portal.services import services
from portal.web.responses import page

SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
"""A letter's HTML is shown as a page of nobody's: without scripts, without our cookies, loading nothing."""


async def letters(request: Request) -> Response:
    """What the portal has written to everybody, the newest first."""
    found = await run_in_threadpool(queries.caught, _folder(request))
    return page(request, "mailbox/letters.html", {"letters": found})


async def letter(request: Request) -> Response:
    """One letter as text."""
    return page(request, "mailbox/letter.html", {"letter": await _letter(request)})


async def letter_html(request: Request) -> Response:
    """One letter as HTML, by itself and in a sandbox."""
    found = await _letter(request)
    if not found.html:
        raise HTTPException(404)
    return HTMLResponse(found.html, headers={"content-security-policy": SANDBOX})


async def _letter(request: Request) -> queries.Caught:
    found = await run_in_threadpool(queries.one, _folder(request), request.path_params["id"])
    if found is None:
        raise HTTPException(404)
    return found


def _folder(request: Request) -> Path:
    folder = services(request).settings.demo_mailbox
    assert folder is not None  # else nobody gets here: portal.routes.DEMO
    return folder
