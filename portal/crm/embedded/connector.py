"""The built-in CRM behind the connector protocol: set-based SQL, one statement a batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from portal.audit.values import format_moment
from portal.crm.comparing import uuid_or_none
from portal.crm.embedded.card import editor
from portal.crm.embedded.search_keys import search_keys
from portal.crm.inventory import Link
from portal.crm.parts import parts, provenance
from portal.crm.port import (
    NO_METER,
    Applied,
    Caps,
    Conflict,
    ConsentStatus,
    Cursor,
    Desired,
    Forged,
    Hint,
    Meter,
    Outcome,
    Ref,
    Reject,
    Remote,
    Retry,
    TimelineEntry,
)
from portal.crm.said import Own
from portal.db.database import Database, Row

PUSH = "SELECT * FROM crm.push_v1(%s)"
FETCH = """SELECT id, portal_id, version, portal_seq, timeline_seq, fields, edited_by, consents, contact_points,
               contact_windows, notes
           FROM crm.contact WHERE portal_id = ANY(%s) OR id = ANY(%s)"""
CHANGES = "SELECT contacts, portal_ids, cursor FROM crm.changes_v1(%s, %s)"
ERASE = """WITH gone AS (INSERT INTO crm.erased (portal_id) VALUES (%(customer)s) ON CONFLICT DO NOTHING)
           DELETE FROM crm.contact
           WHERE portal_id = %(customer)s OR (id = %(contact)s AND portal_id IS NULL)"""

# Nobody's contact alone, and whose it is already.
LINK = """UPDATE crm.contact c SET portal_id = t.portal_id, portal_seq = t.seq, updated_at = clock_timestamp()
          FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS t (id, portal_id, seq)
          WHERE c.id = t.id AND coalesce(c.portal_id, t.portal_id) = t.portal_id
              AND NOT EXISTS (SELECT FROM crm.contact o WHERE o.portal_id = t.portal_id AND o.id <> t.id)
              AND NOT EXISTS (SELECT FROM crm.erased e WHERE e.portal_id = t.portal_id)
          RETURNING c.id, c.version"""

RESTRICT = """UPDATE crm.contact c SET restricted = t.restricted
              FROM unnest(%s::uuid[], %s::boolean[]) AS t (portal_id, restricted) WHERE c.portal_id = t.portal_id"""

FEED_PAGE = 1_000
TIED_OTHERWISE = Reject(Own.TIED_OTHERWISE)
COPIES = ("contact_points", "contact_windows", "notes")
"""What agents read there and do not write."""

REFUSED = {
    "number_taken": Own.NUMBER_TAKEN,
    "erased": Own.WAS_ERASED,
}


class EmbeddedCrm:
    """Contacts in schema `crm`, reached as the worker."""

    label = "CRM"
    caps = Caps(
        batch_max=500,
        upsert_by_external_id=True,
        conditional=True,
        feed=True,
        echo_tag=True,
        max_execution_seconds=30,  # the worker role's statement timeout
        timeline_text=False,  # the desk tells each change in the language of whoever looks
    )

    meter: Meter = NO_METER

    def __init__(self, database: Database, label: str = label) -> None:
        self._database = database
        self.label = label

    async def push(self, batch: Sequence[Desired]) -> Sequence[Outcome]:
        """Write the contacts; all of a batch in one transaction."""
        try:
            rows = await self._database.fetch_all(
                PUSH, [Jsonb([_contact(desired) for desired in batch], msgspec.json.encode)]
            )
        except (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable):
            # The statement was rolled back as a whole.
            return [Retry(Own.WRITTEN_BY_OTHERS) for _ in batch]
        await self._restrict(batch)
        decided = {row["portal_id"]: _outcome(row) for row in rows}
        return [decided.get(desired.customer_id) or Retry(Own.OTHERS_FASTER) for desired in batch]

    async def _restrict(self, batch: Sequence[Desired]) -> None:
        """Show what is restricted, and no longer what is not; for the few of whom there is something to say."""
        told = [desired for desired in batch if desired.restricted is not None]
        if told:
            values = [[desired.customer_id for desired in told], [desired.restricted for desired in told]]
            await self._database.fetch_all(RESTRICT, values)

    async def fetch(self, refs: Sequence[Ref]) -> Sequence[Remote]:
        """Read the contacts of some customers; of those who have none, the one that is known to have been theirs."""
        rows = await self._database.fetch_all(FETCH, [[ref.customer_id for ref in refs], []])
        known = {row["portal_id"] for row in rows}
        gone = [uuid_or_none(ref.remote_id) for ref in refs if ref.remote_id and ref.customer_id not in known]
        rows += await self._database.fetch_all(FETCH, [[], gone]) if gone else []
        return [_remote(row) for row in rows]

    async def link(self, links: Sequence[Link]) -> Sequence[Outcome]:
        """Tie contacts that are nobody's to customers who have none."""
        each = [(uuid_or_none(link.contact.remote.remote_id), link.customer_id, link.seq) for link in links]
        try:
            rows = await self._database.fetch_all(LINK, [list(column) for column in zip(*each, strict=True)])
        except (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected):
            return [Retry(Own.OTHERS_FASTER)] * len(links)
        versions = {row["id"]: str(row["version"]) for row in rows}
        return [
            Applied(str(contact), versions[contact] if seq else None, seq) if contact in versions else TIED_OTHERWISE
            for contact, _customer, seq in each
        ]

    async def changes(self, cursor: Cursor | None) -> tuple[Sequence[Ref], Cursor]:
        """Whom agents edited since a cursor."""
        row = await self._database.fetch_one(CHANGES, [cursor, FEED_PAGE])
        assert row is not None
        pairs = zip(row["contacts"] or (), row["portal_ids"] or (), strict=True)
        refs = [Ref(str(contact), portal_id) for contact, portal_id in pairs]
        return refs, row["cursor"] if refs or cursor is None else cursor

    def verify(self, _headers: Mapping[str, str], _raw: bytes, _url: str, _now: datetime) -> Sequence[Hint]:
        """The built-in CRM sends no webhooks: its feed is read every moment."""
        raise Forged("the built-in CRM sends no webhooks")

    async def erase(self, ref: Ref) -> None:
        """Delete a contact with all that is kept about it, and keep it from coming back."""
        whose = {"customer": ref.customer_id, "contact": uuid_or_none(ref.remote_id)}
        await self._database.fetch_all(ERASE, whose)


