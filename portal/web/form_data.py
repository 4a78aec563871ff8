"""What a form posts, read strictly: what is no form is refused before anybody looks into it."""

from collections.abc import Iterable
from typing import cast
from urllib.parse import parse_qsl

from starlette.datastructures import FormData
from starlette.requests import Request

from portal.errors import Forbidden, PortalError
from portal.i18n import gettext as _
from portal.web import form_token

TOKEN = "form_token"  # noqa: S105 - the name of a field
MAX_FIELDS = 500

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


class FormOutlived(Forbidden):
    """The form is from an earlier login, or was not made here."""

    def __init__(self) -> None:
        super().__init__(
            _("This form is from an earlier login, or was not made here. Nothing was saved."),
            hint=_("Open the page again and repeat what you typed."),
        )


class TypedBefore(FormData):
    """What was typed into the form at `place` before a login, and is not saved yet; `again` if the person was logged in
    and had to show once more that it is them."""

    def __init__(self, fields: Iterable[tuple[str, str]], place: str, *, again: bool) -> None:
        super().__init__([(name, value) for name, value in fields])
        self.place = place
        self.again = again


async def read_form(request: Request) -> FormData:
    """The fields of the form that was posted, its token checked.

    Raises:
        PortalError: what was sent is no form (400, 415), too large (413), or comes without the session's token (403).
    """
    data = await posted(request)
    session = getattr(request.state, "session", None)
    if session is not None and not form_token.matches(session.form_secret, str(data.get(TOKEN, ""))):
        raise FormOutlived
    return data


async def posted(request: Request) -> FormData:
    """The fields that were posted, without a look at the token; read once, and kept for an error page to show."""
    kept = getattr(request.state, "posted", None)
    if kept is None:
        kept = request.state.posted = _parse(request, await request.body())
    return cast(FormData, kept)


def _parse(request: Request, body: bytes) -> FormData:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != "application/x-www-form-urlencoded":
        raise PortalError(_("This is not a form that can be read here. Nothing was saved."), status=415)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError:
        raise PortalError(
            _("Some characters were damaged on their way (no UTF-8). Nothing was saved."),
            hint=_("Go back and send it again."),
        ) from None
    except ValueError:
        raise PortalError(_("This form has too many fields. Nothing was saved.")) from None
    return FormData([(name, value) for name, value in pairs])
