"""What a path of a record names, and what stands there, in the words of the person who reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.audit.entry import Diff, Erased
from portal.audit.values import Value
from portal.catalogue.model import Catalogue
from portal.catalogue.told import (
    address,
    channel_name,
    purpose_name,
    status_name,
    system_name,
    told,
    use_name,
    window_kind_name,
    window_name,
    words,
)
from portal.formats import format_datetime, zone_name
from portal.i18n import N_
from portal.i18n import gettext as _
from portal.record.models import System

Group = Mapping[str, Diff]
"""The diffs of one item, by attribute."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One thing that a change did: what it is about, what was and what is. None stands for nothing."""

    label: str
    old: str | None
    new: str | None


ITEM_NAMES: Mapping[str, Callable[[], str]] = {
    "customer": lambda: _("Customer number"),
    "contact_points": lambda: _("Contact point"),
    "contact_windows": lambda: _("Contact window"),
    "notes": lambda: _("Note"),
    "logins": lambda: _("Login"),
}
"""What an item is, by the part of the record that it belongs to."""


def path_name(catalogue: Catalogue, path: str, state: Mapping[str, Value] | None = None) -> str:
    """What a path names: `Preferred language`, `Contact window, from`."""
    collection, _slash, rest = path.partition("/")
    item, attribute = rest.rsplit("/", 1) if "/" in rest else ("", rest)
    match collection:
        case "profile":
            field = catalogue.fields.get(attribute)
            return words(field.labels) if field else attribute
        case "contact_points":
            return joined(point_label({}, item, state or {}), attribute_name(attribute))
        case "contact_windows":
            return joined(_("Contact window"), attribute_name(attribute))
        case "consents":
            label = consent_label(catalogue, item)
            return label if attribute == "status" else joined(label, attribute_name(attribute))
    return ITEM_NAMES[collection]()


def value_name(
    catalogue: Catalogue, path: str, value: Value | Erased, state: Mapping[str, Value] | None = None
) -> str | None:
    """A value as it stands at a path, in words; None for nothing."""
    if isinstance(value, Erased):
        return _("erased")
    if value is None and not path.endswith("/channel"):
        return None
    collection, _slash, rest = path.partition("/")
    attribute = rest.rsplit("/", 1)[-1]
    match collection, attribute:
        case "profile", _key:
            field = catalogue.fields.get(attribute)
            return (told(value, field) if field else str(value)) or None
        case "contact_points", "value":
            # Where nothing else says so, a number is known by its plus (E.164).
            guess = System.PHONE if str(value).startswith("+") else ""
            return address(str((state or {}).get(path.removesuffix("value") + "system") or guess), str(value))
        case "contact_points", "system":
            return system_name(str(value))
        case "contact_points", "use":
            return use_name(str(value))
        case "contact_windows", "kind":
            return window_kind_name(str(value))
        case "contact_windows", "channel":
            return channel_name(catalogue, value)
        case "contact_windows", "weekdays":
            return window_name(value, "00:00", "00:00").rpartition(", ")[0]
        case "contact_windows", "time_zone":
            return zone_name(str(value))
        case "consents", "status":
            return status_name(str(value))
        case _, "capture_date" | "effective_from" | "effective_to" | "created_at":
            return format_datetime(datetime.fromisoformat(str(value)))
    return str(value)


def point_label(group: Group, item: str, state: Mapping[str, Value]) -> str:
    """What kind of contact point an item is, as its diffs or else the record of now tell."""
    diff = group.get("system")
    system = (diff.new or diff.old) if diff else state.get(f"contact_points/{item}/system")
    return _("Contact point") if system is None or isinstance(system, Erased) else system_name(str(system))


def consent_label(catalogue: Catalogue, item: str) -> str:
    """`Offers and news: E-mail` for `offers/email`."""
    purpose, _slash, channel = item.partition("/")
    return f"{purpose_name(catalogue, purpose)}: {channel_name(catalogue, channel)}"


def joined(label: str, attribute: str) -> str:
    """A label with the attribute of the item that is meant, if it needs one."""
    return f"{label}, {attribute}" if attribute else label


def attribute_name(attribute: str) -> str:
    """An attribute of an item; nothing for the one that is the item itself."""
    if attribute == "value":
        return ""
    known = _ATTRIBUTES.get(attribute)
    return _(known) if known else attribute


_ATTRIBUTES = {
    "system": N_("kind"),
    "use": N_("where"),
    "rank": N_("place in the order"),
    "kind": N_("welcome or not"),
    "channel": N_("channel"),
    "weekdays": N_("days"),
    "start": N_("from"),
    "end": N_("until"),
    "time_zone": N_("time zone"),
    "capture_date": N_("recorded"),
    "capture_source": N_("recorded through"),
    "effective_from": N_("in force from"),
    "effective_to": N_("in force until"),
    "lawful_basis": N_("lawful basis"),
    "notice": N_("text shown"),
    "notice_version": N_("version of the text shown"),
}
