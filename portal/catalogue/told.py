"""What a record holds, in the words of the person who reads it."""

import json
import re
from collections.abc import Mapping
from datetime import date, time

import phonenumbers

from portal.audit.values import Value
from portal.catalogue.model import Catalogue, Field, Kind
from portal.formats import country_name, format_date, format_hours, format_weekdays, language_name, zone_name
from portal.i18n import N_, current_language
from portal.i18n import gettext as _
from portal.record.models import ConsentStatus, System, Use, WindowKind


def words(value: str | Mapping[str, str]) -> str:
    """A text of the catalogue in the person's language: it gives one text, or one per language."""
    if isinstance(value, str):
        return value
    return value.get(current_language()) or next(iter(value.values()), "")


def told(value: Value, field: Field) -> str:
    """What a profile field holds; empty where it holds nothing."""
    if value is None or value == [] or value == "":
        return ""
    if isinstance(value, list):
        return ", ".join(told(item, field) for item in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    match field.kind:
        case Kind.CHOICE | Kind.CHOICES:
            return words(field.choices.get(str(value), str(value)))
        case Kind.DATE:
            return _day(str(value))
        case Kind.LANGUAGE:
            return language_name(str(value))
        case Kind.COUNTRY:
            return country_name(str(value))
        case Kind.TIME_ZONE:
            return zone_name(str(value))
    return str(value)


def kept_value(text: str) -> Value:
    """What the evidence of a change keeps of a value: text as it is, anything else as JSON."""
    try:
        value: Value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | list) or value is None else text


def _day(text: str) -> str:
    """A day; or whatever else somebody wrote where one was asked for, as a CRM's users may."""
    try:
        return format_date(date.fromisoformat(text))
    except ValueError:
        return text


def address(system: str, value: str) -> str:
    """A contact point's value in one line: a phone number is told in groups, as it is dialled from abroad."""
    if system == System.POSTAL:
        return ", ".join(part.strip(" ,") for part in value.splitlines() if part.strip(" ,"))
    if system != System.PHONE:
        return value
    try:
        number = _kept_number(value) or phonenumbers.parse(value)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return value


_KEPT = re.compile(r"\+([1-9][0-9]{6,14})")


def _kept_number(value: str) -> phonenumbers.PhoneNumber | None:
    """A number in the one form that the gate lets in (E.164): all that is to be found out is which country code it
    begins with, and none begins another. None where there is more to it, such as a zero that belongs to it."""
    if not (digits := _KEPT.fullmatch(value)):
        return None
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    length = next((n for n in (1, 2, 3) if int(digits[1][:n]) in codes), None)
    if length is None or digits[1][length] == "0":
        return None
    return phonenumbers.PhoneNumber(int(digits[1][:length]), int(digits[1][length:]))


def system_name(system: str) -> str:
    """What kind of contact point it is."""
    return _(_SYSTEMS[System(system)])


_SYSTEMS = {
    System.EMAIL: N_("E-mail address"),
    System.PHONE: N_("Phone number"),
    System.POSTAL: N_("Postal address"),
    System.MESSAGING: N_("Messaging name"),
}


def use_name(use: str) -> str:
    """Where a contact point reaches the person."""
    return _(_USES[Use(use)])


_USES = {
    Use.MOBILE: N_("mobile"),
    Use.HOME: N_("at home"),
    Use.WORK: N_("at work"),
    Use.PRIVATE: N_("private"),
    Use.OTHER: N_("other"),
}


def window_kind_name(kind: str) -> str:
    """Whether contact is welcome in a window."""
    return _("welcome") if kind == WindowKind.DO else _("please not")


def window_name(weekdays: Value, start: Value, end: Value) -> str:
    """When a window is: `Mon–Fri, 17:00–20:00`."""
    days = format_weekdays([int(day) for day in weekdays if isinstance(day, int)] if isinstance(weekdays, list) else [])
    return f"{days}, {format_hours(time.fromisoformat(str(start)), time.fromisoformat(str(end)))}"


def channel_name(catalogue: Catalogue, channel: Value) -> str:
    """A channel's label; no channel stands for all that interrupt somebody."""
    if channel is None:
        return _("calls and messages")
    known = catalogue.channels.get(str(channel))
    return words(known.labels) if known else str(channel)


def purpose_name(catalogue: Catalogue, purpose: str) -> str:
    """A purpose's label; its key where the catalogue has forgotten it."""
    known = catalogue.purposes.get(purpose)
    return words(known.labels) if known else purpose


def status_name(status: str) -> str:
    """What was said to contact on a channel for a purpose."""
    return _(_STATUSES[ConsentStatus(status)])


_STATUSES = {
    ConsentStatus.OPT_IN: N_("agreed"),
    ConsentStatus.OPT_OUT: N_("opted out"),
    ConsentStatus.SEEN: N_("shown, not decided"),
    ConsentStatus.NOT_SEEN: N_("not asked yet"),
}