def _contact(desired: Desired) -> dict[str, Any]:
    return {
        "portal_id": str(desired.customer_id),
        "number": desired.number,
        "name": desired.name,
        "seq": desired.seq,
        "etag": desired.etag,
        "fields": dict(desired.fields),
        "provenance": {name: provenance(said) for name, said in desired.said.items()},
        "contact_points": parts(desired.contact_points),
        "contact_windows": parts(desired.contact_windows),
        "consents": parts(desired.consents),
        "notes": parts(desired.notes),
        "keys": search_keys(desired.name, desired.number, desired.contact_points),
        "timeline": [_activity(entry) for entry in desired.timeline],
        "timeline_seq": desired.timeline[-1].seq if desired.timeline else 0,
    }


def _activity(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "seq": entry.seq,
        "at": format_moment(entry.at),
        "action": entry.action,
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "via": entry.via,
        "diffs": [
            *({"path": diff.path, "old": diff.old, "new": diff.new} for diff in entry.diffs),
            *({"path": path, "lost": value} for path, value in entry.lost.items()),
        ],
    }


def _outcome(row: Row) -> Outcome:
    if row["outcome"] in REFUSED:
        return Reject(REFUSED[row["outcome"]])
    if row["outcome"] == "conflict":
        return Conflict()
    return Applied(str(row["contact_id"]), str(row["version"]), row["portal_seq"])


def _remote(row: Row) -> Remote:
    return Remote(
        customer_id=row["portal_id"],
        remote_id=str(row["id"]),
        etag=str(row["version"]),
        seq=row["portal_seq"],
        timeline_seq=row["timeline_seq"],
        fields=row["fields"],
        edited_by={name: editor(by) for name, by in row["edited_by"].items()},
        consents={(c["purpose"], c["channel"]): ConsentStatus(c["status"]) for c in row["consents"]},
        copies={name: row[name] for name in COPIES},
    )
