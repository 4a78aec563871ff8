"""The customer's record as one page: all cards, in one reading; and what keeps it up to date while it is open."""

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from portal.cards.answer import saved_before
from portal.cards.card import Card, customer_id, open_record
from portal.cards.changes import ToldChange
from portal.cards.surroundings import surroundings
from portal.catalogue.model import Catalogue
from portal.consents.card import consents_card
from portal.contact_points.card import points_card
from portal.contact_windows.card import windows_card
from portal.home.queries import looks
from portal.notes.card import notes_card
from portal.profile.card import section_card
from portal.record.models import Record
from portal.record.read import StoredRecord
from portal.services import services
from portal.web.live import stream
from portal.web.responses import fragment, page, wants_fragment


async def record(request: Request) -> Response:
    """Everything about the person, with what their last save became where one led here."""
    stored = await open_record(request)
    return page(request, "home/record.html", _context(request, stored))


async def delivery(request: Request) -> Response:
    """Where the last changes are; asked for again each time something has moved. `seen` in the address is the version
    that the asking page shows: what somebody else changed since then is told."""
    stored = await open_record(request)
    context = surroundings(services(request).catalogue, stored)
    seen = request.query_params.get("seen", "")
    saved = saved_before(request, context["changes"])
    context |= {"seq": seen, "live": wants_fragment(request), "saved": saved, "news": _news(seen, context["changes"])}
    if wants_fragment(request):
        return fragment(request, "home/delivery.html", "delivery", context)
    return page(request, "home/delivery.html", context)


async def live(request: Request) -> Response:
    """Tells the open page to look again."""
    return await stream(request, customer_id(request))


def _news(seen: str, changes: Iterable[ToldChange]) -> str | None:
    """Who changed something after the version that a page shows, perhaps in another window; None where nobody did."""
    return next((c.who for c in changes if seen.isdecimal() and c.seq > int(seen[:18])), None)


def _context(request: Request, stored: StoredRecord) -> dict[str, Any]:
    catalogue = services(request).catalogue
    around = surroundings(catalogue, stored)
    return {
        **around,
        "record": stored.record,
        "seq": stored.record.seq,
        "catalogue": catalogue,
        "cards": list(_cards(catalogue, stored.record)),
        "saved": saved_before(request, around["changes"]),
        "form": None,
        "alone": False,
        "looks": looks(stored.reads),
    }


def _cards(catalogue: Catalogue, record: Record) -> Iterable[Card]:
    """Who the person is comes first, then how to reach them, then the rest in the catalogue's order."""
    sections = [card for section in catalogue.sections.values() if (card := section_card(catalogue, section))]
    yield from sections[:1]
    yield points_card()
    yield windows_card(catalogue, record)
    yield from sections[1:]
    yield consents_card(catalogue, record)
    yield notes_card(record)
