"""The contact mechanisms of a party that are the portal's: they say so in their comment. One without a comment is
anybody's: where the portal has none of its type, it takes it over. Those with a comment of their own are the company's,
and stay as they are."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from portal.crm.tryton.rpc import Rpc

MECHANISM = "party.contact_mechanism"
OURS = "Customer portal"

ByType: TypeAlias = Mapping[str, Mapping[str, Any]]


async def read_mechanisms(rpc: Rpc, parties: Sequence[int]) -> dict[int, dict[str, Mapping[str, Any]]]:
    """By party and type, the one that is ours, or would be."""
    if not parties:
        return {}
    whose = ["OR", ["comment", "in", [OURS, ""]], ["comment", "=", None]]
    domain = [["party", "in", list(parties)], whose]
    order, names = [["sequence", "ASC NULLS FIRST"], ["id", "ASC"]], ["party", "type", "value", "comment"]
    found = await rpc.call(f"{MECHANISM}.search_read", domain, 0, None, order, names, {})
    by_party: dict[int, dict[str, Mapping[str, Any]]] = {}
    for row in sorted(found, key=lambda row: not is_ours(row)):
        by_party.setdefault(int(row["party"]), {}).setdefault(str(row["type"]), row)
    return by_party


def is_ours(row: Mapping[str, Any]) -> bool:
    """Whether the portal has written it."""
    return row.get("comment") == OURS


def changes(there: ByType, wanted: Mapping[str, str | None]) -> list[list[Any]]:
    """What a write of the party does with them, so that there is one of ours for each type with a value."""
    done: list[list[Any]] = []
    for type, value in wanted.items():
        row, ours = there.get(type), {"value": value, "comment": OURS}
        if row is None and value:
            done.append(["create", [{"type": type, **ours}]])
        elif row is not None:
            done.append(["write", [row["id"]], ours] if value else ["delete", [row["id"]]])
    return done
