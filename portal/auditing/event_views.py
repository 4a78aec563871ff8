"""The auditors' page of what happened at the doors."""

from collections.abc import Mapping
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from portal.auditing import event_words, showing
from portal.auditing.cursor import Direction, EventCursor
from portal.auditing.events import EventFilter, read_events
from portal.auditing.forms import EventFilterForm
from portal.errors import PortalError
from portal.i18n import current_zone
from portal.i18n import gettext as _
from portal.identity.providers import providers
from portal.services import services
from portal.web.responses import page, url_for

PAGE = 50


async def events(request: Request) -> Response:
    """The security events, filtered by what the address says, the newest first."""
    asked, filters, errors = _filters(request)
    cursor, direction = _cursor(request)
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
    unknown = sorted(request.query_params.keys() - form.data.keys() - set(Direction))
    errors = [_("The log has no filter “%(name)s”.") % {"name": name[:40]} for name in unknown[:5]]
    errors += [] if form.validate() else [
        f"{words}: {problem}"
        for name, words in (("kind", _("What")), ("after", _("From")), ("before", _("Until")))
        for problem in form[name].errors
    ]  # fmt: skip
    on = {name: request.query_params[name] for name in form.data if request.query_params.get(name)}
    if errors:
        return EventFilter(), on, errors
    zone, data = current_zone(), form.data
    asked = EventFilter(
        kind=data["kind"] or None,
        after=showing.midnight(data["after"], zone) if data["after"] else None,
        before=showing.midnight(data["before"] + timedelta(days=1), zone) if data["before"] else None,
    )
    return asked, on, []


def _cursor(request: Request) -> tuple[EventCursor | None, Direction]:
    for direction in Direction:
        if text := request.query_params.get(direction.value):
            try:
                return EventCursor.parse(text), direction
            except ValueError:
                raise PortalError(
                    _("This address of a page of the log is not complete."), hint=_("Begin at the newest event.")
                ) from None
    return None, Direction.OLDER


def _page(here: str, filters: Mapping[str, str], direction: Direction, cursor: EventCursor) -> str:
    return showing.address(here, {**filters, direction.value: str(cursor)})
