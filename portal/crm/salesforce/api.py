"""Salesforce's words: its errors, its limits, its fields, its query language.

- errors: https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html: a request's is a list of
  `errorCode` and `message`; a row's in a collection has `statusCode`. Out of quota is 403 REQUEST_LIMIT_EXCEEDED,
  without Retry-After.
- limits: https://developer.salesforce.com/docs/platform/api-rest/guide/headers-limit-info.html:
  `Sforce-Limit-Info: api-usage=18/5000`, counted over 24 hours.
- fields: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-describe.html
- SOQL: https://developer.salesforce.com/docs/platform/soql-sosl/guide/sforce-api-calls-soql-select-quotedstringescapes.html
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from portal.catalogue.model import CrmType
from portal.crm.answers import Answer, phrase
from portal.crm.http import Allowance, Vendor
from portal.crm.inventory import RemoteField
from portal.crm.mapping import Dialect
from portal.crm.port import Reject, Retry
from portal.crm.said import Own

VERSION = "v62.0"
DATA = f"/services/data/{VERSION}"
MOST = 200
"""Records of a collection."""
QUOTA_PAUSE = 900.0
FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
RECORD_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")

PASSING = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "REQUEST_RUNNING_TOO_LONG"})
"""Errors that say nothing about what was to be written."""

DIALECT = Dialect(choices=CrmType.JOINED, boolean=CrmType.BOOLEAN, date=CrmType.DATE, booleans_can_be_empty=False)


def words(body: Any) -> str:
    """What an error of a request says; one of a login is an object."""
    if isinstance(body, dict):
        return str(body.get("error_description") or body.get("error") or body.get("message") or "")
    errors = [one for one in body if isinstance(one, dict)] if isinstance(body, list) else []
    return "; ".join(f"{one.get('errorCode')}: {one.get('message')}" for one in errors)


def judge(answer: Answer) -> Retry | None:
    """Out of quota, or a lock that somebody else holds: nothing was written."""
    errors = answer.body if isinstance(answer.body, list) else []
    codes = {str(error.get("errorCode")) for error in errors if isinstance(error, dict)}
    if not codes & PASSING:
        return None
    quota = QUOTA_PAUSE if "REQUEST_LIMIT_EXCEEDED" in codes else None
    return Retry(phrase(words(answer.body)), answer.retry_after or quota)


def allowance(headers: Mapping[str, str]) -> Allowance:
    """What is left of a day's calls, which are counted over the last 24 hours and so never start over."""
    found = re.search(r"(?<![-\w])api-usage=(\d+)/(\d+)", headers.get("sforce-limit-info", ""))
    if not found:
        return Allowance()
    used, limit = int(found[1]), int(found[2])
    return Allowance(max(limit - used, 0), limit)


VENDOR = Vendor(words, judge, allowance)


def row_failure(row: Mapping[str, Any]) -> Retry | Reject:
    """Why a row of a collection was not written."""
    errors = [error for error in row.get("errors") or () if isinstance(error, dict)]
    said = phrase("; ".join(f"{one.get('statusCode')}: {one.get('message')}" for one in errors)) or Own.REFUSED
    codes = {str(error.get("statusCode")) for error in errors}
    return Retry(said) if codes & PASSING else Reject(said)


def quoted(values: Iterable[str]) -> str:
    """Texts as SOQL writes a list of them."""
    escaped = (value.replace("\\", "\\\\").replace("'", "\\'") for value in values)
    return ", ".join(f"'{value}'" for value in escaped)


def moment(at: datetime) -> str:
    """A time as SOQL writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def field(found: Mapping[str, Any], prefix: str = "") -> RemoteField:
    """A field's description."""
    kind = str(found.get("type"))
    listed = found.get("picklistValues") if found.get("restrictedPicklist") else None
    options = {str(one.get("value")) for one in listed or () if isinstance(one, dict) and one.get("active", True)}
    return RemoteField(
        name=f"{prefix}{found.get('name')}",
        kind=kind,
        accepts=_ACCEPTS.get(kind, frozenset()),
        writable=bool(found.get("createable") and found.get("updateable")),
        options=frozenset(options),
        unique=bool(found.get("externalId") and found.get("unique")),
    )


_WORDS = frozenset({CrmType.TEXT, CrmType.TRUE_FALSE})
_ACCEPTS: Mapping[str, frozenset[CrmType]] = {
    "boolean": frozenset({CrmType.BOOLEAN}),
    "date": frozenset({CrmType.DATE}),
    "multipicklist": frozenset({CrmType.JOINED, CrmType.TEXT}),
    "picklist": _WORDS,
    "email": frozenset({CrmType.TEXT}),
    "phone": frozenset({CrmType.TEXT, CrmType.INTERNATIONAL}),
    "double": frozenset({CrmType.MILLISECONDS}),
}
"""Every other type is text, which takes whatever is text."""
