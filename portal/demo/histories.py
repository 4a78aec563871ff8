"""Invents customers and what happened to their records, the same ones each time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeAlias
from unicodedata import normalize
from uuid import UUID

from portal.audit.entry import Actor, ActorKind
from portal.audit.values import State, Value, format_moment

GIVEN = [
    "Alice",
    "Amara",
    "Anna",
    "Ben",
    "Carla",
    "Çağla",
    "Daniel",
    "Edda",
    "Elias",
    "Emma",
    "Fatima",
    "Finn",
    "Grace",
    "Hannah",
    "Ida",
    "Ivan",
    "Jonas",
    "Jürgen",
    "Kim",
    "Lena",
    "Liam",
    "Lucía",
    "Malik",
    "Marie-Ève",
    "Mia",
    "Noah",
    "Olga",
    "Oscar",
    "Paul",
    "Priya",
    "Quentin",
    "Rosa",
    "Sofia",
    "Søren",
    "Tariq",
    "Tom",
    "Uma",
    "Viktor",
    "Wanda",
    "Yusuf",
    "Zoë",
]
FAMILY = [
    "Adler",
    "Almeida",
    "Bauer",
    "Becker",
    "Carter",
    "Castillo",
    "Dahl",
    "Díaz",
    "Ebert",
    "Edwards",
    "Fischer",
    "Fraser",
    "Graf",
    "Gupta",
    "Hansen",
    "Hughes",
    "Ibrahim",
    "Iyer",
    "Jansen",
    "Jones",
    "Keller",
    "Kowalski",
    "Lange",
    "Lindqvist",
    "Marsh",
    "Müller",
    "Nakamura",
    "Nwosu",
    "Okafor",
    "Øster",
    "Park",
    "Petrov",
    "Quinn",
    "Rao",
    "Rossi",
    "Schmidt",
    "Singh",
    "Tanaka",
    "Turner",
    "Ueda",
    "Ulrich",
    "Varga",
    "Vogel",
    "Walker",
    "Weiß",
    "Xu",
    "Yılmaz",
    "Young",
    "Zhou",
    "Ziegler",
]
PLACES = (
    ("en", "Europe/London", "+442079", "14 Mill Lane\nBath BA1 1AB"),
    ("de", "Europe/Berlin", "+493090", "Lindenstraße 14\n10969 Berlin"),
    ("fr", "Europe/Paris", "+33145", "14 rue du Moulin\n75011 Paris"),
    ("en", "America/Toronto", "+14165", "14 Mill Road\nToronto ON M4E 1A1"),
)
NOTES = (
    "Please ring twice, the bell is quiet.",
    "The meter is in the cellar; the neighbour on the first floor has the key.",
    "I work nights until the end of the month and sleep until two in the afternoon.",
    "The invoice of last month still has my old address.",
)
REMARKS = (None, "I use a hearing aid.", "There is a dog, a friendly one.", "Moving in spring.")
SYSTEM = Actor(ActorKind.SYSTEM, "flood", "demo")
GRACE = Actor(ActorKind.AGENT, "grace", "demo")
YEARS = timedelta(days=3 * 365)

Values: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a record: who did what, when, and what held from then on."""

    at: datetime
    action: str
    actor: Actor
    request: UUID
    values: Values


