"""The auditors' page of what happened at the doors."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from portal.auditing import event_words, showing
from portal.auditing.asked import days_asked, filters_on, page_begins
from portal.auditing.cursor import Direction, EventCursor
from portal.auditing.events import EventFilter, read_events
from portal.auditing.forms import EventFilterForm
from portal.i18n import gettext as _
from portal.identity.providers import providers
from portal.services import services
from portal.web.responses import page, url_for

PAGE = 50


async def events(request: Request) -> Response:
    """The security events, filtered by what the address says, the newest first."""
    asked, filters, errors = _filters(request)
    cursor, direction = page_begins(request, EventCursor.parse, _("Begin at the newest event."))
    here = url_for(request, "audit_events")
    found = await read_events(services(request).staff.database, asked, cursor, direction, limit=PAGE)
    has_newer = bool(found.events) and cursor is not None and (direction is Direction.OLDER or found.more)
    has_older = bool(found.events) and (direction is Direction.NEWER or found.more)
    context = {
        "rows": [event_words.shown(event, providers(request).label_of) for event in found.events],
        "filters": {name: filters.get(name, "") for name in ("kind", "after", "before")},
        "kinds": event_words.kinds().items(),
        "chips": event_words.chips(filters, here),
        "newer": _page(here, filters, Direction.NEWER, found.events[0].cursor) if has_newer else None,
        "older": _page(here, filters, Direction.OLDER, found.events[-1].cursor) if has_older else None,
        "form_errors": errors,
    }
    return page(request, "auditing/events.html", context, status=422 if errors else 200)


def _filters(request: Request) -> tuple[EventFilter, dict[str, str], list[str]]:
    """What the address asks for, the filters that are on as they were typed, and what is wrong with them."""
    form = EventFilterForm(request.query_params)
    on, errors = filters_on(request, form, {"kind": _("What"), "after": _("From"), "before": _("Until")})
    if errors:
        return EventFilter(), on, errors
    after, before = days_asked(form)
    return EventFilter(kind=form.data["kind"] or None, after=after, before=before), on, []


def _page(here: str, filters: Mapping[str, str], direction: Direction, cursor: EventCursor) -> str:
    return showing.address(here, {**filters, direction.value: str(cursor)})
