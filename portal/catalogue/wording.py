"""What a change did, in words: for the customer's history, the agents' desk, the auditors' log, the conflict page."""

from collections.abc import Callable, Iterable, Mapping

from portal.audit.entry import Actor, ActorKind, Diff, Entry, Erased
from portal.audit.values import Value
from portal.catalogue.login_wording import login_action_phrase, login_phrase
from portal.catalogue.model import Catalogue, CustomerAccess
from portal.catalogue.naming import (
    ITEM_NAMES,
    Group,
    Phrase,
    attribute_name,
    consent_label,
    joined,
    path_name,
    point_label,
    value_name,
)
from portal.catalogue.told import (
    address,
    channel_name,
    use_name,
    window_kind_name,
    window_name,
)
from portal.i18n import gettext as _

__all__ = ["Phrase", "describe", "describe_change", "describe_without_evidence", "for_customer", "name_of_actor", "who"]


def describe_change(
    catalogue: Catalogue, entry: Entry, diffs: Iterable[Diff] | None = None, *, state: Mapping[str, Value] | None = None
) -> list[Phrase]:
    """A whole change, in words.

    Args:
        diffs: those of its diffs that the reader may see; without them, all.
        state: as for `describe`.
    """
    told = login_phrase(entry)
    return [told] if told else describe(catalogue, entry.diffs if diffs is None else diffs, state=state)


def describe_without_evidence(
    catalogue: Catalogue, action: str, diffs: Iterable[Diff], *, state: Mapping[str, Value] | None = None
) -> list[Phrase]:
    """The same for agents and the notes of a CRM, which are not told on what a login rests or with which account."""
    told = login_action_phrase(action)
    return [told] if told else describe(catalogue, diffs, state=state)


def describe(catalogue: Catalogue, diffs: Iterable[Diff], *, state: Mapping[str, Value] | None = None) -> list[Phrase]:
    """Some diffs of one change, in words.

    Args:
        diffs: of one change; those of one item are told together. Values may be ERASED.
        state: the flat record of now, where it is known: it tells what an item is whose diffs do not say so.
    """
    items: dict[tuple[str, str], dict[str, Diff]] = {}
    for diff in diffs:
        collection, _slash, rest = diff.path.partition("/")
        item, attribute = rest.rsplit("/", 1) if "/" in rest else ("", rest)
        items.setdefault((collection, item), {})[attribute] = diff
    phrases: list[Phrase] = []
    for (collection, item), group in items.items():
        tell = _erased if collection != "profile" and _is_erased(group) else _TOLD[collection]
        phrases += tell(catalogue, item, group, state or {})
    return phrases


def for_customer(catalogue: Catalogue, diffs: Iterable[Diff]) -> list[Diff]:
    """Without what the catalogue hides from customers, and what it does not know."""
    return [diff for diff in diffs if not diff.path.startswith("profile/") or _shown(catalogue, diff.path)]


def who(actor: Actor, *, reader: ActorKind, name: str | None = None, crm: str | None = None) -> str:
    """An actor, as told to a reader: `You`, `Grace Okafor, customer care`, `the CRM`.

    Args:
        reader: the kind of person who reads; a customer only ever reads of themselves.
        name: the actor's name, where it is known.
        crm: what the CRM is called that the change came from, where it is one of several.
    """
    match actor.kind:
        case ActorKind.CUSTOMER:
            return _("You") if reader is ActorKind.CUSTOMER else name or _("The customer")
        case ActorKind.AGENT:
            return _("%(name)s, customer care") % {"name": name} if name else _("Customer care")
        case ActorKind.SYSTEM:
            return crm or _("The CRM") if actor.via.startswith("crm:") else _("The portal")
        case ActorKind.AUDITOR:
            return _("%(name)s, auditor") % {"name": name} if name else _("An auditor")
        case ActorKind.OPERATOR:
            return _("%(name)s, operator") % {"name": name} if name else _("The operator")


def name_of_actor(entry: Entry) -> str | None:
    """The name under which an agent acted, as the evidence has it: an agent's id says nothing to a customer."""
    personal: Mapping[str, object] = entry.evidence.personal
    known = personal.get("name") or personal.get("editor")
    return known if isinstance(known, str) else None


def _shown(catalogue: Catalogue, path: str) -> bool:
    field = catalogue.fields.get(path.removeprefix("profile/"))
    return field is not None and field.customer is not CustomerAccess.HIDDEN


