"""The agents' pages: find a customer, and see one."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from portal.crm.embedded.card import Card, Viewer, card
from portal.desk.activity import interruption
from portal.desk.ahead import AHEAD
from portal.desk.page import desk_page
from portal.desk.queries import Person, contact_exists, lately_opened
from portal.desk.queries import search as search_contacts
from portal.desk.saved import Saved, answers_just_now, saved_answer
from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.services import services
from portal.web.live import stream
from portal.web.policy import viewer
from portal.web.responses import fragment, page, redirect, url_for, wants_fragment

FOUND_SHOWN = 20
LONGEST_QUERY = 200
PAGE = "desk/card.html"


async def search(request: Request) -> Response:
    """Find a customer; without a question, those whom this agent opened lately."""
    database = services(request).staff.database
    query = request.query_params.get("q", "")[:LONGEST_QUERY].strip()
    if not query:
        recent = await lately_opened(database, agent(request).id)
        return _results(request, {"q": "", "results": [], "too_many": False, "recent": recent})
    found = await search_contacts(database, query, FOUND_SHOWN + 1)
    if not wants_fragment(request) and (only := _exactly(found, query)):
        return redirect(request, url_for(request, "desk_card", id=only))
    shown = found[:FOUND_SHOWN]
    return _results(request, {"q": query, "results": shown, "too_many": len(found) > len(shown), "recent": []})


def _results(request: Request, context: dict[str, Any]) -> Response:
    if wants_fragment(request):
        return fragment(request, "desk/search.html", "results", context)
    return page(request, "desk/search.html", context)


def _exactly(found: list[Person], query: str) -> UUID | None:
    """Whoever has the customer number that was typed."""
    if len(found) == 1 and found[0].number.casefold() == query.casefold():
        return found[0].id
    return None


async def show(request: Request) -> Response:
    """One customer."""
    seen = await open_card(request)
    told = context(request, seen)
    if answered := _answered(request, seen):
        told["saved"][answered.card] = answered
    return page(request, PAGE, told)


def _answered(request: Request, seen: Card) -> Saved | None:
    """What the address says of an answer that led here, if that can be true."""
    seq = number(request.query_params.get("answered"))
    if seq is None or seq > max((d.desired_seq for d in seen.deliveries), default=0):
        return None
    return saved_answer(seen, seq)


async def now(request: Request) -> Response:
    """What an open page shows anew by itself: the answer, the activity, where things are, and that others were here."""
    if not wants_fragment(request):
        return redirect(request, url_for(request, "desk_card", id=request.path_params["id"]))
    seen = await open_card(request, again=True)
    shown = number(request.query_params.get("shown"))
    at_hand, me = services(request), agent(request).id
    return page(
        request,
        "desk/now.html",
        context(request, seen)
        | {
            "shown": seen.record.seq if shown is None else shown,
            "lines": [saved_answer(seen, seq) for seq in answers_just_now(seen, me)],
            "news": None if shown is None else interruption(at_hand.catalogue, seen, me, shown),
        },
    )


async def live(request: Request) -> Response:
    """Tells an open page that there is something new."""
    id: UUID = request.path_params["id"]
    customer = await contact_exists(services(request).staff.database, id)
    if customer is None:
        raise NotFound(_("There is no such customer."))
    return await stream(request, customer)


async def open_card(request: Request, *, again: bool = False) -> Card:
    """The card of the customer in the address; that it was read is written down, unless it is for a page that is open.

    Raises:
        NotFound: there is none.
    """
    at_hand = services(request)
    id = request.path_params["id"]
    found = await card(at_hand.staff.database, at_hand.catalogue, id, agent(request), again=again, beside=AHEAD)
    if found is None:
        raise NotFound(_("There is no such customer."), hint=_("Look for the name or the customer number instead."))
    return found


def agent(request: Request) -> Viewer:
    """Who works at the desk; only in views that are for agents."""
    session = viewer(request)
    assert session.staff_id is not None
    return Viewer(session.staff_id, session.name)


def context(request: Request, seen: Card, **more: Any) -> dict[str, Any]:
    """What the templates of the desk know."""
    return desk_page(services(request).catalogue, seen, agent(request).id, **more)


def way_back(request: Request, place: str, **said: object) -> str:
    """The customer's page at one of its cards; what is said goes along in the address, for pages without a script."""
    address = url_for(request, "desk_card", id=request.path_params["id"])
    return f"{address}{'?' if said else ''}{urlencode(said)}#{place}"


def number(text: str | None) -> int | None:
    """A version in an address; None where there is none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 17 else None
