"""What a record holds, in the words of the person who reads it."""

import json
from collections.abc import Mapping
from datetime import date, time

import phonenumbers

from portal.audit.values import Value
from portal.catalogue.check import time_zones
from portal.catalogue.model import Catalogue, Field, Kind
from portal.formats import country_name, format_date, format_hours, format_weekdays, language_name, zone_name
from portal.i18n import current_language
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
            return zone_name(str(value)) if value in time_zones() else str(value)
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
        return phonenumbers.format_number(phonenumbers.parse(value), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return value


def system_name(system: str) -> str:
    """What kind of contact point it is."""
    return {
        System.EMAIL: _("E-mail address"),
        System.PHONE: _("Phone number"),
        System.POSTAL: _("Postal address"),
        System.MESSAGING: _("Messaging name"),
    }[System(system)]


def use_name(use: str) -> str:
    """Where a contact point reaches the person."""
    return {
        Use.MOBILE: _("mobile"),
        Use.HOME: _("at home"),
        Use.WORK: _("at work"),
        Use.PRIVATE: _("private"),
        Use.OTHER: _("other"),
    }[Use(use)]


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
    return {
        ConsentStatus.OPT_IN: _("agreed"),
        ConsentStatus.OPT_OUT: _("opted out"),
        ConsentStatus.SEEN: _("shown, not decided"),
        ConsentStatus.NOT_SEEN: _("not asked yet"),
    }[ConsentStatus(status)]