def _is_erased(group: Group) -> bool:
    values: list[object] = [value for diff in group.values() for value in (diff.old, diff.new)]
    return any(isinstance(value, Erased) for value in values)


def _erased(catalogue: Catalogue, item: str, group: Group, state: Mapping[str, Value]) -> list[Phrase]:
    """Of what was erased, only that it was there is known."""
    collection = next(iter(group.values())).path.partition("/")[0]
    label = consent_label(catalogue, item) if collection == "consents" else ITEM_NAMES[collection]()
    return [Phrase(label, *_sides(group, lambda value: _("erased")))]


def _each(catalogue: Catalogue, item: str, group: Group, state: Mapping[str, Value]) -> list[Phrase]:
    return [_phrase(path_name(catalogue, d.path, state), catalogue, d, state) for d in group.values()]


def _phrase(label: str, catalogue: Catalogue, diff: Diff, state: Mapping[str, Value]) -> Phrase:
    old, new = (value_name(catalogue, diff.path, value, state) for value in (diff.old, diff.new))
    return Phrase(label, old, new)


def _point(catalogue: Catalogue, item: str, group: Group, state: Mapping[str, Value]) -> list[Phrase]:
    label = point_label(group, item, state)
    if _whole(group, "system", "value", "use"):

        def told_whole(value: Callable[[str], Value]) -> str:
            return f"{address(str(value('system')), str(value('value')))}, {use_name(str(value('use')))}"

        return [Phrase(label, *_sides(group, told_whole))]
    return [
        _phrase(label if name == "value" else joined(label, attribute_name(name)), catalogue, diff, state)
        for name, diff in group.items()
    ]


def _window(catalogue: Catalogue, item: str, group: Group, state: Mapping[str, Value]) -> list[Phrase]:
    if not _whole(group, "kind", "weekdays", "start", "end"):
        return _each(catalogue, item, group, state)

    def told_whole(value: Callable[[str], Value]) -> str:
        when = window_name(value("weekdays"), value("start"), value("end"))
        channel = channel_name(catalogue, value("channel") if "channel" in group else None)
        return f"{window_kind_name(str(value('kind')))}, {when}, {channel}"

    return [Phrase(_("Contact window"), *_sides(group, told_whole))]


def _consent(catalogue: Catalogue, item: str, group: Group, state: Mapping[str, Value]) -> list[Phrase]:
    if "status" in group:
        return [_phrase(consent_label(catalogue, item), catalogue, group["status"], state)]
    interesting = {name: d for name, d in group.items() if name in ("notice_version", "effective_to", "lawful_basis")}
    return _each(catalogue, item, interesting or dict(list(group.items())[:1]), state)


def _note(catalogue: Catalogue, item: str, group: Group, state: Mapping[str, Value]) -> list[Phrase]:
    diff = group.get("kind")
    kind = (diff.new or diff.old) if diff else state.get(f"notes/{item}/kind")
    label = _("Answer") if kind == "answer" else _("Note")
    return [_phrase(label, catalogue, group["body"], state)] if "body" in group else []


def _login(catalogue: Catalogue, item: str, group: Group, state: Mapping[str, Value]) -> list[Phrase]:
    """Whose provider it is says nothing to a customer; the entry itself has it."""
    return [Phrase(_("Login"), *_sides(group, lambda value: _("connected")))] if "issuer" in group else []


_TOLD: Mapping[str, Callable[[Catalogue, str, Group, Mapping[str, Value]], list[Phrase]]] = {
    "customer": _each,
    "profile": _each,
    "contact_points": _point,
    "contact_windows": _window,
    "consents": _consent,
    "notes": _note,
    "logins": _login,
}


def _whole(group: Group, *names: str) -> bool:
    """Whether the item as such came or went, and not some attributes of it."""
    if not set(names) <= group.keys():
        return False
    return any(all(getattr(group[name], side) is None for name in names) for side in ("old", "new"))


def _sides(group: Group, told_whole: Callable[[Callable[[str], Value]], str]) -> tuple[str | None, str | None]:
    """An item that came or went, as a whole."""

    def side(name: str) -> str | None:
        values = {attribute: getattr(diff, name) for attribute, diff in group.items()}
        return None if all(value is None for value in values.values()) else told_whole(lambda a: values.get(a))

    return side("old"), side("new")
