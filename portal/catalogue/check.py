"""The gate that every change passes, whoever asks: only what the catalogue allows gets into a record.

Forms have said the same before, kindly; this is for what comes past them (a CRM, the command line, a forged post). What
is wrong is said in English, to be kept; `in_words` says it in the reader's language.
"""

import re
import unicodedata
from collections.abc import Callable, Container, Mapping
from datetime import date, datetime, time
from functools import cache
from uuid import UUID
from zoneinfo import available_timezones

import phonenumbers
from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email

from portal.audit.values import Value, format_moment
from portal.catalogue.model import Catalogue, Field, Kind
from portal.i18n import N_
from portal.i18n import gettext as _
from portal.record.models import COLLECTIONS, Consent, ConsentStatus, NoteKind, System, Use, WindowKind, attributes

MAX_NOTE = 4_000
MAX_CONTACT_POINT = 300
TOO_LONG = N_("is longer than %(characters)s characters")
_LONGER = re.compile(TOO_LONG % {"characters": r"(\d+)"})
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")

JOINERS = "\u200c\u200d"
"""Invisible, but part of how Persian words and some emoji are spelt."""

_UNKEEPABLE = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Control characters, invisible ones (some of which turn the direction of what follows, so that a text reads as another
one), lone surrogates (broken UTF-8), and what has no agreed meaning."""

_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs by their category, yet nothing is seen of them."""


def problem(catalogue: Catalogue, path: str, value: Value) -> str | None:
    """Why `value` may not stand at `path`; None if it may. An absent value (None) may, unless a field requires one."""
    head, *rest = path.split("/")
    if head == "profile" and len(rest) == 1:
        field = catalogue.fields.get(rest[0])
        return N_("is not in the catalogue") if field is None else field_problem(field, value)
    if head == "customer" and rest == ["number"]:
        fits = isinstance(value, str) and re.fullmatch(r"\S(.{0,62}\S)?", value)
        return None if fits else N_("is no customer number")
    if head == "consents" and len(rest) == 3:
        return _consent_problem(catalogue, rest[0], rest[1], rest[2], value)
    if head in COLLECTIONS and len(rest) == 2 and rest[1] in attributes(COLLECTIONS[head]) and _is_uuid(rest[0]):
        return None if value is None else _attribute_problem(catalogue, head, rest[1], value)
    return N_("is no path of a record")


def field_problem(field: Field, value: Value) -> str | None:
    """Why `value` cannot be the value of a profile field; None if it can."""
    if value is None:
        return N_("is required") if field.required else None
    match field.kind:
        case Kind.TEXT | Kind.MULTILINE:
            return text_problem(value, field.max_length, lines=field.kind is Kind.MULTILINE)
        case Kind.CHOICE:
            return None if _among(field.choices, value) else N_("is none of the choices")
        case Kind.CHOICES:
            chosen = [choice for choice in value if _among(field.choices, choice)] if isinstance(value, list) else []
            fits = chosen and chosen == value and len(set(chosen)) == len(chosen)
            return None if fits else N_("is none of the choices")
        case Kind.BOOLEAN:
            return None if isinstance(value, bool) else N_("is neither yes nor no")
        case Kind.DATE:
            return None if _is_written(value, _date) else N_("is no date")
        case Kind.LANGUAGE:
            return None if isinstance(value, str) and is_language(value) else N_("is no language")
        case Kind.TIME_ZONE:
            return None if _among(time_zones(), value) else N_("is no time zone")
        case Kind.COUNTRY:
            return None if isinstance(value, str) and _COUNTRY.fullmatch(value) else N_("is no country")


def text_problem(value: Value, max_length: int, *, lines: bool = False) -> str | None:
    """Why a value is no presentable text: empty, too long, or with characters that nobody types on purpose."""
    if not isinstance(value, str):
        return N_("is no text")
    if not is_visible(value):
        return N_("is empty")
    if len(value) > max_length:
        return TOO_LONG % {"characters": max_length}
    return N_("has characters that cannot be kept") if is_unkeepable(value, lines=lines) else None


def is_visible(text: str) -> bool:
    """Whether there is anything to see: letters, numbers, punctuation or symbols."""
    return any(unicodedata.category(c)[0] in "LNPS" and c not in _BLANK for c in text)


def is_unkeepable(text: str, *, lines: bool = False) -> bool:
    """Whether a text has characters that nobody types on purpose."""
    allowed = JOINERS + ("\n\t" if lines else "")
    at_the_ends = text.strip(JOINERS) != text
    return at_the_ends or any(unicodedata.category(c) in _UNKEEPABLE and c not in allowed for c in text)


