"""The auditors' pages."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from portal import clock
from portal.auditing import export as exporting
from portal.auditing import showing
from portal.auditing.asked import days_asked, filters_on, page_begins
from portal.auditing.counts import changes_per_day
from portal.auditing.cursor import Cursor, Direction
from portal.auditing.forms import FilterForm
from portal.auditing.queries import LogFilter, Reader, every_change, read_log
from portal.auditing.reached import Reached
from portal.auditing.verified import last_verified, note_verified
from portal.errors import NotFound, PortalError
from portal.formats import format_number
from portal.i18n import current_zone
from portal.i18n import gettext as _
from portal.record.verify import Report, verify, verify_one
from portal.services import services
from portal.web.form_data import read_form
from portal.web.policy import viewer
from portal.web.responses import fragment, page, url_for, wants_fragment

FORMS = {"csv": (exporting.as_csv, "text/csv"), "json": (exporting.as_json, "application/json")}

VERIFIED_HERE = 20_000
"""Up to so many entries are verified while somebody waits; more are for the command line."""

LARGEST = 2**63 - 1
"""The largest number that a chain can have (bigint)."""


async def log(request: Request) -> Response:
    """The change log, filtered by what its address says."""
    asked, filters, errors = _filters(request, pages=True)
    context = await _log(request, asked, filters)
    return page(request, "auditing/log.html", {**context, "form_errors": errors}, status=422 if errors else 200)


async def change(request: Request) -> Response:
    """One change with its proof: the chain it is in is verified while it is shown."""
    record, seq = request.path_params["customer_id"], request.path_params["seq"]
    store = services(request).staff
    asked = LogFilter(record=record, seq=min(seq, LARGEST))
    found = await read_log(store.database, store.keys, asked, _reader(request), limit=1)
    if not found.changes:
        raise NotFound(_("There is no such change."))
    logged = found.changes[0]
    broken = await verify_one(store.database, store.keys, record)
    entry = logged.entry
    context = {
        "entry": {
            "seq": seq, "chain": entry.chain if entry else "", "at": logged.at, "number": logged.number,
            "who": showing.actor_words(logged), "action": entry.action if entry else _("cannot be read"),
        },
        "lines": showing.shown(store.catalogue, logged, "").lines,
        "evidence": showing.evidence(entry) if entry else [],
        "places": showing.places(logged),
        "confirmations": showing.confirmations(logged),
        "proof": {
            "leaf": logged.leaf.hex(), "prev": entry.prev.hex() if entry else "",
            "holds": broken is None or broken.seq > seq, "why": broken.why if broken else None,
        },
        "canonical": showing.pretty(logged.data),
        "back": url_for(request, "audit"),
        "earlier": _neighbour(request, record, seq - 1) if seq > 1 else None,
        "later": _neighbour(request, record, seq + 1) if await _exists(request, record, seq + 1) else None,
    }  # fmt: skip
    return page(request, "auditing/change.html", context)


async def export(request: Request) -> Response:
    """Everything that the filters show, as CSV or JSON."""
    asked, _shown, errors = _filters(request)
    if errors:
        raise PortalError(errors[0], status=422)
    store, form = services(request).staff, request.path_params["form"]
    if form not in FORMS:
        raise NotFound(_("There is nothing at this address."))
    write, kind = FORMS[form]
    changes = every_change(store.database, store.keys, asked, _reader(request))
    name = f"changes-{clock.now():%Y-%m-%d}.{form}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(write(changes), media_type=f"{kind}; charset=utf-8", headers=headers)


async def verify_all(request: Request) -> Response:
    """Walk every chain now, if that can be done while somebody waits."""
    await read_form(request)
    store = services(request).staff
    integrity = await last_verified(store.database)
    if integrity["entries"] > VERIFIED_HERE:
        words = _("The log has %(entries)s entries: run `portal audit verify` on the command line for all of them.")
        integrity["problem"] = words % {"entries": format_number(integrity["entries"])}
    else:
        began = clock.current.monotonic()
        report = await verify(store.database, store.keys)
        took = clock.current.monotonic() - began
        await note_verified(store.database, report, took)
        integrity = _verified(report, took)
    if wants_fragment(request):
        return fragment(request, "auditing/log.html", "integrity", {"integrity": integrity})
    context = await _log(request, LogFilter(), {})
    return page(request, "auditing/log.html", {**context, "form_errors": [], "integrity": integrity})


def _filters(request: Request, *, pages: bool = False) -> tuple[LogFilter, dict[str, str], list[str]]:
    """What the address asks for, the filters that are on as they were typed, and what is wrong with them."""
    form = FilterForm(request.query_params)
    labels = {
        "customer": _("Customer number"), "actor": _("By"), "action": _("Action"),
        "after": _("From"), "before": _("Until"), "delivery": _("Delivered"),
    }  # fmt: skip
    on, errors = filters_on(request, form, labels, pages=pages)
    if errors:
        return LogFilter(), on, errors
    data, (after, before) = form.data, days_asked(form)
    asked = LogFilter(
        customer=data["customer"] or None,
        actor=data["actor"] or None,
        action=data["action"] or None,
        after=after,
        before=before,
        delivery=Reached(data["delivery"]) if data["delivery"] else None,
    )
    return asked, on, []


async def _log(request: Request, asked: LogFilter, filters: Mapping[str, str]) -> dict[str, Any]:
    store, address = services(request).staff, url_for(request, "audit")
    cursor, direction = page_begins(request, Cursor.parse, _("Begin at the newest change."))
    found = await read_log(store.database, store.keys, asked, _reader(request), cursor, direction)
    zone = current_zone()
    first, last = showing.days_shown(asked, zone, clock.now())
    in_plot = replace(
        asked, after=showing.midnight(first, zone), before=showing.midnight(last + timedelta(days=1), zone)
    )
    counts = await changes_per_day(store.database, in_plot, zone.key)
    bars = showing.bars(counts, first, last, address, filters)
    changes = found.changes
    has_newer = cursor is not None and (direction is Direction.OLDER or found.more)
    has_older = bool(changes) and (direction is Direction.NEWER or found.more)
    return {
        "heading": showing.heading(counts, asked),
        "filters": {name: filters.get(name, "") for name in FilterForm().data},
        "choices": showing.choices(),
        "chips": showing.chips(filters, address),
        "bars": bars,
        "plot_words": showing.plot_words(bars),
        "rows": [showing.shown(store.catalogue, c, _neighbour(request, c.customer_id, c.seq)) for c in changes],
        "newer": _page(address, filters, "newer", changes[0].cursor if changes else None) if has_newer else None,
        "older": _page(address, filters, "older", changes[-1].cursor) if has_older else None,
        "exports": {
            form: showing.address(url_for(request, "audit_export", form=form), filters) for form in ("csv", "json")
        },
        "integrity": await last_verified(store.database),
    }


def _verified(report: Report, took: float) -> dict[str, Any]:
    problem = None
    if report.findings:
        words = _("Customer %(number)s, chain %(chain)s, change %(seq)s: %(why)s.")
        problem = " ".join(
            words % {"number": f.number, "chain": f.chain, "seq": f.seq, "why": f.why} for f in report.findings[:5]
        )
    state = "holds" if report.holds else "broken"
    return {
        "state": state, "at": clock.now(), "took": took, "problem": problem,
        "chains": report.chains, "entries": report.entries, "erased": len(report.erased),
    }  # fmt: skip


async def _exists(request: Request, record: UUID, seq: int) -> bool:
    row = await services(request).staff.database.fetch_one(
        "SELECT EXISTS (SELECT FROM portal.change_record WHERE customer_id = %s AND seq = %s) AS found", [record, seq]
    )
    return bool(row and row["found"])


def _neighbour(request: Request, record: UUID, seq: int) -> str:
    return url_for(request, "audit_change", customer_id=record, seq=seq)


def _page(address: str, filters: Mapping[str, str], direction: str, cursor: Cursor | None) -> str:
    return showing.address(address, {**filters, direction: str(cursor)} if cursor else filters)


def _reader(request: Request) -> Reader:
    session = viewer(request)
    return Reader(str(session.staff_id), session.name)
