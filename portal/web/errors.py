"""One way from an error to its answer: what happened, that nothing was lost, what to do next.

The same words come as a page, as a fragment for htmx, or as problem+json (RFC 9457), by who asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import psycopg
from starlette.exceptions import HTTPException

from portal.errors import Invalid, PortalError, TooMany, Unavailable
from portal.i18n import gettext as _

RETRY_SECONDS = 5


class LoginNeeded(PortalError):
    """The session of an open page has ended, or its login is too old for this (`again`). `login` is where to begin a
    new one; `saving` if a form was sent; `leave` if nothing is lost by going there at once; `kept` if what was typed is
    kept."""

    status = 401

    def __init__(
        self, login: str, *, saving: bool, again: bool = False, leave: bool = False, kept: bool = False
    ) -> None:
        if again:
            message = _("For this, please show once more that it is you.")
            message = message + " " + _("Nothing was saved.") if saving else message
        else:
            message = _("You are logged out, so nothing was saved.") if saving else _("You are logged out.")
        hint = _("Log in again, then send it once more.") if saving else None
        if kept:
            hint = _("What you typed is kept for you: it stands there again once you have logged in.")
        super().__init__(message, hint=hint)
        self.login = login
        self.leave = leave


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as it is told. `login` is where to go when logging in would help, and `leave` whether htmx goes there at
    once."""

    status: int
    title: str
    message: str
    hint: str | None = None
    fields: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    login: str | None = None
    leave: bool = False


def problem(error: Exception) -> Problem:
    """What to tell about an error. Of one that nobody foresaw, nothing but that it happened."""
    if isinstance(error, PortalError):
        return _told(error)
    if isinstance(error, HTTPException):
        return _http(error.status_code, error.headers or {})
    if is_outage(error):
        return _told(
            Unavailable(
                _("The portal cannot reach its database at present. Nothing was saved."),
                hint=_("Please try again in a moment. What was saved before is safe."),
            )
        )
    return _http(500, {})


def is_outage(error: Exception) -> bool:
    """Whether the database does not answer, or not in time: trying again later helps."""
    cause = getattr(error, "orig", None) or error  # SQLAlchemy wraps the driver's
    return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)


def _told(error: PortalError) -> Problem:
    return Problem(
        status=error.status,
        title=_title(error.status),
        message=error.message,
        hint=error.hint,
        fields=error.errors if isinstance(error, Invalid) else {},
        headers={"retry-after": str(_seconds(error))} if error.status in (429, 503) else {},
        login=error.login if isinstance(error, LoginNeeded) else None,
        leave=isinstance(error, LoginNeeded) and error.leave,
    )


def _seconds(error: PortalError) -> int:
    return error.seconds if isinstance(error, TooMany) else RETRY_SECONDS


def _http(status: int, headers: Mapping[str, str]) -> Problem:
    message, hint = _words(status)
    return Problem(status, _title(status), message, hint, headers=dict(headers))


def _words(status: int) -> tuple[str, str]:
    match status:
        case 404:
            return _("There is nothing at this address."), _("It may have been mistyped, or removed.")
        case 405:
            return _("This address cannot be used in this way."), _("Go back and use the buttons of the page.")
        case 413:
            return _("This is more than can be kept. Nothing was saved."), _("Go back, shorten it, and save again.")
        case status if status < 500:
            return _("This request cannot be understood. Nothing was saved."), _("Go back and try again.")
    return (
        _("Something went wrong on our side. What you sent was not saved, unless your history shows it."),
        _("Please try again. If it happens again, tell us the number below."),
    )


def _title(status: int) -> str:
    titles = {
        401: _("Please log in again"),
        403: _("This is not allowed"),
        404: _("Not found"),
        409: _("Somebody was faster"),
        413: _("Too much at once"),
        422: _("Some of this cannot be kept"),
        429: _("Too many at once"),
        500: _("Something went wrong"),
        503: _("Not available at present"),
    }
    return titles.get(status) or (_("This did not work") if status >= 400 else HTTPStatus(status).phrase)