@cache
def time_zones() -> frozenset[str]:
    """The IANA time zones a person can be in."""
    return frozenset(z for z in available_timezones() if "/" in z and not z.startswith(("Etc/", "posix/", "right/")))


def is_language(code: str) -> bool:
    """Whether a text is a BCP 47 code, such as `pt-BR`, of a language that has a name."""
    try:
        return bool(_LANGUAGE.fullmatch(code)) and Locale.parse(code, sep="-").get_display_name("en") is not None
    except (UnknownLocaleError, ValueError):
        return False


def _attribute_problem(catalogue: Catalogue, collection: str, name: str, value: Value) -> str | None:
    match collection, name:
        case "contact_points", "system":
            return _one_of(System, value)
        case "contact_points", "use":
            return _one_of(Use, value)
        case "contact_points", "rank":
            return None if type(value) is int and 1 <= value <= 1_000 else N_("is no rank")
        case "contact_points", "value":
            return text_problem(value, MAX_CONTACT_POINT, lines=True)
        case "contact_windows", "kind":
            return _one_of(WindowKind, value)
        case "contact_windows", "channel":
            return None if _among(catalogue.channels, value) else N_("is no channel")
        case "contact_windows", "weekdays":
            days = value if isinstance(value, list) and all(type(day) is int for day in value) else []
            return None if days and days == [day for day in range(1, 8) if day in days] else N_("are no weekdays")
        case "contact_windows", "start" | "end":
            return None if _is_written(value, _time_of_day) else N_("is no time of day")
        case "contact_windows", "time_zone":
            return None if _among(time_zones(), value) else N_("is no time zone")
        case "notes", "kind":
            return _one_of(NoteKind, value)
        case "notes", "body":
            return text_problem(value, MAX_NOTE, lines=True)
        case "notes", "about":
            return None if _is_uuid(value) else N_("is no note")
        case "notes", "created_at":
            return None if _is_written(value, _moment) else N_("is no time")
    return text_problem(value, 500)


def contact_point_problem(system: System, value: str) -> str | None:
    """Why a value is no address of its system. Phone numbers are stored as E.164, e-mail addresses normalised."""
    if system is System.EMAIL:
        try:
            normal = validate_email(value, check_deliverability=False).normalized
            return None if normal == value else N_("is not normalised")
        except EmailNotValidError:
            return N_("is no e-mail address")
    if system is System.PHONE:
        try:
            number = phonenumbers.parse(value, None)
        except phonenumbers.NumberParseException:
            return N_("is no phone number with its country code")
        normal = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        fits = phonenumbers.is_possible_number(number) and normal == value
        return None if fits else N_("is no phone number in E.164")
    return None


def _consent_problem(catalogue: Catalogue, purpose: str, channel: str, name: str, value: Value) -> str | None:
    known = catalogue.purposes.get(purpose)
    if known is None or channel not in known.channels or name not in attributes(Consent):
        return N_("is no consent of the catalogue")
    if value is None:
        return None
    if name == "status":
        if value == ConsentStatus.OPT_OUT and channel in known.locked:
            return N_("cannot be opted out of")
        return _one_of(ConsentStatus, value)
    if name in ("capture_date", "effective_from", "effective_to"):
        return None if _is_written(value, _moment) else N_("is no time")
    return text_problem(value, 200)


def _among(known: Container[str], value: Value) -> bool:
    return isinstance(value, str) and value in known


def _one_of(
    enum: type[System] | type[Use] | type[WindowKind] | type[ConsentStatus] | type[NoteKind], value: Value
) -> str | None:
    return None if value in list(enum) else N_("is none of the choices")


def _is_written(value: Value, as_kept: Callable[[str], str]) -> bool:
    """Whether a value is the one text by which a thing is kept: a table, which gives that one back whatever it was
    given, must say what the chain says."""
    try:
        return isinstance(value, str) and as_kept(value) == value
    except (ValueError, OverflowError):
        return False


def _date(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def _time_of_day(text: str) -> str:
    return f"{time.fromisoformat(text):%H:%M}"


def _moment(text: str) -> str:
    return format_moment(datetime.fromisoformat(text))


def _is_uuid(value: Value) -> bool:
    return _is_written(value, lambda text: str(UUID(text)))


def problems(catalogue: Catalogue, values: Mapping[str, Value]) -> dict[str, list[str]]:
    """Everything that is wrong with some proposed values, by path."""
    found = {path: problem(catalogue, path, value) for path, value in values.items()}
    return {path: [why] for path, why in found.items() if why}


def in_words(problem: str) -> str:
    """A problem as its reader is told of it."""
    longer = _LONGER.fullmatch(problem)
    return _(TOO_LONG) % {"characters": longer[1]} if longer else _(problem)
