"""HubSpot, as far as its documentation says how it behaves.

- batch read and upsert, 100 inputs; results in no promised order; what was not found or refused is told in `errors`
  with 207, by `context.ids` and `context.objectWriteTraceId`:
  https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/contacts/batch/upsert-contacts and
  https://developers.hubspot.com/docs/api-reference/error-handling
- every property value is a string; a property that does not exist, or a value that does not fit, is a VALIDATION_ERROR:
  https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
- search: at most 200 a page, sorted by one property: https://developers.hubspot.com/docs/api-reference/search/guide
- limits: 429 with policyName, headers of what is left, which the search does not send:
  https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
- a merge makes a new contact with a new id and the primary one's values, and either old id gives it:
  https://developers.hubspot.com/changelog/updated-merge-functionality-for-contacts-and-companies
- GDPR deletion: 204: https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/contacts/gdpr/gdpr-delete-contact
- associating by default: https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tests.standins.server import Call, StandIn

TOKEN = "pat-eu1-0000"
MOST = 100


def text(name: str, *, unique: bool = False, kind: str = "string", shown: str = "text") -> dict[str, Any]:
    own = {"name": name, "type": kind, "fieldType": shown, "hasUniqueValue": unique}
    return own | {"options": [], "calculated": False, "modificationMetadata": {"readOnlyValue": False}}


def options(name: str, *values: str, shown: str = "select") -> dict[str, Any]:
    listed = [{"value": value, "label": value.title()} for value in values]
    return text(name, kind="enumeration", shown=shown) | {"options": listed}


READ_ONLY = {"modificationMetadata": {"readOnlyValue": True}}
CONTACT = {
    one["name"]: one
    for one in (
        text("firstname"), text("lastname"), text("email", unique=True), options("hs_language", "en", "de"),
        options("pronouns", "She/Her", "he", "they"), text("good_to_know", shown="textarea"),
        options("helps", "text_first", "extra_time", "speak_slowly", "large_print", "in_writing", shown="checkbox"),
        options("plan", "home", "home_plus", "business"), text("customer_since", kind="date", shown="date"),
        options("paperless", "true", "false", shown="booleancheckbox") | {"type": "bool"}, text("offers_email"),
        text("contact_summary", shown="textarea"), text("customer_number", unique=True),
        text("portal_id", unique=True), text("portal_seq", kind="number", shown="number"), text("portal_fingerprint"),
        text("phone", shown="phonenumber"), text("mobilephone", shown="phonenumber"), text("call_me"),
        text("pronunciation"), text("customer_time_zone"), text("internal_remark"), text("offers_phone"),
        text("hs_merged_object_ids") | READ_ONLY, text("lastmodifieddate", kind="datetime", shown="date") | READ_ONLY,
    )
}  # fmt: skip
NOTE = {
    one["name"]: one
    for one in (text("portal_entry_id", unique=True), text("hs_timestamp", kind="datetime"), text("hs_note_body"))
}


@dataclass
class Thing:
    id: str
    properties: dict[str, str]
    modified: datetime


@dataclass
class HubSpot(StandIn):
    contacts: dict[str, Thing] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Thing] = field(default_factory=dict)
    associated: set[tuple[str, str]] = field(default_factory=set)
    untellable: set[str] = field(default_factory=set)
    traces: bool = True
    left: int = 190
    counter: int = 100

    def routes(self) -> list[BaseRoute]:
        crm = "/crm/v3/objects"
        return [
            Route(f"{crm}/contacts/batch/read", self._guarded(self._read), methods=["POST"]),
            Route(f"{crm}/contacts/batch/upsert", self._guarded(self._upsert_contacts), methods=["POST"]),
            Route(f"{crm}/notes/batch/upsert", self._guarded(self._upsert_notes), methods=["POST"]),
            Route("/crm/v4/associations/notes/contacts/batch/associate/default", self._guarded(self._associate),
                  methods=["POST"]),
            Route(f"{crm}/contacts/search", self._guarded(self._search, rate=False), methods=["POST"]),
            Route(f"{crm}/contacts/gdpr-delete", self._guarded(self._forget), methods=["POST"]),
            Route(f"{crm}/contacts", self._guarded(self._list)),
            Route(f"{crm}/contacts/batch/update", self._guarded(self._update), methods=["POST"]),
            Route("/crm/v3/properties/contacts", self._guarded(lambda _body: _found(CONTACT))),
            Route("/crm/v3/properties/notes", self._guarded(lambda _body: _found(NOTE))),
        ]  # fmt: skip

    def writes_contacts(self, call: Call) -> bool:
        return call.path == "/crm/v3/objects/contacts/batch/upsert"

    def writes_notes(self, call: Call) -> bool:
        return call.path == "/crm/v3/objects/notes/batch/upsert"

    def edit(self, id: str, values: dict[str, str]) -> None:
        """A user edits a contact."""
        thing = self.contacts[id]
        thing.properties |= values
        thing.modified = self._now()

    def add(self, values: dict[str, str]) -> str:
        """A user makes a contact."""
        self.counter += 1
        self.contacts[str(self.counter)] = Thing(str(self.counter), dict(values), self._now())
        return str(self.counter)

    def merge(self, primary: str, other: str) -> str:
        """A user merges two contacts into a new one; gives its id."""
        first, second = self.contacts.pop(primary), self.contacts.pop(other)
        kept = {name: value for name, value in first.properties.items() if value}
        id = self.add(second.properties | kept | {"hs_merged_object_ids": f"{primary};{other}"})
        self.merged |= {primary: id, other: id}
        self.associated = {(note, self.merged.get(contact, contact)) for note, contact in self.associated}
        return id

    def find(self, name: str, value: str) -> Thing | None:
        return next((thing for thing in self.contacts.values() if thing.properties.get(name) == value), None)

    def _guarded(self, view: Callable[[Any], Response], *, rate: bool = True) -> Any:
        async def guarded(request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return _error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
            if self.left <= 0:
                limit = {"policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}
                return _error(429, "RATE_LIMITS", "You have reached your ten_secondly_rolling limit.", limit)
            self.left -= 1
            asked = dict(request.query_params) | dict(request.path_params)
            response = view(await request.json() | asked if request.method in ("POST", "PATCH") else asked)
            if rate:
                response.headers["X-HubSpot-RateLimit-Max"] = "190"
                response.headers["X-HubSpot-RateLimit-Remaining"] = str(self.left)
                response.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] = "10000"
            return response

        return guarded

    def _read(self, body: Any) -> Response:
        if len(body["inputs"]) > MOST:
            return _error(400, "VALIDATION_ERROR", f"The batch has more than {MOST} inputs.")
        by = body.get("idProperty")
        if by and not CONTACT.get(by, {}).get("hasUniqueValue"):
            return _error(400, "VALIDATION_ERROR", f"{by} is no unique property")
        found: list[Thing] = []
        missing: list[str] = []
        for wanted in body["inputs"]:
            id = wanted["id"]
            thing = self.find(by, id) if by else self.contacts.get(self.merged.get(id, id))
            if thing:
                found.append(thing)
            else:
                missing.append(wanted["id"])
        shown = [_shown(thing, body["properties"]) for thing in reversed(found)]
        error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some CONTACT objects",
                 "context": {"ids": missing}}  # fmt: skip
        return _batch(shown, [error] if missing else [])

    def _upsert_contacts(self, body: Any) -> Response:
        return self._upsert(body, self.contacts, CONTACT)

    def _upsert_notes(self, body: Any) -> Response:
        return self._upsert(body, self.notes, NOTE)

    def _upsert(self, body: Any, things: dict[str, Thing], definitions: dict[str, Any]) -> Response:
        inputs = body["inputs"]
        if len(inputs) > MOST:
            return _error(400, "VALIDATION_ERROR", f"The batch has more than {MOST} inputs.")
        problems = {one["id"]: _problem(one["properties"], definitions) for one in inputs}
        problems |= {one["id"]: "This note cannot be kept" for one in inputs if one["id"] in self.untellable}
        traced = self.traces and all(one.get("objectWriteTraceId") for one in inputs)
        if any(problems.values()) and not traced:
            return _error(400, "VALIDATION_ERROR", next(filter(None, problems.values())) or "")
        shown, errors = [], []
        for one in inputs:
            if problem := problems[one["id"]]:
                context = {"objectWriteTraceId": [one["objectWriteTraceId"]]}
                errors.append(
                    {"status": "error", "category": "VALIDATION_ERROR", "message": problem, "context": context}
                )
                continue
            assert definitions[one["idProperty"]]["hasUniqueValue"]
            shown.append(_shown(self._keep(one, things), list(definitions)))
        return _batch(shown[::-1], errors)

    def _keep(self, one: Any, things: dict[str, Thing]) -> Thing:
        same = (thing for thing in things.values() if thing.properties.get(one["idProperty"]) == one["id"])
        thing = next(same, None)
        if thing is None:
            self.counter += 1
            thing = things[str(self.counter)] = Thing(str(self.counter), {}, self._now())
        thing.properties |= {one["idProperty"]: one["id"]} | one["properties"]
        thing.modified = self._now()
        return thing

    def _associate(self, body: Any) -> Response:
        for pair in body["inputs"]:
            if pair["from"]["id"] not in self.notes or pair["to"]["id"] not in self.contacts:
                return _error(400, "VALIDATION_ERROR", "One of the objects does not exist.")
            self.associated.add((pair["from"]["id"], pair["to"]["id"]))
        return _batch([], [])

    def _search(self, body: Any) -> Response:
        [group], [sort] = body["filterGroups"], body["sorts"]
        assert sort == {"propertyName": "lastmodifieddate", "direction": "ASCENDING"} and body["limit"] <= 200
        fitting = [one for one in self.contacts.values() if all(_fits(one, wanted) for wanted in group["filters"])]
        fitting.sort(key=lambda one: one.modified)
        start = int(body.get("after", 0))
        page, following = fitting[start : start + body["limit"]], start + body["limit"]
        answer: dict[str, Any] = {"total": len(fitting), "results": [_shown(one, body["properties"]) for one in page]}
        if following < len(fitting):
            answer["paging"] = {"next": {"after": str(following)}}
        return JSONResponse(answer)

    def _list(self, asked: Any) -> Response:
        start, limit = int(asked.get("after", 0)), int(asked["limit"])
        everybody = sorted(self.contacts.values(), key=lambda one: int(one.id))
        page = [_shown(one, asked["properties"].split(",")) for one in everybody[start : start + limit]]
        more = {"paging": {"next": {"after": str(start + limit)}}} if start + limit < len(everybody) else {}
        return JSONResponse({"results": page} | more)

    def _update(self, body: Any) -> Response:
        if len(body["inputs"]) > MOST:
            return _error(400, "VALIDATION_ERROR", f"The batch has more than {MOST} inputs.")
        shown, errors = [], []
        for one in body["inputs"]:
            if problem := self._update_problem(one):
                context = {"objectWriteTraceId": [one["objectWriteTraceId"]]}
                errors.append(
                    {"status": "error", "category": "VALIDATION_ERROR", "message": problem, "context": context}
                )
                continue
            self.edit(one["id"], one["properties"])
            shown.append(_shown(self.contacts[one["id"]], list(CONTACT)))
        return _batch(shown[::-1], errors)

    def _update_problem(self, one: Any) -> str | None:
        if one["id"] not in self.contacts:
            return "Could not get some CONTACT objects"
        taken = self.find("portal_id", one["properties"]["portal_id"])
        if taken and taken.id != one["id"]:
            return "portal_id: the value is used by another contact already"
        return _problem(one["properties"], CONTACT)

    def _forget(self, body: Any) -> Response:
        gone = self.contacts.pop(body["objectId"], None)
        for note in [note for note, contact in self.associated if contact == body["objectId"]]:
            self.notes.pop(note, None)
        return Response(status_code=204) if gone else _error(404, "OBJECT_NOT_FOUND", "No contact with this id.")

    def _now(self) -> datetime:
        """HubSpot tells milliseconds."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _problem(values: dict[str, Any], definitions: dict[str, Any]) -> str | None:
    for name, value in values.items():
        definition = definitions.get(name)
        why = None
        if definition is None:
            why = ("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
        elif not isinstance(value, str):
            why = ("INVALID_TYPE", f"{value!r} is no string")
        elif value and definition["options"]:
            known = {option["value"] for option in definition["options"]}
            chosen = value.split(";") if definition["fieldType"] == "checkbox" else [value]
            if set(chosen) - known:
                why = ("INVALID_OPTION", f"{value} was not one of the allowed options: {sorted(known)}")
        elif value and definition["type"] == "date" and not _is_date(value):
            why = ("INVALID_DATE", f"{value} was not a valid date")
        if why:
            listed = [{"isValid": False, "message": why[1], "error": why[0], "name": name}]
            return f"Property values were not valid: {json.dumps(listed)}"
    return None


def _is_date(value: str) -> bool:
    try:
        datetime.strptime(value, "%Y-%m-%d")
    except ValueError:
        return value.isdecimal() and int(value) % 86_400_000 == 0
    return True


def _fits(thing: Thing, wanted: Any) -> bool:
    match wanted["operator"]:
        case "HAS_PROPERTY":
            return bool(thing.properties.get(wanted["propertyName"]))
        case "BETWEEN":
            assert wanted["propertyName"] == "lastmodifieddate"
            return int(wanted["value"]) <= round(thing.modified.timestamp() * 1000) <= int(wanted["highValue"])
    raise AssertionError(wanted)


def _shown(thing: Thing, names: list[str]) -> dict[str, Any]:
    modified = thing.modified.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    values = {name: thing.properties.get(name) or None for name in names} | {"lastmodifieddate": modified}
    return {"id": thing.id, "properties": values, "updatedAt": modified, "archived": False}


def _batch(results: list[Any], errors: list[Any]) -> Response:
    answer: dict[str, Any] = {"status": "COMPLETE", "results": results}
    return JSONResponse(
        answer | ({"numErrors": len(errors), "errors": errors} if errors else {}), 207 if errors else 200
    )


def _found(definitions: dict[str, Any]) -> Response:
    return JSONResponse({"results": list(definitions.values())})


def _error(status: int, category: str, message: str, more: dict[str, Any] | None = None) -> Response:
    error = {"status": "error", "message": message, "category": category, "correlationId": "b0f8c3c4"}
    return JSONResponse(error | (more or {}), status)
