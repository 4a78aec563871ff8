"""Salesforce, as far as its documentation says how it behaves.

- collections upserted by an external id, 200 records, results in order, 200 OK even if rows failed, and a row's errors
  with statusCode: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-upsert.html
- a request's errors as a list of errorCode and message; 401 INVALID_SESSION_ID; 403 REQUEST_LIMIT_EXCEEDED:
  https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html
- Sforce-Limit-Info: https://developer.salesforce.com/docs/platform/api-rest/guide/headers-limit-info.html
- query, queryAll: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-queryall.html
- client credentials: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tests.standins.server import Call, StandIn
from tests.standins.soql import parse

CLIENT_ID, CLIENT_SECRET = "3MVG9-portal", "8A4BE698"
DATA = "/services/data/v62.0"
MOST = 200


def a_field(name: str, type: str = "string", *options: str, external: bool = False, **more: Any) -> dict[str, Any]:
    listed = [{"value": value, "active": True} for value in options]
    own = {"name": name, "type": type, "createable": True, "updateable": True, "nillable": True}
    own |= {"externalId": external, "unique": external}
    return own | {"picklistValues": listed, "restrictedPicklist": bool(options), **more}


READ_ONLY: dict[str, Any] = {"createable": False, "updateable": False}
FIELDS = {
    "Contact": [
        a_field("Id", "id", **READ_ONLY), a_field("FirstName"), a_field("LastName", nillable=False),
        a_field("Email", "email"), a_field("Language__c", "picklist", "en", "de"),
        a_field("Pronouns__c", "picklist", "She/Her", "he", "they"), a_field("Good_to_know__c", "textarea"),
        a_field("Helps__c", "multipicklist",
                "text_first", "extra_time", "speak_slowly", "large_print", "in_writing"),
        a_field("Plan__c", "picklist", "home", "home_plus", "business"), a_field("Since__c", "date"),
        a_field("Paperless__c", "boolean", nillable=False), a_field("Offers_by_email__c"),
        a_field("HasOptedOutOfEmail", "boolean", nillable=False), a_field("Summary__c", "textarea"),
        a_field("Phone", "phone"), a_field("MobilePhone", "phone"), a_field("DoNotCall", "boolean", nillable=False),
        a_field("Call_me__c"), a_field("Pronunciation__c"), a_field("Time_zone__c"),
        a_field("Internal_remark__c", "textarea"),
        a_field("Number__c"), a_field("Portal_Id__c", external=True), a_field("Portal_Seq__c", "double"),
        a_field("Portal_Fingerprint__c"), a_field("SystemModstamp", "datetime", **READ_ONLY),
        a_field("IsDeleted", "boolean", **READ_ONLY), a_field("MasterRecordId", "reference", **READ_ONLY),
    ],
    "Task": [
        a_field("Id", "id", **READ_ONLY), a_field("Portal_Entry_Id__c", external=True), a_field("WhoId", "reference"),
        a_field("Subject"), a_field("Description", "textarea"), a_field("Status", "picklist"),
        a_field("ActivityDate", "date"), a_field("IsDeleted", "boolean", **READ_ONLY),
    ],
}  # fmt: skip


@dataclass
class Salesforce(StandIn):
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {"Contact": {}, "Task": {}})
    untellable: set[str] = field(default_factory=set)
    undeletable: set[str] = field(default_factory=set)
    """Tasks, by their subject, that a rule of the company keeps."""
    token: str = "00D-first"
    used: int = 18
    counter: int = 0

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/services/oauth2/token", self._log_in, methods=["POST"]),
            Route(f"{DATA}/query", self._query),
            Route(f"{DATA}/queryAll", self._query),
            Route(f"{DATA}/composite/sobjects", self._delete_many, methods=["DELETE"]),
            Route(f"{DATA}/composite/sobjects", self._update_many, methods=["PATCH"]),
            Route(f"{DATA}/composite/sobjects/{{object}}/{{key}}", self._upsert, methods=["PATCH"]),
            Route(f"{DATA}/sobjects/{{object}}/describe", self._describe),
            Route(f"{DATA}/sobjects/{{object}}/{{id}}", self._delete, methods=["DELETE"]),
        ]

    def writes_contacts(self, call: Call) -> bool:
        return call.path == f"{DATA}/composite/sobjects/Contact/Portal_Id__c"

    def writes_tasks(self, call: Call) -> bool:
        return call.path == f"{DATA}/composite/sobjects/Task/Portal_Entry_Id__c"

    def find(self, customer: str) -> dict[str, Any] | None:
        found = (r for r in self.rows["Contact"].values() if r.get("Portal_Id__c") == customer and not r["IsDeleted"])
        return next(found, None)

    def change(self, object: str, id: str | None, values: dict[str, Any]) -> dict[str, Any]:
        """A user makes or edits something."""
        if id is None:
            self.counter += 1
            id = f"003{self.counter:012}AAA"
            empty = {one["name"]: False if one["type"] == "boolean" else None for one in FIELDS[object]}
            self.rows[object][id] = empty | {"Id": id, "IsDeleted": False}
        row = self.rows[object][id]
        row |= {name: None if value == "" else value for name, value in values.items() if name != "attributes"}
        row["SystemModstamp"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z"
        return row

    def merge(self, master: str, away: str) -> None:
        """A user merges a contact into another one."""
        self.change("Contact", away, {"IsDeleted": True, "MasterRecordId": master})

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _errors(401, "INVALID_SESSION_ID", "Session expired or invalid")
        self.used += 1
        if self.used > 5_000:
            return _errors(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        return None

    async def _log_in(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        wanted = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        if form != wanted:
            error = {"error": "invalid_client", "error_description": "invalid client credentials"}
            return JSONResponse(error, 400)
        return JSONResponse({"access_token": self.token, "token_type": "Bearer", "instance_url": "https://elsewhere"})

    async def _query(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        if len(request.url.query) > 16_000:
            return Response(status_code=414)
        try:
            query = parse(request.query_params["q"])
        except ValueError as why:
            return _errors(400, "MALFORMED_QUERY", str(why))
        known = {one["name"] for one in FIELDS[query.object]}
        if unknown := [name for name in query.fields if name not in known]:
            return _errors(400, "INVALID_FIELD", f"No such column '{unknown[0]}' on entity '{query.object}'.")
        every = request.url.path.endswith("queryAll")
        rows = query.run(row for row in self.rows[query.object].values() if every or not row["IsDeleted"])
        return self._said({"totalSize": len(rows), "done": True, "records": rows})

    async def _upsert(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        object, key = request.path_params["object"], request.path_params["key"]
        body = await request.json()
        if len(body["records"]) > MOST:
            return _errors(400, "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS", f"more than {MOST} records")
        assert all(one["attributes"]["type"] == object and "Id" not in one for one in body["records"])
        return self._said([self._upsert_one(object, key, one) for one in body["records"]])

    def _upsert_one(self, object: str, key: str, values: dict[str, Any]) -> dict[str, Any]:
        same = (row for row in self.rows[object].values() if row.get(key) == values[key] and not row["IsDeleted"])
        there = next(same, None)
        problem = _problem(object, values, new=there is None)
        if values.get("Portal_Entry_Id__c") in self.untellable:
            problem = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No tasks for this contact", "WhoId")
        if problem:
            code, message, name = problem
            errors = [{"statusCode": code, "message": message, "fields": [name]}]
            return {"success": False, "errors": errors}
        row = self.change(object, there["Id"] if there else None, values)
        return {"id": row["Id"], "success": True, "errors": [], "created": there is None}

    async def _delete(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        row = self.rows[request.path_params["object"]].get(request.path_params["id"])
        if row is None or row["IsDeleted"]:
            return _errors(404, "ENTITY_IS_DELETED", "entity is deleted")
        self.change(request.path_params["object"], row["Id"], {"IsDeleted": True})
        return Response(status_code=204)

    async def _update_many(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        body = await request.json()
        if len(body["records"]) > MOST:
            return _errors(400, "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS", f"more than {MOST} records")
        return self._said([self._update_one(one) for one in body["records"]])

    def _update_one(self, values: dict[str, Any]) -> dict[str, Any]:
        object, id = values["attributes"]["type"], values["id"]
        said = {name: value for name, value in values.items() if name not in ("attributes", "id")}
        there = self.find(said["Portal_Id__c"])
        if id not in self.rows[object] or self.rows[object][id]["IsDeleted"]:
            problem = ("ENTITY_IS_DELETED", "entity is deleted", "Id")
        elif there and there["Id"] != id:
            problem = ("DUPLICATE_VALUE", "duplicate value found: Portal_Id__c", "Portal_Id__c")
        else:
            problem = _problem(object, said, new=False) or ("", "", "")
        if problem[0]:
            return {"success": False, "errors": [{"statusCode": problem[0], "message": problem[1], "fields": []}]}
        self.change(object, id, said)
        return {"id": id, "success": True, "errors": []}

    async def _delete_many(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        ids = request.query_params["ids"].split(",")
        return self._said([self._delete_one(id) for id in ids])

    def _delete_one(self, id: str) -> dict[str, Any]:
        if self.rows["Task"][id]["Subject"] in self.undeletable:
            errors = [{"statusCode": "DELETE_FAILED", "message": "this task is kept for ten years", "fields": []}]
            return {"id": id, "success": False, "errors": errors}
        self.change("Task", id, {"IsDeleted": True})
        return {"id": id, "success": True, "errors": []}

    async def _describe(self, request: Request) -> Response:
        return self._refused(request) or self._said({"fields": FIELDS[request.path_params["object"]]})

    def _said(self, body: Any) -> Response:
        return JSONResponse(body, headers={"Sforce-Limit-Info": f"api-usage={self.used}/5000"})


def _problem(object: str, values: dict[str, Any], *, new: bool) -> tuple[str, str, str] | None:
    fields = {one["name"]: one for one in FIELDS[object]}
    for name, value in values.items():
        known = fields.get(name)
        if name == "attributes":
            continue
        if known is None or not known["createable"]:
            return "INVALID_FIELD", f"No such column '{name}' on sobject of type {object}", name
        if value is None:
            if not known["nillable"]:
                return "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", name
            continue
        options = {one["value"] for one in known["picklistValues"]}
        chosen = str(value).split(";") if known["type"] == "multipicklist" else [value]
        if options and set(chosen) - options:
            why = f"{known['name']}: bad value for restricted picklist field: {value}"
            return "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", why, name
        if known["type"] == "boolean" and not isinstance(value, bool):
            return "JSON_PARSER_ERROR", f"Cannot deserialize instance of boolean from {value!r}", name
        if known["type"] == "date" and not _is_date(value):
            return "JSON_PARSER_ERROR", f"Cannot deserialize instance of date from {value!r}", name
        if name == "Subject" and len(value) > 255:
            return "STRING_TOO_LONG", "Subject: data value too large", name
    return ("REQUIRED_FIELD_MISSING", "[LastName]", "LastName") if _lacks_name(object, values, new) else None


def _lacks_name(object: str, values: dict[str, Any], new: bool) -> bool:
    return object == "Contact" and new and not values.get("LastName")


def _is_date(value: Any) -> bool:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _errors(status: int, code: str, message: str) -> Response:
    return JSONResponse([{"errorCode": code, "message": message}], status)
