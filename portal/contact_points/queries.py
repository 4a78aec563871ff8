"""What else a record says about where its customer is."""

import phonenumbers
from babel.core import get_global

from portal.catalogue.model import Catalogue, Kind
from portal.record.models import Record, System


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
