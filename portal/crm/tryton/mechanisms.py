"""The contact mechanisms of a party that are the portal's: they say so in their comment. Those that somebody at the
company added are theirs and stay."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.crm.tryton.rpc import Rpc

MECHANISM = "party.contact_mechanism"
OURS = "Customer portal"


async def read_mechanisms(rpc: Rpc, parties: Sequence[int]) -> dict[int, list[Mapping[str, Any]]]:
    """Those that are ours, by party."""
    if not parties:
        return {}
    domain = [["party", "in", list(parties)], ["comment", "=", OURS]]
    found = await rpc.call(f"{MECHANISM}.search_read", domain, 0, None, None, ["party", "type", "value"], {})
    by_party: dict[int, list[Mapping[str, Any]]] = {}
    for row in found:
        by_party.setdefault(int(row["party"]), []).append(row)
    return by_party


async def every_mechanism(rpc: Rpc, parties: Sequence[int]) -> dict[int, dict[str, str]]:
    """The first of each type, by party, whoever added it."""
    if not parties:
        return {}
    order = [["sequence", "ASC NULLS FIRST"], ["id", "ASC"]]
    domain, names = [["party", "in", list(parties)]], ["party", "type", "value"]
    found = await rpc.call(f"{MECHANISM}.search_read", domain, 0, None, order, names, {})
    by_party: dict[int, dict[str, str]] = {}
    for row in found:
        by_party.setdefault(int(row["party"]), {}).setdefault(str(row["type"]), str(row["value"]))
    return by_party


def changes(there: Sequence[Mapping[str, Any]], wanted: Mapping[str, str | None]) -> list[list[Any]]:
    """What a write of the party does with them, so that there is one for each type with a value."""
    by_type: dict[str, Mapping[str, Any]] = {str(row["type"]): row for row in there}
    done: list[list[Any]] = []
    for type, value in wanted.items():
        row = by_type.get(type)
        if row is None and value:
            done.append(["create", [{"type": type, "value": value, "comment": OURS}]])
        elif row is not None and not value:
            done.append(["delete", [row["id"]]])
        elif row is not None and row["value"] != value:
            done.append(["write", [row["id"]], {"value": value}])
    return done