@dataclass(slots=True)
class Story:
    """One invented customer, told change by change; `state` is the record so far, and who tells keeps it up to date."""

    id: UUID
    number: int
    until: datetime
    chance: Random
    state: State

    def tell(self, changes: int) -> Iterator[Event]:
        """The customer's first entry and what followed: `changes` entries, evenly spread over up to three years."""
        gap = YEARS * (0.2 + 0.8 * self.chance.random()) / changes
        at = self.until - gap * changes
        for step in range(changes):
            at += gap
            action, actor, values = self._first() if step == 0 else self.chance.choice(HAPPENINGS)(self, at)
            yield Event(at, action, actor, self._uuid(), values)

    def _first(self) -> tuple[str, Actor, Values]:
        given, family = self.chance.choice(GIVEN), self.chance.choice(FAMILY)
        language, zone, area, _address = self._place()
        values: dict[str, Value] = {
            "customer/number": f"F{self.number:08}",
            "profile/given_name": given,
            "profile/family_name": family,
            "profile/language": language,
            "profile/time_zone": zone,
            "profile/account_tier": self.chance.choice(("home", "home_plus", "business")),
        }
        mail = f"{_plain(given)}.{_plain(family)}.{self.number}@example.com"
        phone = f"{area}{self.number % 10**6:06}"
        points = (("email", mail, "private"), ("phone", phone, "mobile"))
        for rank, (system, value, use) in enumerate(points, start=1):
            values |= self._item("contact_points", {"system": system, "value": value, "use": use, "rank": rank})
        return "customer:created", SYSTEM, values

    def profile(self, _at: datetime) -> tuple[str, Actor, Values]:
        others = {"she", "he", "they"} - {self.state.get("profile/pronouns")}
        values: dict[str, Value] = {
            "profile/pronouns": self.chance.choice(sorted(others)),
            "profile/good_to_know": self.chance.choice(REMARKS),
        }
        return "profile:changed", self._customer(), values

    def address(self, _at: datetime) -> tuple[str, Actor, Values]:
        value = f"{self.chance.randrange(1, 10**4)} {self._place()[3]}"
        path = next((p for p, v in self.state.items() if p.startswith("contact_points/") and v == "postal"), None)
        if path:
            return "contact_point:changed", self._customer(), {path.replace("/system", "/value"): value}
        item: Values = {"system": "postal", "value": value, "use": "home", "rank": 3}
        return "contact_point:added", self._customer(), self._item("contact_points", item)

    def window(self, at: datetime) -> tuple[str, Actor, Values]:
        if sum(path.startswith("contact_windows/") for path in self.state) > 3 * 7:
            return self.profile(at)
        start = self.chance.randrange(7, 18)
        window: dict[str, Value] = {
            "kind": self.chance.choice(("do", "do_not")),
            "channel": "phone",
            "weekdays": sorted(self.chance.sample(range(1, 8), self.chance.randrange(1, 6))),
            "start": f"{start:02}:00",
            "end": f"{start + 3:02}:30",
            "time_zone": self._place()[1],
        }
        return "contact_window:added", self._customer(), self._item("contact_windows", window)

    def consent(self, at: datetime) -> tuple[str, Actor, Values]:
        purpose, version = self.chance.choice((("offers", "2026-03"), ("surveys", "2026-04")))
        status = self.chance.choice(("opt_in", "opt_out"))
        said: dict[str, Value] = {
            "status": status,
            "capture_date": format_moment(at),
            "capture_source": "portal",
            "effective_from": format_moment(at),
            "lawful_basis": "consent",
            "notice": purpose,
            "notice_version": version,
        }
        values = {f"consents/{purpose}/email/{name}": value for name, value in said.items()}
        return f"consent:{'given' if status == 'opt_in' else 'withdrawn'}", self._customer(), values

    def note(self, at: datetime) -> tuple[str, Actor, Values]:
        mine = [path for path, v in self.state.items() if path.endswith("/author_kind") and v == "customer"]
        body = self.chance.choice(NOTES)
        if len(mine) >= 3:  # nobody keeps dozens of them: what was written is written anew
            edited = self.chance.choice(mine).replace("/author_kind", "/body")
            return "note:edited", self._customer(), {edited: f"{body} ({at:%d.%m.%Y, %H:%M:%S})"}
        return "note:added", self._customer(), self._note(at, body, "customer", str(self._name()), None)

    def answer(self, at: datetime) -> tuple[str, Actor, Values]:
        notes = [path.split("/")[1] for path, v in self.state.items() if path.endswith("/kind") and v == "note"]
        if not notes or len(notes) * 7 < sum(path.startswith("notes/") for path in self.state):
            return self.note(at)
        body = "Thank you, it stands on the next order."
        return "note:answered", GRACE, self._note(at, body, "agent", "Grace Okafor", notes[-1])

    def _note(self, at: datetime, body: str, by: str, author: str, about: str | None) -> Values:
        note: dict[str, Value] = {
            "kind": "answer" if about else "note", "about": about, "body": body, "author_kind": by, "author": author,
            "created_at": format_moment(at),
        }  # fmt: skip
        return self._item("notes", note)

    def _item(self, collection: str, item: Mapping[str, Value]) -> dict[str, Value]:
        prefix = f"{collection}/{self._uuid()}"
        return {f"{prefix}/{name}": value for name, value in item.items()}

    def _name(self) -> str:
        return f"{self.state['profile/given_name']} {self.state['profile/family_name']}"

    def _customer(self) -> Actor:
        return Actor(ActorKind.CUSTOMER, str(self.id), "demo")

    def _place(self) -> tuple[str, str, str, str]:
        return PLACES[self.number % len(PLACES)]

    def _uuid(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)


HAPPENINGS: tuple[Callable[[Story, datetime], tuple[str, Actor, Values]], ...] = (
    Story.profile,
    Story.profile,
    Story.address,
    Story.window,
    Story.consent,
    Story.note,
    Story.note,
    Story.answer,
)


def _plain(name: str) -> str:
    """As it stands in an e-mail address."""
    return normalize("NFKD", name.lower()).encode("ascii", "ignore").decode().replace("-", "")
