"""Odoo's words: its names, its fields, its import.

Field types: https://www.odoo.com/documentation/19.0/developer/reference/backend/orm.html#fields. How an import turns
texts into values: `ir.fields.converter` (odoo/addons/base/models/ir_fields.py): an empty text clears, `1` is yes.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from portal.catalogue.model import CrmType
from portal.crm.comparing import Wish
from portal.crm.inventory import RemoteField
from portal.crm.mapping import CrmMap

PARTNER = "res.partner"
ID, SEQ, FINGERPRINT = "x_portal_id", "x_portal_seq", "x_portal_fingerprint"
MODULE = "customer_portal"


def external_id(customer: UUID) -> str:
    """What Odoo knows a customer's partner by, besides its number: `<module>.<name>`."""
    return f"{MODULE}.contact_{customer.hex}"


def whose_external_id(customers: Sequence[UUID]) -> list[Any]:
    """The search for the external ids of some customers."""
    names = [external_id(one).partition(".")[2] for one in customers]
    return [["module", "=", MODULE], ["model", "=", PARTNER], ["name", "in", names]]


def for_load(wish: Wish, names: CrmMap, number_field: str) -> dict[str, str]:
    """A row of an import: every value is a text, by the column that takes it."""
    row = {".id": wish.there.remote_id} if wish.there else {"id": external_id(wish.desired.customer_id)}
    # A partner must have a name; where the catalogue gives it none, it is the person's.
    values = {"name": wish.desired.name, **wish.fields}
    lists = {name for name, writing in names.fields.items() if writing.type is CrmType.LIST}
    for name, value in values.items():
        if name in lists:
            row[f"{name}/.id"] = ",".join(value) if isinstance(value, list) else ""
        else:
            row[name] = _text(value)
    return row | {ID: str(wish.desired.customer_id), SEQ: str(wish.desired.seq), FINGERPRINT: wish.fingerprint}


def field(name: str, found: Mapping[str, Any]) -> RemoteField:
    """A field's description."""
    kind = str(found.get("type"))
    listed = found.get("selection")
    options = {str(one[0]) for one in listed if one} if isinstance(listed, list) else set()
    return RemoteField(
        name=name,
        kind=kind,
        accepts=_ACCEPTS.get(kind, frozenset()),
        writable=not found.get("readonly") and found.get("store", True) is not False,
        options=frozenset(options),
    )


_ACCEPTS: Mapping[str, frozenset[CrmType]] = {
    "boolean": frozenset({CrmType.BOOLEAN}),
    "date": frozenset({CrmType.DATE}),
    "many2many": frozenset({CrmType.LIST}),
    "selection": frozenset({CrmType.TEXT, CrmType.TRUE_FALSE}),
    "integer": frozenset({CrmType.MILLISECONDS}),
}
"""Every other type is text, which takes whatever is text."""


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None else str(value)
