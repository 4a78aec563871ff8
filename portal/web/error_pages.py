"""Errors as they are sent: caught in one place, told in the form that was asked for."""

import json
from contextlib import suppress

import structlog
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.i18n import gettext as _
from portal.identity.session import Audience, find
from portal.web.errors import Problem, problem
from portal.web.language import speak
from portal.web.responses import fragment, is_htmx, page

log = structlog.get_logger(__name__)

TEMPLATE = "shared/error.html"
_NOT_TYPED = {"form_token", "request_id", "seq", "action"}


class ErrorMiddleware:
    """Answers for whatever goes wrong further in, and writes it down if it is our fault."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_and_look(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_and_look)
        except ClientDisconnect:
            log.debug("client went away")
        except Exception as error:
            response = await respond(Request(scope, receive), error)
            if started:
                raise  # too late for another answer: the server breaks off, so that nobody takes it for whole
            await response(scope, receive, send)


async def respond(request: Request, error: Exception) -> Response:
    """The answer to an error: also Starlette's handler for its own HTTPException."""
    told = problem(error)
    if told.status == 500:
        log.error("request failed", exc_info=error)
    elif told.status > 500:
        log.warning("unavailable", exc_info=error)
    try:
        await _recognise(request)
        return _response(request, told)
    except Exception as second:  # a template that cannot be drawn must not hide what went wrong first
        log.error("error page failed", exc_info=second)
        return PlainTextResponse(f"{told.title}. {told.message} {told.hint or ''}", told.status)


async def _recognise(request: Request) -> None:
    """At an address that does not exist no policy has asked who is there; who is logged in keeps their menu."""
    if request.scope.get("endpoint") is not None or hasattr(request.state, "session"):
        return
    for audience in Audience:
        with suppress(Exception):  # without a database the page says less, and still says it
            if session := await find(request, audience):
                request.state.session = session
                speak(request, session.language)
                return


def _response(request: Request, told: Problem) -> Response:
    context = {
        "status": told.status,
        "title": told.title,
        "message": told.message,
        "hint": told.hint,
        "way": {"href": told.login, "words": _("Log in")} if told.login else None,
        "leave": bool(told.login and told.leave),
        "typed": [] if told.leave else _typed(request),
        # Of use only where somebody can look it up: in the log, beside what went wrong.
        "request_number": _reference(request) if told.status >= 500 else None,
    }
    if is_htmx(request):
        # Whatever the answer was meant to replace stays as it is, with all that was typed into it.
        headers = {**told.headers, "hx-retarget": "#notice", "hx-reswap": "innerHTML"}
        if told.login and told.leave:
            headers["hx-redirect"] = told.login
        return fragment(request, TEMPLATE, "error", context, status=told.status, headers=headers)
    if _wants_json(request):
        return _problem_json(request, told)
    return page(request, TEMPLATE, context, status=told.status, headers=told.headers)


def _reference(request: Request) -> str:
    return getattr(request.state, "request_id", "")


def _typed(request: Request) -> list[str]:
    """What somebody typed into the form that failed, so that they can copy it."""
    data = getattr(request.state, "posted", None)
    if not isinstance(data, FormData):
        return []
    return [v for name, v in data.multi_items() if name not in _NOT_TYPED and isinstance(v, str) and v.strip()]


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept


def _problem_json(request: Request, told: Problem) -> Response:
    body = {
        "type": "about:blank",
        "title": told.title,
        "status": told.status,
        "detail": told.message,
        "hint": told.hint,
        "errors": dict(told.fields) or None,
        "reference": _reference(request),
    }
    content = json.dumps({key: value for key, value in body.items() if value is not None}, ensure_ascii=False)
    return Response(content, told.status, told.headers, "application/problem+json")
