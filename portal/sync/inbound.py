"""What was changed in a CRM comes into the record by the only way to write one, with the CRM's user as the actor."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from uuid import UUID, uuid5

from portal import clock
from portal.audit.entry import Actor, ActorKind, Entry, Evidence, unseal
from portal.audit.values import Value, format_moment
from portal.catalogue.check import problems
from portal.catalogue.model import Catalogue
from portal.crm.port import Remote
from portal.errors import Forbidden, Invalid, PortalError
from portal.mail import address_mail
from portal.record.change import SINCE, Changed, Conflicted, Intention, change
from portal.record.job import Job, Jobs
from portal.record.models import Record
from portal.sync.current import Current
from portal.sync.line import Line
from portal.sync.merge import Merge

REQUESTS = UUID("7c9a3f52-6d0e-4b7b-9b1c-9e1d6f1f2a10")
"""The namespace of inbound changes: what is brought in twice is one change record."""


NOT_KEPT = "not_kept/"
"""Before the path, in the evidence of a change: what somebody put into the CRM there and does not stand."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of it.

    Attributes:
        changed: change records were written.
        again: somebody changed the same fields meanwhile; compare anew.
        problems: by path, why a value cannot be kept; nothing was written there.
    """

    changed: bool = False
    again: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Origin:
    """Who changed something in the CRM, and what kind of change that is here."""

    action: str
    actor: Actor
    name: str | None


@dataclass(slots=True)
class _Edit:
    """What one of them did: values that now stand, and values that do not."""

    values: dict[str, Value] = field(default_factory=dict)
    lost: dict[str, Value] = field(default_factory=dict)


async def insisted(line: Line, current: Current, lost: Mapping[str, Value]) -> frozenset[str]:
    """Where the CRM has been overruled so often with the same word, without a new one of ours, that saying so once more
    helps nobody: it cannot keep what we say, or does not want to. Consents are never left to differ."""
    paths = [path for path in lost if not path.startswith("consents/")]
    after = max(current.record.seq - FARTHEST_BACK, 0)
    rows = await line.store.database.fetch_all(SINCE, [current.record.id, after], retry=True) if paths else []
    entries = [unseal(bytes(row["entry"]), current.key) for row in rows]
    return frozenset(path for path in paths if _overruled(entries, path, _text(lost[path])) >= OFTEN)


def _overruled(newest_first: Sequence[Entry], path: str, text: str) -> int:
    """How often this word was, since we said something else there."""
    since = takewhile(lambda entry: all(diff.path != path for diff in entry.diffs), newest_first)
    return sum(entry.evidence.personal.get(NOT_KEPT + path) == text for entry in since)


OFTEN = 3
FARTHEST_BACK = 100
"""How many changes ago is looked for it."""


async def take(line: Line, current: Current, remote: Remote, merged: Merge) -> Taken:
    """Write what the merge takes from the CRM: one change record for each of its users."""
    found = {path: why[0] for path, why in problems(line.store.catalogue, merged.take).items()}
    wanted = {path: value for path, value in merged.take.items() if path not in found}
    changed = False
    for origin, edit in _by_origin(line, remote, merged, wanted).items():
        intention = Intention(
            action=origin.action,
            actor=origin.actor,
            request=_request(line, remote, origin, edit),
            seen=current.record.seq,
            evidence=_evidence(line, remote, origin, edit),
            # An agent's word that does not stand is nowhere else: the log keeps both.
            notable=bool(edit.lost),
            jobs=_letters(edit.values),
        )
        try:
            outcome = await change(line.store, current.record.id, intention, edit.values)
        except (Forbidden, Invalid) as error:
            why = error.errors if isinstance(error, Invalid) else {path: [error.message] for path in edit.values}
            found |= {path: "; ".join(why.get(path, [error.message])) for path in edit.values}
            continue
        except PortalError:
            return Taken(changed, again=True)
        if isinstance(outcome, Conflicted):
            return Taken(changed, again=True)
        changed = changed or isinstance(outcome, Changed)
    return Taken(changed, problems=found)


def _by_origin(line: Line, remote: Remote, merged: Merge, wanted: Mapping[str, Value]) -> dict[_Origin, _Edit]:
    edits: dict[_Origin, _Edit] = {}
    for path, value in wanted.items():
        edit = edits.setdefault(_origin(line, remote, merged, path), _Edit())
        edit.values |= _consent(line, path, value) if path.startswith("consents/") else {path: value}
    for path, value in merged.lost.items():
        edits.setdefault(_origin(line, remote, merged, path), _Edit()).lost[path] = value
    return edits


def _origin(line: Line, remote: Remote, merged: Merge, path: str) -> _Origin:
    """The agent who edited; the system where the CRM does not say who, or somebody did what agents here may not."""
    action = _ACTIONS[path.partition("/")[0]]
    name = merged.fields.get(path) or line.names.get(path.removeprefix("profile/"), "")
    editor = remote.edited_by.get(name)
    if editor is None:
        return _Origin(action, Actor(ActorKind.SYSTEM, line.name, line.via), None)
    may = line.store.catalogue.may_change(ActorKind.AGENT, path)
    return _Origin(action, Actor(ActorKind.AGENT if may else ActorKind.SYSTEM, editor.id, line.via), editor.name)


_ACTIONS = {"profile": "profile:merged", "consents": "consent:changed", "contact_points": "contact_point:merged"}


def _letters(values: Mapping[str, Value]) -> Jobs:
    """To each e-mail address that somebody in the CRM has replaced by another one: as when a customer does so."""
    corrected = [path.split("/") for path in values if path.startswith("contact_points/") and path.endswith("/value")]

    def jobs(record: Record) -> Iterable[Job]:
        for _collection, id, _value in corrected:
            yield from address_mail(UUID(id), becomes=str(values[f"contact_points/{id}/value"]))(record)

    return jobs


def _consent(line: Line, path: str, status: Value) -> dict[str, Value]:
    """A consent that the CRM tells of, with all that the record wants to know about one."""
    prefix = path.rsplit("/", 1)[0]
    _, purpose, _ = prefix.split("/")
    catalogue: Catalogue = line.store.catalogue
    known = catalogue.purposes[purpose]
    now = format_moment(clock.now())
    return {
        path: status,
        f"{prefix}/capture_date": now,
        f"{prefix}/capture_source": line.via,
        f"{prefix}/effective_from": now,
        f"{prefix}/effective_to": None,
        f"{prefix}/lawful_basis": known.lawful_basis.value,
        f"{prefix}/notice": known.notice,
        f"{prefix}/notice_version": catalogue.notices[known.notice].version,
    }


def _request(line: Line, remote: Remote, origin: _Origin, edit: _Edit) -> UUID:
    there = [line.name, remote.remote_id, remote.etag, remote.seq, origin.actor.id]
    return uuid5(REQUESTS, json.dumps([there, sorted(edit.values), sorted(edit.lost)]))


def _evidence(line: Line, remote: Remote, origin: _Origin, edit: _Edit) -> Evidence:
    """Which edit it was; and, for eyes that may see the record, who made it and what of it did not stand."""
    personal = {NOT_KEPT + path: _text(value) for path, value in edit.lost.items()}
    if origin.name:
        personal["editor"] = origin.name
    return Evidence({"crm": line.name, "crm_version": remote.etag or ""}, personal)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
