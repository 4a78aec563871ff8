"""Who the demo is about. Alice and Bob can log in; the others fill the desk and the log."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

from portal import clock
from portal.audit.values import Value, format_moment

Values = Mapping[str, Value]


@dataclass(frozen=True)
class Event:
    """Something that happened to a record, some time ago; `values` gives what, for the record's id."""

    ago: timedelta
    by: str
    action: str
    values: Callable[[UUID], Values]


@dataclass(frozen=True)
class Person:
    number: str
    profile: dict[str, Value]
    contact_points: tuple[tuple[str, str, str], ...] = ()
    history: tuple[Event, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.profile['given_name']} {self.profile['family_name']}"


def said(days: float, **values: Value) -> Event:
    """The customer filled in some profile fields."""
    named = {f"profile/{key}": value for key, value in values.items()}
    return Event(timedelta(days=days), "customer", "profile:changed", lambda _id: named)


def welcome(days: float, weekdays: tuple[int, ...], start: str, end: str, zone: str) -> Event:
    """The customer said when calls are welcome."""
    return _window(days, ("do", "phone"), weekdays, start, end, zone)


def not_on(days: float, weekdays: tuple[int, ...], zone: str) -> Event:
    """The customer said on which days nobody is to call."""
    return _window(days, ("do_not", "phone"), weekdays, "00:00", "00:00", zone)


def _window(
    days: float, kind: tuple[str, str | None], weekdays: tuple[int, ...], start: str, end: str, zone: str
) -> Event:
    def values(id: UUID) -> Values:
        prefix = f"contact_windows/{uuid5(id, f'{kind} {weekdays}')}"
        return {
            f"{prefix}/kind": kind[0],
            f"{prefix}/channel": kind[1],
            f"{prefix}/weekdays": list(weekdays),
            f"{prefix}/start": start,
            f"{prefix}/end": end,
            f"{prefix}/time_zone": zone,
        }

    return Event(timedelta(days=days), "customer", "contact_window:added", values)


def agreed(days: float, purpose: str, *channels: str, status: str = "opt_in") -> Event:
    """The customer consented, or (`opt_out`) no longer does."""

    def values(_id: UUID) -> Values:
        now = format_moment(clock.now())
        attributes = {
            "status": status,
            "capture_date": now,
            "capture_source": "portal",
            "effective_from": now,
            "lawful_basis": "consent",
            "notice": purpose,
            "notice_version": {"offers": "2026-03", "surveys": "2026-04"}[purpose],
        }
        return {f"consents/{purpose}/{c}/{name}": value for c in channels for name, value in attributes.items()}

    action = "consent:given" if status == "opt_in" else "consent:withdrawn"
    return Event(timedelta(days=days), "customer", action, values)


def note(days: float, name: str, body: str, author: str, *, about: str | None = None) -> Event:
    """The customer wrote a note, or (`about` another) an agent answered it."""
    by, action = ("agent", "note:answered") if about else ("customer", "note:added")

    def values(id: UUID) -> Values:
        prefix = f"notes/{uuid5(id, name)}"
        return {
            f"{prefix}/kind": "answer" if about else "note",
            f"{prefix}/about": str(uuid5(id, about)) if about else None,
            f"{prefix}/body": body,
            f"{prefix}/author_kind": by,
            f"{prefix}/author": author,
            f"{prefix}/created_at": format_moment(clock.now()),
        }

    return Event(timedelta(days=days), by, action, values)


WEEKDAYS = (1, 2, 3, 4, 5)
LONDON, BERLIN = "Europe/London", "Europe/Berlin"

ALICE = Person(
    "20418",
    {
        "given_name": "Alice",
        "family_name": "Marsh",
        "language": "en",
        "time_zone": LONDON,
        "account_tier": "home_plus",
        "customer_since": "2019-04-01",
    },
    (
        ("phone", "+442079460018", "mobile"),
        ("email", "alice@example.com", "private"),
        ("postal", "14 Mill Lane\nBath BA1 1AB", "home"),
    ),
    (
        said(41, call_me="Alice", pronunciation="AL-iss", pronouns="she"),
        welcome(40.2, WEEKDAYS, "17:00", "20:00", LONDON),
        welcome(40.1, (6,), "10:00", "13:00", LONDON),
        not_on(40, (7,), LONDON),
        agreed(33.1, "surveys", "email"),
        agreed(33, "offers", "email", "letter"),
        agreed(19, "offers", "email", "letter", status="opt_out"),
        said(12, helps_me=["text_first"]),
        note(1.6, "key", "The engineer may use the key at number 12.", "Alice Marsh"),
        note(1.1, "thanks", "Thank you, I have put it on the order for Tuesday.", "Grace Okafor", about="key"),
        said(0.8, good_to_know="I am moving on 1 December. The new tenant takes over the meter."),
    ),
)

BOB = Person(
    "20977",
    {
        "given_name": "Bob",
        "family_name": "Keller",
        "language": "de",
        "time_zone": BERLIN,
        "pronouns": "he",
        "account_tier": "home",
        "customer_since": "2022-11-15",
    },
    (("email", "bob.keller@example.com", "private"), ("phone", "+4930901820", "home")),
    (
        welcome(22, (2, 4), "09:00", "11:30", BERLIN),
        agreed(21, "offers", "email"),
        said(9, helps_me=["speak_slowly", "in_writing"]),
        note(6, "meter", "Der Zähler hängt im Keller, den Schlüssel hat Frau Sommer im ersten Stock.", "Bob Keller"),
    ),
)


def _other(number: str, name: str, language: str, zone: str, email: str, phone: str) -> Person:
    given, _, family = name.partition(" ")
    ago = (21000 - int(number)) / 30
    return Person(
        number,
        {"given_name": given, "family_name": family, "language": language, "time_zone": zone, "account_tier": "home"},
        (("email", email, "private"), ("phone", phone, "mobile")),
        (welcome(ago, WEEKDAYS, "09:00", "17:00", zone), agreed(ago / 2, "surveys", "email")),
    )


PEOPLE = (
    ALICE,
    BOB,
    _other("20102", "Amara Nwosu", "en", LONDON, "amara.nwosu@example.com", "+442079460101"),
    _other("20155", "Alicia Marsden", "en", "Europe/Dublin", "a.marsden@example.com", "+442079460155"),
    _other("20231", "Çağla Yılmaz", "tr", "Europe/Istanbul", "cagla@example.org", "+442079460231"),
    _other("20347", "Jürgen Weiß", "de", BERLIN, "juergen.weiss@example.de", "+4915112345678"),
    _other("20512", "Marie-Ève Tremblay-Côté", "fr", "America/Toronto", "me.tremblay@example.ca", "+15145550112"),
    _other("20633", "Noah Alderman", "en", LONDON, "noah@example.com", "+442079460633"),
    _other("20740", "Priya Raghunathan", "en", "Asia/Kolkata", "priya.r@example.in", "+919820098200"),
    _other("20886", "Søren Østergaard", "da", "Europe/Copenhagen", "soren@example.dk", "+4532123456"),
)
