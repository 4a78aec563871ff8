"""HubSpot's words: its errors, its limits, its fields.

- errors: https://developers.hubspot.com/docs/api-reference/error-handling (status, message, category, policyName; in a
  batch, `errors[].context` names the inputs by `ids` or by `objectWriteTraceId`)
- limits: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (headers
  X-HubSpot-RateLimit-Max, -Remaining, -Interval-Milliseconds; the search endpoints send none)
- fields: https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
"""

from collections.abc import Mapping
from typing import Any

from portal.catalogue.model import CrmType
from portal.crm.answers import Answer, CallFailed, phrase
from portal.crm.http import Allowance, Vendor
from portal.crm.inventory import RemoteField
from portal.crm.mapping import Dialect
from portal.crm.port import Ambiguous, Retry
from portal.crm.said import Own

DIALECT = Dialect(choices=CrmType.JOINED, boolean=CrmType.TRUE_FALSE, date=CrmType.DATE, empty="")
"""Every value is a string, and the empty one clears."""

MOST = 100
"""Inputs of a batch."""
ROLLING_PAUSE, DAILY_PAUSE = 10.0, 3600.0


def words(body: Any) -> str:
    """What an error says."""
    return str(body.get("message", "")) if isinstance(body, dict) else ""


def judge(answer: Answer) -> Retry | None:
    """A limit says which one it is, and not always for how long."""
    if answer.status != 429:
        return None
    body = answer.body if isinstance(answer.body, dict) else {}
    usual = DAILY_PAUSE if body.get("policyName") == "DAILY" else ROLLING_PAUSE
    pause = answer.retry_after
    return Retry(phrase(words(body)) or Own.BUSY, usual if pause is None else pause)


def allowance(headers: Mapping[str, str]) -> Allowance:
    """What is left of the calls of these ten seconds."""
    remaining, limit, interval = (
        _number(headers.get(f"x-hubspot-ratelimit-{name}")) for name in ("remaining", "max", "interval-milliseconds")
    )
    return Allowance(remaining, limit, None if interval is None else interval / 1000)


VENDOR = Vendor(words, judge, allowance)


def read_rows(answer: Answer) -> list[Mapping[str, Any]]:
    """The objects that were found.

    Raises:
        CallFailed: the answer does not say; then nobody may take them for missing.
    """
    return _rows(answer, Retry(Own.NO_LIST))


def written_rows(answer: Answer) -> list[Mapping[str, Any]]:
    """The objects that were written.

    Raises:
        CallFailed: the answer does not say.
    """
    return _rows(answer, Ambiguous(Own.NO_LIST))


def _rows(answer: Answer, otherwise: Retry | Ambiguous) -> list[Mapping[str, Any]]:
    found = answer.body.get("results") if isinstance(answer.body, dict) else None
    if not isinstance(found, list):
        raise CallFailed(otherwise, answer)
    return [row for row in found if isinstance(row, dict) and row.get("id")]


def next_page(answer: Answer) -> str | None:
    """Where the next page begins; None if there is none."""
    paging = answer.body.get("paging") if isinstance(answer.body, dict) else None
    following = paging.get("next") if isinstance(paging, dict) else None
    return str(following["after"]) if isinstance(following, dict) and following.get("after") else None


def properties(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """An object's properties."""
    found = row.get("properties")
    return found if isinstance(found, dict) else {}


def failures(body: Any) -> dict[str, str]:
    """Why some inputs of a batch were refused, by what names them."""
    errors = body.get("errors") if isinstance(body, dict) else None
    said: dict[str, str] = {}
    for error in errors if isinstance(errors, list) else []:
        context = error.get("context") if isinstance(error, dict) else None
        for name in ("ids", "id", "objectWriteTraceId"):
            for input in _listed(context.get(name) if isinstance(context, dict) else None):
                said[input] = phrase(words(error)) or Own.REFUSED
    return said


def field(found: Mapping[str, Any], prefix: str = "") -> RemoteField:
    """A property's definition as a field."""
    kind, shown = str(found.get("type")), str(found.get("fieldType"))
    modification = found.get("modificationMetadata")
    read_only = isinstance(modification, dict) and modification.get("readOnlyValue") is True
    options = {str(option.get("value")) for option in found.get("options") or () if isinstance(option, dict)}
    return RemoteField(
        name=f"{prefix}{found.get('name')}",
        kind=f"{kind} ({shown})",
        accepts=_accepts(kind, shown),
        writable=not (read_only or found.get("calculated")),
        options=frozenset() if kind == "bool" else frozenset(options),
        unique=found.get("hasUniqueValue") is True,
    )


def _accepts(kind: str, shown: str) -> frozenset[CrmType]:
    match kind, shown:
        case ("bool", _) | (_, "booleancheckbox"):
            return frozenset({CrmType.TRUE_FALSE})
        case "enumeration", "checkbox":
            return frozenset({CrmType.JOINED, CrmType.TEXT})
        case "enumeration", _:
            return frozenset({CrmType.TEXT, CrmType.TRUE_FALSE})
        case (("date" | "datetime"), _):
            return frozenset({CrmType.DATE, CrmType.MILLISECONDS})
        case "number", _:
            return frozenset({CrmType.MILLISECONDS})
    return frozenset()


def _listed(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and value.isdecimal() else None
