"""May this actor do this, and does the outcome make sense? Asked for every change, whoever asks for it."""

from collections.abc import Iterable, Mapping

from portal.audit.entry import Actor, ActorKind, Diff, fold
from portal.audit.values import Value
from portal.catalogue.check import contact_point_problem, in_words, problems
from portal.catalogue.model import Catalogue
from portal.errors import Forbidden, Invalid
from portal.i18n import N_
from portal.i18n import gettext as _
from portal.record.models import COLLECTIONS, Consent, System, attributes

OPTIONAL = {("contact_windows", "channel"), ("notes", "about"), ("consents", "effective_to")}
"""Attributes that may be absent from an item that is there."""


def check(catalogue: Catalogue, actor: Actor, current: Mapping[str, Value], diffs: Iterable[Diff]) -> None:
    """Let a change pass.

    Raises:
        Forbidden: the actor may not change one of the paths.
        Invalid: a value cannot stand at its path, or an item would be incomplete or contradict another.
    """
    diffs = list(diffs)
    if any(not catalogue.may_change(actor.kind, diff.path) for diff in diffs) or not _own_notes(actor, current, diffs):
        raise Forbidden(_("This cannot be changed here."))
    found = problems(catalogue, {diff.path: diff.new for diff in diffs})
    after = fold(diffs, dict(current))
    found.update(_item_problems(after, {d.path.rsplit("/", 1)[0] for d in diffs if _is_item(d.path)}))
    if found:
        told = {path: list(map(in_words, wrong)) for path, wrong in found.items()}
        raise Invalid(_("Some of this cannot be kept. Nothing was saved."), told)


def _own_notes(actor: Actor, current: Mapping[str, Value], diffs: Iterable[Diff]) -> bool:
    """Customers write notes as customers, agents as agents, and neither edits the other's words."""
    if actor.kind not in (ActorKind.CUSTOMER, ActorKind.AGENT):
        return True
    new = {diff.path: diff.new for diff in diffs}
    for path in new:
        if path.startswith("notes/"):
            author = path.rsplit("/", 1)[0] + "/author_kind"
            if current.get(author, actor.kind.value) != actor.kind.value or new.get(author) not in (
                None,
                actor.kind.value,
            ):
                return False
    return True


def _is_item(path: str) -> bool:
    return path.split("/", 1)[0] in (*COLLECTIONS, "consents")


def _item_problems(after: Mapping[str, Value], items: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in items:
        collection = item.split("/", 1)[0]
        names = attributes(Consent if collection == "consents" else COLLECTIONS[collection])
        values = {name: after.get(f"{item}/{name}") for name in names}
        if all(value is None for value in values.values()):
            continue
        for name, value in values.items():
            if value is None and (collection, name) not in OPTIONAL:
                found[f"{item}/{name}"] = [N_("is missing")]
        if collection == "contact_points" and not found:
            why = contact_point_problem(System(str(values["system"])), str(values["value"]))
            if why:
                found[f"{item}/value"] = [why]
    ranks = [value for path, value in after.items() if path.startswith("contact_points/") and path.endswith("/rank")]
    if len(set(map(str, ranks))) != len(ranks):
        found["contact_points"] = [N_("two have the same rank")]
    return found
