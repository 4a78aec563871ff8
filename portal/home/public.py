"""The way in, and the language."""

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
from portal.web.way_back import our_page


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
    response = redirect(request, our_page(request, "referer") or "/")
    remember(response, language, secure=services(request).settings.origin.startswith("https://"))
    await speak(request, language)
    return response
