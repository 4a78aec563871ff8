"""Webhooks: checked on the bytes as they came, kept once, and answered at once; the contact is read later."""

import re

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from portal import clock
from portal.crm.port import Hint, Malformed
from portal.services import services
from portal.sync.inbox import arrived

log = structlog.get_logger(__name__)

MAX_EVENTS = 10_000
"""A genuine webhook of more is one that no CRM sends."""


AN_ID = re.compile(r"[^\x00\ud800-\udfff]{1,500}")
"""What a database can keep, and can look up: no NUL, no half of a character."""


async def receive(request: Request) -> Response:
    """204 for what is genuine, also if it was told before; 401 for what is not, 400 for what cannot be understood."""
    at_hand, name = services(request), request.path_params["connector"]
    connector = at_hand.connectors.get(name)
    if connector is None:
        raise HTTPException(404)
    url = at_hand.settings.origin + request.url.path + (f"?{request.url.query}" if request.url.query else "")
    raw = await request.body()
    try:
        hints = connector.verify(dict(request.headers), raw, url, clock.now())
    except Malformed as error:
        log.warning("webhook malformed", connector=name, why=str(error))
        return PlainTextResponse("malformed\n", 400)
    except ValueError as error:
        log.warning("webhook refused", connector=name, why=str(error))
        return PlainTextResponse("not genuine\n", 401)
    if len(hints) > MAX_EVENTS:
        return PlainTextResponse("too many events\n", 400)
    if not all(map(_can_be_kept, hints)):
        log.warning("webhook malformed", connector=name, why="an id is none")
        return PlainTextResponse("malformed\n", 400)
    new = await arrived(at_hand.staff.database, name, hints)
    log.info("webhook received", connector=name, events=len(hints), new=new)
    return Response(status_code=204)


def _can_be_kept(hint: Hint) -> bool:
    return all(AN_ID.fullmatch(id) for id in (hint.event_id, hint.ref.remote_id) if id is not None)
