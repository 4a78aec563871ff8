"""Addresses as a record keeps them, whoever wrote them: a customer, a user of a CRM, a line of a file."""

import re

import phonenumbers
from babel.core import get_global
from email_validator import EmailNotValidError, validate_email

from portal.catalogue.model import Catalogue, Kind
from portal.record.models import Record, System

# The country's code, the area's with the one slash that may follow it, and digits in groups. A slash farther back is
# between two numbers; letters, commas and the like are an extension, a second number, or prose.
NUMBER = re.compile(r"(\(?(\+|00) ?\d{1,3}\)?[ .-]?)?(\(0\) ?)?(\(?\d{2,6}\)? ?/ ?)?[\d ().\-\u2010-\u2015]+")


def normal(system: System, text: str, country: str | None = None) -> str:
    """An address in its one form: a phone number in E.164, an e-mail address with its domain in small letters. What is
    no address stays as it came: the gate says what is wrong with it.

    Args:
        country: where a phone number without a country code is taken to be (ISO 3166); None: nowhere.
    """
    text = "\n".join(line.strip() for line in text.splitlines()).strip()
    match system:
        case System.EMAIL:
            try:
                return validate_email(text, check_deliverability=False).normalized
            except EmailNotValidError:
                return text
        case System.PHONE:
            number = phone_number(text, country)
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if number else text
    return text


def phone_number(text: str, country: str | None = None) -> phonenumbers.PhoneNumber | None:
    """The one number that a text is; None where it says anything besides, which would be lost."""
    if not NUMBER.fullmatch(text.strip().replace("\u00a0", " ")):
        return None
    try:
        return phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None


def home_country(catalogue: Catalogue, record: Record) -> str | None:
    """The country in which a phone number without a country code is taken to be: as the profile says, else as another
    number or the time zone tells (ISO 3166, two letters); None where nothing tells."""
    said = (record.profile.get(field.key) for field in catalogue.fields.values() if field.kind is Kind.COUNTRY)
    numbers = (_country_of_number(point.value) for point in record.contact_points if point.system is System.PHONE)
    zone = get_global("zone_territories").get(str(record.profile.get("time_zone")))
    return next((str(c) for c in (*said, *numbers, zone) if c in phonenumbers.SUPPORTED_REGIONS), None)


def _country_of_number(value: str) -> str | None:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(value))
    except phonenumbers.NumberParseException:
        return None
