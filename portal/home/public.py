"""The way in, and the language."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from portal.errors import Invalid
from portal.i18n import LANGUAGES
from portal.i18n import gettext as _
from portal.identity.lifecycle import speak
from portal.identity.rooms import room
from portal.services import services
from portal.web.form_data import read_form
from portal.web.language import remember
from portal.web.policy import known_viewer
from portal.web.responses import page, redirect, url_for


async def landing(request: Request) -> Response:
    """What this is, for strangers; whoever is logged in goes on to their room."""
    viewer = await known_viewer(request)
    if viewer is None:
        return page(request, "home/public.html")
    return RedirectResponse(url_for(request, room(viewer.audience, viewer.roles)), 303)


async def choose_language(request: Request) -> Response:
    """Speak this language from now on, here and in the running session; back to the page that it was chosen on."""
    language = str((await read_form(request)).get("language", ""))
    if language not in LANGUAGES:
        raise Invalid(_("The portal does not speak this language."), {"language": [_("Not a valid choice.")]})
    response = redirect(request, _back(request))
    remember(response, language, secure=services(request).settings.origin.startswith("https://"))
    await speak(request, language)
    return response


def _back(request: Request) -> str:
    """Where the form was, if that is a page of ours."""
    parts = urlsplit(request.headers.get("referer", ""))
    if f"{parts.scheme}://{parts.netloc}" != services(request).settings.origin or not parts.path.startswith("/"):
        return "/"
    # Two slashes at the start would name another host.
    return "/" + parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
