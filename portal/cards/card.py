"""A card of the record page: one topic, saved by itself. It stands among the others on the page; its form, its errors
and its conflicts stand alone where no script puts them in its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from portal.errors import NotFound
from portal.i18n import current_language, use
from portal.i18n import gettext as _
from portal.record.models import Record
from portal.record.read import StoredRecord, read
from portal.services import services
from portal.web.forms import Form
from portal.web.found import found_record
from portal.web.policy import viewer
from portal.web.responses import fragment, page, wants_fragment

PAGE = "cards/page.html"


@dataclass(frozen=True, slots=True)
class Card:
    """`id` is its element and its place on the page; `template` draws it (as `this`) from record and `content`."""

    id: str
    title: str
    template: str
    content: Mapping[str, Any] = field(default_factory=dict)


async def open_record(request: Request) -> StoredRecord:
    """The record of the customer who asks; times are told in their zone from here on.

    Who opens it again in the same request has it read anew: something may have been written in between.

    Raises:
        NotFound: it is gone.
    """
    store = services(request).customers
    stored = None if hasattr(request.state, "opened") else found_record(request)
    stored = stored or await read(store.database, store.keys, customer_id(request))
    request.state.opened = True
    if stored is None:
        raise NotFound(_("There is no such record."))
    use_zone_of(stored.record)
    return stored


def customer_id(request: Request) -> UUID:
    """The customer who asks; only in views that are for customers."""
    id = viewer(request).customer_id
    assert id is not None
    return id


def use_zone_of(record: Record) -> None:
    """Tell times in the zone that the customer named."""
    if zone := record.profile.get("time_zone"):
        use(current_language(), str(zone))


def show_form(request: Request, card: Card, stored: StoredRecord, form: Form, *, status: int = 200) -> Response:
    """The card while it is being changed: in its place for htmx, else as a page of its own."""
    context = {
        **drawing(request, card, stored.record),
        "form": form,
        "seq": form.version_to_carry(stored.record.seq),
        "has_errors": bool(form.errors),
    }
    if wants_fragment(request):
        return fragment(request, PAGE, "card", context, status=status)
    return page(request, PAGE, context | {"alone": True}, status=status)


def drawing(request: Request, card: Card, record: Record) -> dict[str, Any]:
    """What every card's template knows; `form` is None while nothing is being changed."""
    return {
        "this": card,
        "record": record,
        "seq": record.seq,
        "catalogue": services(request).catalogue,
        "form": None,
        "alone": False,
        "saved": None,
    }
