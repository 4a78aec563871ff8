"""The log to take along: CSV with a row for each difference, JSON with an object for each change. Both are streamed."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

from portal.audit.entry import Diff, Erased
from portal.audit.values import format_moment
from portal.auditing.queries import LoggedChange
from portal.formats import harmless_cell

COLUMNS = ("at", "customer", "seq", "action", "actor_kind", "actor", "via", "path", "old", "new", "leaf")


async def as_csv(changes: AsyncIterator[LoggedChange]) -> AsyncIterator[str]:
    """Lines of RFC 4180, with values as JSON."""
    yield _line(COLUMNS)
    async for change in changes:
        entry = change.entry
        diffs = entry.diffs if entry else (Diff("", None, None),)
        actor = ("unreadable", "", "", "")
        if entry:
            actor = (entry.action, entry.actor.kind.value, entry.actor.id, entry.actor.via)
        for diff in diffs:
            values = diff.path, _json(diff.old), _json(diff.new)
            yield _line((format_moment(change.at), change.number, change.seq, *actor, *values, change.leaf.hex()))


async def as_json(changes: AsyncIterator[LoggedChange]) -> AsyncIterator[str]:
    """One JSON array, written object by object."""
    separator = "[\n"
    async for change in changes:
        yield separator + json.dumps(_object(change), ensure_ascii=False)
        separator = ",\n"
    yield "\n]\n" if separator == ",\n" else "[]\n"


def _object(change: LoggedChange) -> dict[str, Any]:
    told: dict[str, Any] = {"customer": change.number, "seq": change.seq, "at": format_moment(change.at)}
    entry = change.entry
    if entry is not None:
        told |= {
            "action": entry.action,
            "actor": {"kind": entry.actor.kind.value, "id": entry.actor.id, "via": entry.actor.via},
            "chain": str(entry.chain),
            "diffs": [{"path": d.path, "old": _plain(d.old), "new": _plain(d.new)} for d in entry.diffs],
            "evidence": dict(entry.evidence.facts) | {n: _plain(v) for n, v in entry.evidence.personal.items()},
        }
    return told | {"readable": entry is not None, "leaf": change.leaf.hex()}


def _line(cells: tuple[object, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([harmless_cell(cell) for cell in cells])
    return out.getvalue()


def _plain(value: object) -> object:
    return "(erased)" if isinstance(value, Erased) else value


def _json(value: object) -> str:
    plain = _plain(value)
    if plain is None:
        return ""
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
