"""A customer's ways to log in, as agents see and mend them: invite, take an invitation back, disconnect an account."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from portal.cards.forms import carried
from portal.crm.embedded.card import Card
from portal.desk.changed_addresses import changed_lately
from portal.desk.login_forms import InviteForm, invite_form
from portal.desk.views import agent, open_card
from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.identity import invitations
from portal.identity.links import unlink
from portal.identity.login_changes import decided
from portal.identity.providers import providers
from portal.identity.session import Audience
from portal.identity.ways import Way, ways
from portal.mail import addresses
from portal.record.models import ContactPoint
from portal.record.read import read
from portal.services import services
from portal.web.drafts import typed_before
from portal.web.form_data import read_form
from portal.web.intention import intention
from portal.web.responses import page, redirect, url_for

PAGE = "desk/logins.html"


async def show(request: Request) -> Response:
    """Which accounts open the record, and whether an invitation is on its way."""
    return page(request, PAGE, await _context(request, await open_card(request, again=True)))


async def invite(request: Request) -> Response:
    """Make an invitation. Its code is shown once, or mailed and not shown at all."""
    data = await read_form(request) if request.method == "POST" else None
    seen = await open_card(request, again=True)
    points = await _addresses(request, _customer(seen))
    lately = await changed_lately(services(request).staff.database, _customer(seen))
    make = invite_form(points, lately)
    marks = any(point.id in lately for point in points)
    if data is None:
        return _ask(request, seen, make(await typed_before(request)), lately=marks)
    form = make(data)
    if not form.validate():
        return _ask(request, seen, form, lately=marks, status=422)
    wanted = intention(request, form, "login:invited")
    made = await invitations.invite(
        services(request).staff,
        _customer(seen),
        wanted.actor,
        wanted.request,
        wanted.evidence,
        made_by=agent(request).name,
        send_to=form.send_to,
    )
    context = {
        "customer": _shown(seen),
        "sent_to": form.send_to[1] if form.send_to else None,
        "code": None if form.send_to else made.code,
        "link": None if form.send_to else invitations.link_to(services(request).settings.origin, made.code),
        "where": services(request).settings.origin + url_for(request, "invitation"),
        "expires_at": made.expires_at,
    }
    return page(request, "desk/invited.html", context)


async def uninvite(request: Request) -> Response:
    """Take an invitation back before it is used."""
    form = carried(await read_form(request))
    seen = await open_card(request, again=True)
    store = services(request).staff
    invitation = await invitations.of_customer(store.database, _customer(seen))
    wanted = intention(request, form, "login:uninvited")
    ended = invitation is not None and await invitations.uninvite(store, invitation, wanted.actor, wanted.evidence)
    return redirect(request, _address(request) + ("?done=uninvited" if ended else "?done=ended"))


async def disconnect(request: Request) -> Response:
    """Let an account open the record no more: asked once more, and done. It may be the only one."""
    form = carried(await read_form(request)) if request.method == "POST" else None
    seen = await open_card(request, again=True)
    way = next((way for way in await _ways(request, _customer(seen)) if way.id == request.path_params["login"]), None)
    if way is None:
        raise NotFound(_("There is no such way to log in. It may have been removed."))
    if form is None:
        return page(request, "desk/disconnect.html", {"customer": _shown(seen), "way": way, "seq": 0})
    wanted = intention(request, form, "login:unlinked")
    change = decided(wanted, "reviewed", way.account)
    await unlink(services(request).staff, _customer(seen), change, way.id, may_be_last=True)
    return redirect(request, _address(request) + "?done=disconnected")


def _ask(request: Request, seen: Card, form: InviteForm, *, lately: bool, status: int = 200) -> Response:
    context = {"customer": _shown(seen), "form": form, "lately": lately, "seq": 0, "has_errors": bool(form.errors)}
    return page(request, "desk/invite.html", context, status=status)


async def _context(request: Request, seen: Card) -> dict[str, Any]:
    known = seen.customer_id is not None
    return {
        "customer": _shown(seen),
        "known": known,
        "ways": await _ways(request, _customer(seen)) if known else [],
        "invitation": await invitations.of_customer(services(request).staff.database, _customer(seen))
        if known
        else None,
        "done": _done(request),
        "seq": 0,
    }


async def _ways(request: Request, customer_id: UUID) -> list[Way]:
    known = [known.provider for known in providers(request).of(Audience.CUSTOMER)]
    return await ways(services(request).staff.database, customer_id, known)


async def _addresses(request: Request, customer_id: UUID) -> list[ContactPoint]:
    """Where a code could be mailed to: as the record has it, which may be newer than the CRM."""
    at_hand = services(request)
    if not at_hand.settings.smtp_host:
        return []
    stored = await read(at_hand.staff.database, at_hand.staff.keys, customer_id)
    return list(addresses(stored.record)) if stored else []


def _customer(seen: Card) -> UUID:
    if seen.customer_id is None:
        raise NotFound(_("This contact is in the CRM alone: its customer has no record in the portal."))
    return seen.customer_id


def _shown(seen: Card) -> dict[str, Any]:
    return {"id": seen.customer_id or seen.contact_id, "name": seen.record.name, "number": seen.record.number}


def _address(request: Request) -> str:
    return url_for(request, "desk_logins_of", id=request.path_params["id"])


def _done(request: Request) -> str | None:
    said = {
        "connected": _("Connected. The next login with that account opens this record."),
        "uninvited": _("The invitation is taken back. Its code is worth nothing now."),
        "ended": _("There was no invitation to take back: it was used, replaced, or is too old."),
        "disconnected": _("Disconnected. Wherever that account was logged in here, it is logged out."),
    }
    return said.get(request.query_params.get("done", ""))
