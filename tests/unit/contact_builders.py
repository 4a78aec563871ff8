"""Short builders for what `may_contact` looks at. Alice lives in London; calls to her are for service."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from types import MappingProxyType
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from portal.audit.values import Value
from portal.catalogue.model import Catalogue, Channel, LawfulBasis, Purpose
from portal.record.models import (
    Consent,
    ConsentStatus,
    ContactPoint,
    ContactWindow,
    Record,
    System,
    Use,
    WindowKind,
)

WEEKDAYS = (1, 2, 3, 4, 5)
SATURDAY = (6,)
SUNDAY = (7,)
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)

_CHANNELS = {
    "email": Channel("email", {"en": "E-mail", "de": "E-Mail"}, System.EMAIL, (), False),
    "phone": Channel("phone", {"en": "Phone", "de": "Telefon"}, System.PHONE, (), True),
    "text": Channel("text", {"en": "Text", "de": "SMS"}, System.PHONE, (Use.MOBILE,), True),
    "letter": Channel("letter", {"en": "Letter", "de": "Brief"}, System.POSTAL, (), False),
}


def a_purpose(
    key: str, en: str, de: str, basis: LawfulBasis, default: ConsentStatus, locked: tuple[str, ...] = ()
) -> Purpose:
    return Purpose(key, {"en": en, "de": de}, {}, basis, default, locked, tuple(_CHANNELS), key)


_PURPOSES = (
    a_purpose(
        "service",
        "Your contract and service",
        "Ihr Vertrag und Service",
        LawfulBasis.CONTRACT,
        ConsentStatus.OPT_IN,
        ("email", "letter"),
    ),
    a_purpose("offers", "Offers and news", "Angebote und Neuigkeiten", LawfulBasis.CONSENT, ConsentStatus.NOT_SEEN),
    a_purpose(
        "advice",
        "Saving energy",
        "Energie sparen",
        LawfulBasis.LEGITIMATE_INTERESTS,
        ConsentStatus.NOT_SEEN,
    ),
)
CATALOGUE = Catalogue(
    sections={},
    fields={},
    channels=MappingProxyType(_CHANNELS),
    purposes={purpose.key: purpose for purpose in _PURPOSES},
    notices={},
)


def at(wall: str, zone: str = "Europe/London", fold: int = 0) -> datetime:
    """The moment at which the clock of a zone shows this; `fold` 1 is the second time on the night in autumn."""
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def a_point(system: str = "phone", value: str = "+44 20 7946 0018", use: str = "mobile", rank: int = 1) -> ContactPoint:
    return ContactPoint(uuid4(), System(system), value, Use(use), rank)


def a_window(
    weekdays: Iterable[int] = WEEKDAYS,
    hours: str = "17:00-20:00",
    *,
    kind: str = "do",
    channel: str | None = None,
    zone: str = "Europe/London",
) -> ContactWindow:
    start, end = (time.fromisoformat(part) for part in hours.split("-"))
    return ContactWindow(uuid4(), WindowKind(kind), channel, tuple(weekdays), start, end, zone)


def never_on(weekdays: Iterable[int], hours: str = "00:00-00:00", **more: str) -> ContactWindow:
    return a_window(weekdays, hours, kind="do_not", **more)


def a_consent(
    status: str = "opt_in",
    purpose: str = "offers",
    channel: str = "phone",
    *,
    said: datetime = datetime(2026, 11, 3, 9, tzinfo=UTC),
    until: datetime | None = None,
) -> Consent:
    return Consent(
        purpose=purpose,
        channel=channel,
        status=ConsentStatus(status),
        capture_date=said,
        capture_source="portal",
        effective_from=said,
        effective_to=until,
        lawful_basis="consent",
        notice="offers",
        notice_version="1",
    )


PHONE = a_point()
EMAIL = a_point("email", "alice@example.com", "private", 2)
LETTER = a_point("postal", "14 Mill Lane, Bath BA1 1AB", "home", 3)


def alice(
    *parts: ContactWindow | Consent,
    points: Iterable[ContactPoint] = (PHONE, EMAIL, LETTER),
    zone: str | None = "Europe/London",
) -> Record:
    """Alice's record with these windows and consents."""
    profile: dict[str, Value] = {"given_name": "Alice", "family_name": "Marsh", "time_zone": zone}
    return Record(
        id=UUID(int=20418),
        number="20418",
        seq=7,
        profile=profile,
        contact_points=tuple(points),
        contact_windows=tuple(part for part in parts if isinstance(part, ContactWindow)),
        consents=tuple(part for part in parts if isinstance(part, Consent)),
    )
