"""What a card answers after it was saved: itself, where its change is, and what it means for the first sentences."""

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from portal.cards.card import Card, drawing, use_zone_of
from portal.cards.changes import ToldChange
from portal.cards.surroundings import surroundings
from portal.i18n import gettext as _
from portal.record.change import Changed, Duplicate, Unchanged
from portal.services import services
from portal.web.responses import page, redirect, url_for, wants_fragment
from portal.web.way_back import our_page

TEMPLATE = "cards/answer.html"


@dataclass(frozen=True, slots=True)
class Saved:
    """What a card says of the last save. `seq` is the change, if there is one, whose delivery it then follows."""

    card: str
    seq: int | None
    words: str


def show_saved(request: Request, card: Card, outcome: Changed | Unchanged | Duplicate) -> Response:
    """The card again, and what it changed around it; without a script, the way back to the record page."""
    use_zone_of(outcome.stored.record)
    if not wants_fragment(request) or _is_alone(request):
        return redirect(request, way_back(request, card, outcome))
    around = surroundings(services(request).catalogue, outcome.stored)
    context = {
        **drawing(request, card, outcome.stored.record),
        **around,
        "saved": Saved(card.id, _seq(outcome), _words(outcome, around["changes"])),
    }
    return page(request, TEMPLATE, context)


def saved_before(request: Request, changes: list[ToldChange]) -> Saved | None:
    """What the address of the record page says of a save that led to it (`way_back`)."""
    asked = request.query_params
    card = asked.get("card", "")
    if "same" in asked:
        return Saved(card, None, _same())
    change = next((change for change in changes if str(change.seq) == asked.get("saved")), None)
    if change is None or not change.own:
        return None
    return Saved(card, change.seq, _merged() if "merged" in asked and not change.arrived else _kept(change))


def way_back(request: Request, card: Card, outcome: Changed | Unchanged | Duplicate) -> str:
    """The card on the record page, which says there what became of it."""
    seq = _seq(outcome)
    said = {"card": card.id, **({"same": "1"} if seq is None else {"saved": str(seq)})}
    if isinstance(outcome, Changed) and outcome.rebased:
        said["merged"] = "1"
    return f"{url_for(request, 'record')}?{urlencode(said)}#{card.id}"


def _seq(outcome: Changed | Unchanged | Duplicate) -> int | None:
    match outcome:
        case Changed(entry=entry):
            return entry.seq
        case Duplicate(seq=seq):
            return seq
    return None


def _is_alone(request: Request) -> bool:
    """Whether the card is a page of its own, where nothing would tell what becomes of a save."""
    return our_page(request, "hx-current-url").partition("?")[0] not in ("", url_for(request, "record"))


def _words(outcome: Changed | Unchanged | Duplicate, changes: list[ToldChange]) -> str:
    if isinstance(outcome, Unchanged):
        return _same()
    if isinstance(outcome, Changed) and outcome.rebased:
        return _merged()
    return _kept(next((change for change in changes if change.seq == _seq(outcome)), None))


def _kept(change: ToldChange | None) -> str:
    """It is kept, and where it is: in the words that stand at the change itself."""
    return _("Saved. %(where)s.") % {"where": change.place} if change and change.place else _("Saved.")


def _merged() -> str:
    return _("Saved. Something else in your record was changed meanwhile; both stand.")


def _same() -> str:
    return _("Nothing to save: your record says this already.")
