"""What was changed in a customer's record, and taking the last change back."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response

from portal.cards.card import customer_id, open_record
from portal.cards.changes import OPPOSITES, ToldChange, can_undo, tell
from portal.cards.forms import carried
from portal.errors import Conflict, NotFound, PortalError
from portal.formats import local
from portal.history.actions import undo
from portal.history.queries import HistoryPage, history
from portal.i18n import current_language, use
from portal.i18n import gettext as _
from portal.record.change import Changed, Conflicted, Duplicate
from portal.record.flat import flatten
from portal.services import services
from portal.web.form_data import read_form
from portal.web.intention import intention
from portal.web.responses import page, redirect, url_for

LAST = 2**62
"""Greater than any change's number."""


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    changes: list[ToldChange]


async def changes(request: Request) -> Response:
    """A page of the history; `before` in the address is the number of a change."""
    at_hand = services(request)
    found = await history(at_hand.customers, customer_id(request), _before(request))
    if found is None:
        raise NotFound(_("There is no such record."))
    if found.time_zone:
        use(current_language(), found.time_zone)
    told = tell(at_hand.catalogue, found.changes, found.deliveries, found.state)
    context = {
        "days": [Day(day, list(group)) for day, group in groupby(told, lambda change: local(change.at).date())],
        "proofs": {seq: f"{leaf.hex()[:4]}…{leaf.hex()[-2:]}" for seq, leaf in found.proofs.items()},
        **_neighbours(request, found),
    }
    return page(request, "history/changes.html", context)


async def undo_last(request: Request) -> Response:
    """Take back a change that the record page shows."""
    data = await read_form(request)
    form = carried(data)
    stored = await open_record(request)
    entry = next((c.entry for c in stored.recent if str(c.entry.seq) == data.get("seq")), None)
    if entry is None or not can_undo(services(request).catalogue, entry, flatten(stored.record)):
        raise NotFound(_("This change cannot be taken back here any more. Change the field itself instead."))
    intent = intention(request, form, OPPOSITES[entry.action])
    outcome = await undo(services(request).customers, customer_id(request), intent, entry)
    if isinstance(outcome, Conflicted):
        raise Conflict(_("The same was changed again since then, so it stays as it is. Reload the page to see it."))
    seq = outcome.entry.seq if isinstance(outcome, Changed) else outcome.seq if isinstance(outcome, Duplicate) else None
    became = f"saved={seq}" if seq else "same=1"
    return redirect(request, f"{url_for(request, 'record')}?card=delivery&{became}#delivery")


def _before(request: Request) -> int:
    given = request.query_params.get("before")
    if given is None:
        return LAST
    if not (given.isascii() and given.isdecimal() and len(given) <= 18):
        raise PortalError(_("This address of a page in your history is damaged."), hint=_("Begin with the newest."))
    return int(given)


def _neighbours(request: Request, found: HistoryPage) -> dict[str, str | None]:
    address = url_for(request, "changes")
    newer = None
    if found.newer is not None:
        newer = address if found.newer > found.head else f"{address}?before={found.newer}"
    return {"newer": newer, "older": f"{address}?before={found.older}" if found.older else None}
