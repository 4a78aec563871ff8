"""The sections of the profile that a customer may change."""

from starlette.requests import Request
from starlette.responses import Response

from portal.audit.values import Value
from portal.cards.answer import show_saved, way_back
from portal.cards.card import Card, customer_id, open_record, show_form
from portal.cards.conflict import left_alone, show_conflict
from portal.errors import NotFound
from portal.i18n import LANGUAGES
from portal.i18n import gettext as _
from portal.identity.lifecycle import speak
from portal.profile.card import section_card
from portal.record.change import Changed, Conflicted, change
from portal.record.models import Record
from portal.services import services
from portal.web.drafts import typed_before
from portal.web.form_data import read_form
from portal.web.forms import section_form
from portal.web.intention import intention
from portal.web.language import remember
from portal.web.responses import redirect

LANGUAGE = "profile/language"


def is_sensitive(request: Request) -> bool:
    """Whether the section that an address names wants a fresh login."""
    return services(request).catalogue.asks_for_a_fresh_login(request.path_params["section"])


async def section(request: Request) -> Response:
    """The form of a section, or what becomes of it."""
    return await (save(request) if request.method == "POST" else edit(request))


async def edit(request: Request) -> Response:
    card = _card(request)
    form = section_form(services(request).catalogue, card.content["section"].key)
    stored = await open_record(request)
    return show_form(request, card, stored, form(await typed_before(request), data=stored.record.profile))


async def save(request: Request) -> Response:
    card, at_hand = _card(request), services(request)
    data = await read_form(request)
    form = section_form(at_hand.catalogue, card.content["section"].key)(data)
    if not form.validate():
        return show_form(request, card, await open_record(request), form, status=422)

    def typed(record: Record) -> dict[str, Value]:
        kept = left_alone(data)
        return {p: v for p, v in form.values(record.profile).items() if p.removeprefix("profile/") not in kept}

    outcome = await change(at_hand.customers, customer_id(request), intention(request, form, "profile:changed"), typed)
    if isinstance(outcome, Conflicted):
        return await show_conflict(request, card, outcome, typed(outcome.stored.record))
    if isinstance(outcome, Changed) and LANGUAGE in outcome.entry.paths:
        return await _show_in_language(request, card, outcome)
    return show_saved(request, card, outcome)


async def _show_in_language(request: Request, card: Card, outcome: Changed) -> Response:
    """Whoever prefers another language gets the whole page in it at once, if the portal speaks it. Like the switch in
    the bar, it holds until one of the two is used again."""
    language = outcome.stored.record.profile.get("language")
    if language not in LANGUAGES:
        return show_saved(request, card, outcome)
    response = redirect(request, way_back(request, card, outcome))
    remember(response, str(language), secure=services(request).settings.origin.startswith("https://"))
    await speak(request, str(language))
    return response


def _card(request: Request) -> Card:
    catalogue = services(request).catalogue
    known = catalogue.sections.get(request.path_params["section"])
    card = section_card(catalogue, known) if known else None
    if card is None:
        raise NotFound(_("There is no such section."))
    return card
