"""Security events in words, for their page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.auditing.events import SecurityEvent
from portal.auditing.showing import Chip, address
from portal.auditing.verified import ACTION
from portal.i18n import gettext as _
from portal.identity.session import Audience


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """A row. `facts` are pairs of label and value."""

    at: datetime
    last_at: datetime
    count: int
    what: str
    action: str
    facts: list[tuple[str, str]]


def kinds() -> dict[str, str]:
    """What happens at the doors: the action and its words."""
    return {
        "login:failed": _("A login was not acceptable"),
        "login:pending": _("An account waits for a record"),
        "login:refused": _("An agent refused an account"),
        ACTION: _("All of the change log was verified"),
    }


def shown(event: SecurityEvent, label_of: Callable[[Audience, str], str]) -> ShownEvent:
    """An event as a row. Why a login failed is told as it is in the log, so that the two can be compared; `label_of`
    says how people know the provider."""
    names = {
        "audience": _("Who"), "provider": _("Provider"), "why": _("Why"), "pending": _("Waiting login"),
        "integrity": _("Integrity"), "entries": _("Entries"), "chains": _("Chains"), "erased": _("Erased"),
        "seconds": _("Seconds"),
    }  # fmt: skip
    words = {"customer": _("customers"), "staff": _("staff"), "holds": _("holds"), "broken": _("broken")}
    said = {name: words.get(fact, fact) for name, fact in event.facts.items()}
    if "provider" in said:
        said["provider"] = label_of(Audience(event.facts.get("audience", Audience.CUSTOMER)), said["provider"])
    facts = [(names.get(name, name), said[name]) for name in sorted(said, key=lambda name: [*names, name].index(name))]
    what = kinds().get(event.action, event.action)
    return ShownEvent(event.at, event.last_at, event.count, what, event.action, facts)


def chips(filters: Mapping[str, str], page: str) -> list[Chip]:
    """The filters that are on."""
    names = {"after": _("from %(value)s"), "before": _("until %(value)s")}
    return [
        Chip(
            names.get(name, "%(value)s") % {"value": kinds().get(value, value)},
            address(page, {other: v for other, v in filters.items() if other != name}),
        )
        for name, value in filters.items()
    ]
