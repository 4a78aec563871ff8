"""Odoo, as far as its documentation and its published source say how it behaves.

- JSON-2: https://www.odoo.com/documentation/19.0/developer/reference/external_api.html and
  addons/rpc/controllers/json2.py: named arguments, a wrong name is 422, no such model or method 404, the bare value
- JSON-RPC: https://www.odoo.com/documentation/18.0/developer/reference/external_api.html: errors with 200
- `load` (odoo/orm/models.py): all rows or none, `ids` or False, and messages with `type`, `message`, `rows`; values are
  texts (odoo/addons/base/models/ir_fields.py); with `mode=update` and `noupdate` in the context, what has such an
  external id already is left alone
- write_date is told in whole seconds
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tests.standins.server import Call, StandIn

KEY, DATABASE, USER, PASSWORD = "6578616d706c65", "crm", "portal", "secret"
TAGS = {11: "text_first", 12: "extra_time", 13: "speak_slowly", 14: "large_print", 15: "in_writing"}
PARTNER: dict[str, dict[str, Any]] = {
    "id": {"type": "integer", "readonly": True}, "name": {"type": "char"}, "email": {"type": "char"},
    "lang": {"type": "selection", "selection": [["en_US", "English (US)"], ["de_DE", "German"]]},
    "x_given_name": {"type": "char"}, "x_family_name": {"type": "char"}, "ref": {"type": "char"},
    "x_pronouns": {"type": "selection", "selection": [["She/Her", "She/Her"], ["he", "He"], ["they", "They"]]},
    "category_id": {"type": "many2many"}, "comment": {"type": "text"}, "x_since": {"type": "date"},
    "x_plan": {"type": "selection", "selection": [["home", "Home"], ["home_plus", "Plus"], ["business", "Business"]]},
    "x_paperless": {"type": "boolean"}, "x_offers_email": {"type": "char"}, "x_summary": {"type": "text"},
    "x_portal_id": {"type": "char"}, "x_portal_seq": {"type": "integer"}, "x_portal_fingerprint": {"type": "char"},
    "phone": {"type": "char"}, "x_mobile": {"type": "char"}, "x_call_me": {"type": "char"},
    "x_pronunciation": {"type": "char"}, "x_time_zone": {"type": "char"}, "x_remark": {"type": "text"},
    "x_offers_phone": {"type": "char"}, "is_company": {"type": "boolean"},
    "active": {"type": "boolean"}, "write_date": {"type": "datetime", "readonly": True},
}  # fmt: skip


class Refused(Exception):
    def __init__(self, name: str, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.name, self.status = name, status


@dataclass
class Odoo(StandIn):
    partners: dict[int, dict[str, Any]] = field(default_factory=dict)
    external: dict[str, int] = field(default_factory=dict)
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    noted: dict[str, int] = field(default_factory=dict)
    """Which message an external id leads to."""
    untellable: set[str] = field(default_factory=set)
    counter: int = 40
    clock: datetime = field(default_factory=lambda: datetime(2026, 3, 1, tzinfo=UTC))

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/json/2/{model}/{method}", self._json2, methods=["POST"]),
            Route("/jsonrpc", self._jsonrpc, methods=["POST"]),
        ]

    def writes_contacts(self, call: Call) -> bool:
        return self._asks(call, "res.partner", "load")

    def writes_messages(self, call: Call) -> bool:
        return self._asks(call, "mail.message", "load")

    def find(self, customer: str) -> dict[str, Any] | None:
        return next((one for one in self.partners.values() if one["x_portal_id"] == customer), None)

    def change(self, id: int | None, values: dict[str, Any]) -> dict[str, Any]:
        """Somebody makes or edits a partner."""
        if id is None:
            self.counter += 1
            id = self.counter
            self.partners[id] = {name: [] if name == "category_id" else False for name in PARTNER}
            self.partners[id] |= {"id": id, "active": True}
        # Each in a second of its own: in real life, the last seconds are not read.
        self.clock += timedelta(seconds=1)
        self.partners[id] |= values | {"write_date": self.clock.strftime("%Y-%m-%d %H:%M:%S")}
        return self.partners[id]

    def merge(self, into: int, away: int) -> None:
        """Somebody merges partners: what refers to the one that goes, refers to the other from now on."""
        del self.partners[away]
        self.external = {name: into if id == away else id for name, id in self.external.items()}

    def _asks(self, call: Call, model: str, method: str) -> bool:
        if call.path == f"/json/2/{model}/{method}":
            return True
        arguments = json.loads(call.body)["params"]["args"] if call.path == "/jsonrpc" else []
        return len(arguments) > 4 and arguments[3:5] == [model, method]

    async def _json2(self, request: Request) -> Response:
        if (
            request.headers.get("authorization") != f"bearer {KEY}"
            or request.headers.get("x-odoo-database") != DATABASE
        ):
            return JSONResponse({"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"}, 401)
        body = await request.json()
        ids, context = body.pop("ids", []), body.pop("context", {})
        try:
            return JSONResponse(
                self._run(request.path_params["model"], request.path_params["method"], ids, context, body)
            )
        except Refused as refusal:
            error = {
                "name": refusal.name,
                "message": str(refusal),
                "arguments": [str(refusal)],
                "context": {},
                "debug": "",
            }
            return JSONResponse(error, refusal.status)

    async def _jsonrpc(self, request: Request) -> Response:
        body = await request.json()
        assert body["jsonrpc"] == "2.0" and body["method"] == "call"
        answer = {"jsonrpc": "2.0", "id": body["id"]}
        params = body["params"]
        if params["service"] == "common":
            known = params["args"][:3] == [DATABASE, USER, PASSWORD]
            return JSONResponse(answer | {"result": 7 if known else False})
        database, uid, password, model, method, positional, named = params["args"]
        try:
            if [database, uid, password] != [DATABASE, 7, PASSWORD]:
                raise Refused("odoo.exceptions.AccessDenied", "Access Denied")
            ids = positional[0] if positional else []
            return JSONResponse(answer | {"result": self._run(model, method, ids, named.pop("context", {}), named)})
        except Refused as refusal:
            data = {"name": refusal.name, "message": str(refusal), "arguments": [str(refusal)], "debug": "Traceback"}
            return JSONResponse(answer | {"error": {"code": 200, "message": "Odoo Server Error", "data": data}})

    def _run(self, model: str, method: str, ids: list[int], context: Any, named: dict[str, Any]) -> Any:
        methods: dict[tuple[str, str], Callable[..., Any]] = {
            ("res.partner", "load"): self._load,
            ("res.partner", "search_read"): lambda **how: self._search(self.partners.values(), context, **how),
            ("res.partner", "unlink"): lambda: self.delete(ids),
            ("res.partner", "fields_get"): lambda attributes: PARTNER,
            ("ir.model.data", "search_read"): lambda **how: self._search(self._external_ids(), {}, **how),
            ("mail.message", "search_read"): lambda **how: self._search(self.messages.values(), {}, **how),
            ("mail.message", "load"): lambda **rows: self._load_messages(context, **rows),
        }
        if (model, method) not in methods:
            raise Refused("werkzeug.exceptions.NotFound", f"the model {model!r} has no method {method!r}", 404)
        try:
            return methods[model, method](**named)
        except TypeError as error:
            raise Refused("werkzeug.exceptions.UnprocessableEntity", str(error)) from None

    def _search(
        self, rows: Iterable[dict[str, Any]], context: Any, *, domain: list[Any], fields: list[str], order: str = "id",
        limit: int | None = None, offset: int = 0,
    ) -> list[dict[str, Any]]:  # fmt: skip
        every = context.get("active_test") is False
        found = [row for row in rows if (every or row.get("active", True)) and all(_fits(row, one) for one in domain)]
        found.sort(key=lambda row: [row[name.strip()] for name in order.split(",")])
        wanted = found[offset : offset + limit if limit else None]
        if unknown := [name for name in fields for row in wanted[:1] if name not in row]:
            raise Refused("builtins.ValueError", f"Invalid field '{unknown[0]}' on model 'res.partner'")
        return [{"id": row["id"], **{name: row[name] for name in fields}} for row in wanted]

    def _load(self, *, fields: list[str], data: list[list[Any]]) -> Any:
        rows = [dict(zip(fields, row, strict=True)) for row in data]
        problems = [(number, self._unknown(row) or _problem(row)) for number, row in enumerate(rows)]
        messages = [
            {"type": "error", "message": why, "rows": {"from": number, "to": number}, "record": number}
            for number, why in problems
            if why
        ]
        if messages:
            return {"ids": False, "messages": messages, "nextrow": 0}
        return {"ids": [self._load_one(row) for row in rows], "messages": [], "nextrow": 0}

    def _unknown(self, row: dict[str, Any]) -> str | None:
        there = row.get(".id", "")
        return (
            f"Unknown database identifier '{there}'" if there.isdecimal() and int(there) not in self.partners else None
        )

    def _load_one(self, row: dict[str, str]) -> int:
        known = int(row.pop(".id")) if ".id" in row else self.external.get(row["id"])
        name = row.pop("id", None)
        made = self.change(known, {column.removesuffix("/.id"): _value(column, text) for column, text in row.items()})
        if name:
            self.external[name] = made["id"]
        return int(made["id"])

    def delete(self, ids: list[int]) -> bool:
        """Somebody deletes partners: their messages and external ids go with them."""
        for id in ids:
            if self.partners.pop(id, None) is None:
                raise Refused("odoo.exceptions.MissingError", "Record does not exist or has been deleted.", 404)
        self.external = {name: id for name, id in self.external.items() if id not in ids}
        self.messages = {key: one for key, one in self.messages.items() if one["res_id"] not in ids}
        self.noted = {name: id for name, id in self.noted.items() if id in self.messages}
        return True

    def _external_ids(self) -> list[dict[str, Any]]:
        named = [(full.partition("."), id) for full, id in self.external.items()]
        return [
            {"id": number, "module": parts[0], "model": "res.partner", "name": parts[2], "res_id": id}
            for number, (parts, id) in enumerate(named, 1)
        ]

    def _load_messages(self, context: Any, *, fields: list[str], data: list[list[Any]]) -> Any:
        rows = [dict(zip(fields, row, strict=True)) for row in data]
        wrong = [number for number, row in enumerate(rows) if row["message_id"] in self._untellable()]
        if wrong or not all(isinstance(text, str) for row in data for text in row):
            said = {"type": "error", "message": "No message for this partner"}
            messages = [said | {"rows": {"from": number, "to": number}, "record": number} for number in wrong]
            return {"ids": False, "messages": messages, "nextrow": 0}
        return {"ids": [self._load_message(row, context) for row in rows], "messages": [], "nextrow": 0}

    def _load_message(self, row: dict[str, str], context: Any) -> int:
        """By its external id: made once. What is there is left alone where the context says so; otherwise it would be
        changed, which only administrators may."""
        name = row.pop("id")
        if name in self.noted:
            if (context.get("mode"), context.get("noupdate")) != ("update", True):
                raise Refused(
                    "odoo.exceptions.AccessError", "Only administrators can modify 'model' and 'res_id' fields."
                )
            return self.noted[name]
        assert context["tz"] == "UTC", "times are read in the time zone of the context"
        self.counter += 1
        values = {**row, "res_id": int(row["res_id"]), "is_internal": row["is_internal"] == "1"}
        self.messages[self.counter] = {"id": self.counter, **values}
        self.noted[name] = self.counter
        return self.counter

    def _untellable(self) -> set[str]:
        return {f"<{entry.replace('/', '.')}@customer-portal>" for entry in self.untellable}


def _problem(row: dict[str, Any]) -> str | None:
    if ".id" in row and not str(row[".id"]).isdecimal():
        return "No matching record found for database id"
    if "id" in row and not row.get("name"):
        return "Missing required value for the field 'Name' (name)"
    for column, text in row.items():
        name = column.removesuffix("/.id")
        known: dict[str, Any] | None = PARTNER.get(name) if column not in ("id", ".id") else {"type": "char"}
        if known is None:
            return f"No field {name} in model"
        if not isinstance(text, str):
            return f"{text!r} is no text"
        if text and known["type"] == "selection" and text not in [value for value, _label in known["selection"]]:
            return f"Value '{text}' not found in selection field '{name}'"
        if text and known["type"] == "date" and not _is_date(text):
            return f"'{text}' does not seem to be a valid date for field '{name}'"
        if text and column.endswith("/.id") and set(text.split(",")) - {str(id) for id in TAGS}:
            return f"No matching record found for database id in field '{name}'"
    return None


def _value(column: str, text: str) -> Any:
    kind = PARTNER[column.removesuffix("/.id")]["type"]
    if column.endswith("/.id"):
        return [int(id) for id in text.split(",")] if text else []
    if kind == "boolean":
        return text.lower() in ("1", "true", "yes")
    return int(text) if kind == "integer" and text else text or False


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _fits(row: dict[str, Any], one: list[Any]) -> bool:
    name, operator, wanted = one
    value = row[name]
    match operator:
        case "in":
            return value in wanted
        case "=":
            return bool(value == wanted)
        case "!=":
            return bool(value != wanted)
        case ">":
            return bool(value > wanted)
        case ">=":
            return bool(value >= wanted)
        case "<":
            return bool(value < wanted)
    raise Refused("builtins.ValueError", f"Invalid operator {operator}")
