"""From a request to an intention: who wants it, once, and what a second look will want to know about it."""

import json
from uuid import UUID, uuid5

from starlette.datastructures import FormData
from starlette.requests import Request

from portal.audit.entry import Actor, ActorKind, Evidence
from portal.audit.values import format_moment
from portal.identity.lifecycle import personal
from portal.identity.session import Audience, Session
from portal.record.change import Intention
from portal.web.form_data import TOKEN
from portal.web.forms import Form
from portal.web.found import found_record
from portal.web.policy import viewer


def intention(request: Request, form: Form, action: str) -> Intention:
    """What the person who sent this form wants, as `record.change` takes it.

    The form's request id makes it happen once, however often it is sent; the version that the form was made from says
    what they had before their eyes.
    """
    session = viewer(request)
    return Intention(
        action,
        actor(session),
        _request(request, form),
        form.seen_version,
        evidence(request, session),
        found=found_record(request),
    )


def _request(request: Request, form: Form) -> UUID:
    """The form's id together with what it says: a form that a browser has kept, sent again with other words in it, is
    another intention, and must not be taken for the first one's repetition."""
    posted: FormData = getattr(request.state, "posted", None) or FormData()
    said = sorted((name, str(value)) for name, value in posted.multi_items() if name not in (TOKEN, "seq"))
    return uuid5(form.request, json.dumps(said))


def actor(session: Session) -> Actor:
    """Who acts: the customer in the portal, or one of the staff at the desk."""
    if session.audience is Audience.CUSTOMER:
        return Actor(ActorKind.CUSTOMER, str(session.customer_id), "portal")
    return Actor(ActorKind.AGENT, str(session.staff_id), "desk")


def evidence(request: Request, session: Session) -> Evidence:
    """How it is known that they meant it: which login, how fresh, from which address and browser."""
    facts: dict[str, str | int] = {
        "session": str(session.id),
    }
    if session.authenticated_at is not None:
        facts["authenticated_at"] = format_moment(session.authenticated_at)
    if session.login_id is not None:
        facts["login"] = str(session.login_id)
    if session.acr is not None:
        facts["acr"] = session.acr
    told = personal(request)
    if session.audience is Audience.STAFF and session.name:
        # The customer is told who it was by name, and has no way to look up an id.
        told["name"] = session.name
    return Evidence(facts, told)
