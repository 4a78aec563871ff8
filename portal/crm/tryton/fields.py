"""The fields of a party: their types, and their values as Tryton's protocol writes them.

Languages are records (`ir.lang`) and known by their code.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from portal.catalogue.model import CrmType
from portal.crm.answers import CallFailed
from portal.crm.inventory import RemoteField
from portal.crm.port import Reject
from portal.crm.said import Own
from portal.crm.tryton.rpc import Rpc

LANGUAGES = "ir.lang"
_ACCEPTS: Mapping[str, frozenset[CrmType]] = {
    "boolean": frozenset({CrmType.BOOLEAN}),
    "date": frozenset({CrmType.DATE}),
    "multiselection": frozenset({CrmType.LIST}),
    "selection": frozenset({CrmType.TEXT, CrmType.TRUE_FALSE}),
    "integer": frozenset({CrmType.MILLISECONDS}),
    "many2one": frozenset({CrmType.TEXT}),
}
"""Every other type is text, which takes whatever is text."""


class Fields:
    """What is known of the fields that are written; asked for once."""

    def __init__(self, rpc: Rpc, names: list[str]) -> None:
        self._rpc, self._names = rpc, names
        self._languages: set[str] = set()
        self._ids: dict[str, int] = {}

    async def load(self) -> None:
        """Ask which fields are languages, and what the languages' numbers are."""
        if self._ids:
            return
        described = await self._rpc.call("party.party.fields_get", self._names, {})
        self._languages = {name for name, one in described.items() if one.get("relation") == LANGUAGES}
        found = await self._rpc.call(f"{LANGUAGES}.search_read", [], 0, None, None, ["code"], {"active_test": False})
        self._ids = {str(row["code"]): int(row["id"]) for row in found}

    def to_tryton(self, name: str, value: Any) -> Any:
        """A field's value as the protocol writes it.

        Raises:
            CallFailed: Tryton does not know this language, and would only say that something is not as assumed.
        """
        if name not in self._languages or value is None:
            return value
        if str(value) not in self._ids:
            raise CallFailed(Reject(Own.NO_LANGUAGE.of(language=repr(str(value)))))
        return self._ids[str(value)]

    def from_tryton(self, name: str, value: Any) -> Any:
        """The inverse."""
        if name in self._languages and value is not None:
            return next((code for code, id in self._ids.items() if id == value), str(value))
        if isinstance(value, dict) and value.get("__class__") == "date":
            return date(int(value["year"]), int(value["month"]), int(value["day"])).isoformat()
        return value


def as_date(day: str) -> dict[str, Any]:
    """A day as the protocol writes it."""
    on = date.fromisoformat(day)
    return {"__class__": "date", "year": on.year, "month": on.month, "day": on.day}


def describe(name: str, found: Mapping[str, Any]) -> RemoteField:
    """A field's description."""
    kind = str(found.get("type"))
    listed = found.get("selection")
    options = {str(one[0]) for one in listed if one and one[0]} if isinstance(listed, list) else set()
    return RemoteField(
        name=name,
        kind=kind,
        accepts=_ACCEPTS.get(kind, frozenset()),
        writable=found.get("readonly") is not True and (kind != "many2one" or found.get("relation") == LANGUAGES),
        options=frozenset(options),
        unique=name == "portal_id",  # the module sees to it
    )
