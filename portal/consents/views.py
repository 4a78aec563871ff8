"""What a customer agrees to: each switch is saved by itself where scripts run, all of them by a button where not."""

from collections.abc import Collection
from dataclasses import replace
from uuid import uuid5

from starlette.requests import Request
from starlette.responses import Response

from portal.cards.answer import show_saved
from portal.cards.card import Card, customer_id, open_record, show_form
from portal.cards.forms import refused
from portal.consents.actions import action_of, decide
from portal.consents.card import consents_card
from portal.consents.forms import ConsentForm, consent_form
from portal.consents.queries import grid, switched
from portal.errors import Invalid
from portal.record.change import Conflicted, Intention
from portal.record.models import Record
from portal.services import services
from portal.web.drafts import typed_before
from portal.web.form_data import read_form
from portal.web.forms import Form
from portal.web.intention import intention


async def consents(request: Request) -> Response:
    """The grid by itself, or what becomes of its switches."""
    if request.method == "POST":
        return await _save(request)
    stored = await open_record(request)
    if (before := await typed_before(request)) is None:
        return show_form(request, _card(request, stored.record), stored, Form())
    catalogue = services(request).catalogue
    form = consent_form(catalogue)(before)
    on = switched(grid(catalogue, stored.record), form.decisions())
    return show_form(request, _card(request, stored.record, on), stored, form)


async def _save(request: Request) -> Response:
    form = consent_form(services(request).catalogue)(await read_form(request))
    if not form.validate():
        return await _again(request, form)
    decisions = form.decisions()
    try:
        outcome = await decide(services(request).customers, customer_id(request), _intention(request, form), decisions)
    except Invalid as error:
        return await _again(request, refused(form, error))
    assert not isinstance(outcome, Conflicted)
    return show_saved(request, _card(request, outcome.stored.record), outcome)


def _intention(request: Request, form: ConsentForm) -> Intention:
    """A decision is yes or no: if somebody else decided meanwhile, they said either the same or what the person saw, so
    there is nothing to settle. Switches that are saved one by one come from the same form, and are each a request."""
    decisions = form.decisions()
    intent = replace(intention(request, form, action_of(decisions)), seen=None)
    return replace(intent, request=uuid5(intent.request, f"{decisions}")) if form.switched.data else intent


async def _again(request: Request, form: ConsentForm) -> Response:
    stored = await open_record(request)
    return show_form(request, _card(request, stored.record, form.agreed.data), stored, form, status=422)


def _card(request: Request, record: Record, typed: Collection[str] | None = None) -> Card:
    return consents_card(services(request).catalogue, record, typed=typed)
