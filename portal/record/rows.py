"""From the paths of a change to the rows that `write_v1.sql` keeps: the tables follow the diffs and nothing else."""

from collections.abc import Iterable, Mapping
from typing import Any

from portal.record.flat import encode
from portal.record.models import COLLECTIONS, Consent, Record, attributes


def rows(record: Record, paths: Iterable[str], said: Mapping[str, Any]) -> dict[str, Any]:
    """What the write has to put and to drop so that the tables say what `record`, the record after the change, says."""
    state: dict[str, Any] = {}
    profile = [path.removeprefix("profile/") for path in paths if path.startswith("profile/")]
    if profile:
        state["name"] = record.name
        state["profile"] = {key: record.profile[key] for key in profile if key in record.profile}
        state["profile_drop"] = [key for key in profile if key not in record.profile]
        state["provenance"] = dict.fromkeys(profile, said)
    touched: dict[str, set[str]] = {}
    for path in paths:
        collection, _, rest = path.partition("/")
        if collection in COLLECTIONS or collection == "consents":
            touched.setdefault(collection, set()).add(rest.rsplit("/", 1)[0])
    for collection, keys in touched.items():
        present = {_key(item): _row(item) for item in getattr(record, collection)}
        state[collection] = {
            "put": [present[key] for key in sorted(keys) if key in present],
            "drop": sorted(keys - present.keys()),
        }
    return state


def _key(item: Any) -> str:
    return f"{item.purpose}/{item.channel}" if isinstance(item, Consent) else str(item.id)


def _row(item: Any) -> dict[str, Any]:
    row = {name: encode(getattr(item, name)) for name in attributes(type(item))}
    if isinstance(item, Consent):
        return row | {"purpose": item.purpose, "channel": item.channel}
    return row | {"id": str(item.id)}
