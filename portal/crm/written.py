"""How one field of a CRM writes a value, and reads it back: `from_crm(to_crm(value)) == value` for every value that a
record can hold there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import phonenumbers

from portal.audit.values import Value
from portal.catalogue.model import CrmType

DAY = 24 * 3600 * 1000
SEPARATOR = ";"
WORDS = {True: "true", False: "false"}


@dataclass(frozen=True, slots=True)
class Writing:
    """Attributes:
    values: what the CRM calls some of the values.
    order: the order in which the record keeps several choices; CRMs give them back in any.
    empty: what clears the field.
    boolean: how flags are written.
    """

    name: str
    type: CrmType
    values: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    empty: Any = None
    boolean: CrmType = CrmType.BOOLEAN
    booleans_can_be_empty: bool = True

    @property
    def is_flag(self) -> bool:
        """Whether it only says that contact is permitted or forbidden."""
        return self.type in (CrmType.OPT_IN, CrmType.OPT_OUT)

    def to_crm(self, value: Value) -> Any:
        """The value as the CRM is to hold it. A list with nothing in it is nothing."""
        if value is None or value == []:
            return self._nothing()
        match self.type:
            case CrmType.JOINED:
                return SEPARATOR.join(self._words(value))
            case CrmType.LIST:
                return self._words(value)
            case CrmType.TRUE_FALSE:
                return WORDS[bool(value)]
            case CrmType.MILLISECONDS:
                return date_to_milliseconds(str(value))
            case CrmType.INTERNATIONAL:
                return _grouped(str(value))
            case CrmType.TEXT:
                return self.values.get(str(value), value)
        return value

    def from_crm(self, raw: Any) -> Value:
        """The value as the record is to hold it; None for what holds nothing. What cannot be understood stays as it is:
        the catalogue's gate says what is wrong with it."""
        if raw is None or raw == "" or raw == [] or (raw is False and self.type is not CrmType.BOOLEAN):
            return None
        match self.type:
            case CrmType.JOINED:
                return self._ordered(str(raw).split(SEPARATOR))
            case CrmType.LIST:
                return self._ordered([str(one) for one in raw] if isinstance(raw, list) else [str(raw)])
            case CrmType.BOOLEAN | CrmType.TRUE_FALSE:
                return _truth(raw)
            case CrmType.DATE:
                return _day(raw)
            case CrmType.MILLISECONDS:
                return _day_of_milliseconds(raw) or _day(raw)
        # Some CRMs end lines as forms on web pages do.
        value = str(raw).replace("\r\n", "\n")
        return self._inverse().get(value, value)

    def flag(self, *, forbids: bool) -> Any:
        """What the flag is to hold."""
        said = forbids is (self.type is CrmType.OPT_OUT)
        return WORDS[said] if self.boolean is CrmType.TRUE_FALSE else said

    def forbids(self, raw: Any) -> bool:
        """Whether the flag forbids; an empty one that permits permits nothing."""
        return (_truth(raw) is True) is (self.type is CrmType.OPT_OUT)

    def _nothing(self) -> Any:
        never_empty = self.type is CrmType.BOOLEAN and not self.booleans_can_be_empty
        return False if never_empty else self.empty

    def _words(self, value: Value) -> list[str]:
        chosen = value if isinstance(value, list) else [value]
        return [self.values.get(str(one), str(one)) for one in chosen]

    def _ordered(self, words: list[str]) -> list[str]:
        inverse = self._inverse()
        values = [inverse.get(word, word) for word in words if word]
        place = {value: index for index, value in enumerate(self.order)}
        return sorted(dict.fromkeys(values), key=lambda value: place.get(value, len(place)))

    def _inverse(self) -> Mapping[str, str]:
        return {word: value for value, word in self.values.items()}


def date_to_milliseconds(day: str) -> str:
    """A day as the milliseconds of its midnight in UTC since 1970, in digits."""
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    return str(int(midnight.timestamp()) * 1000)


def _day(raw: Any) -> Value:
    """A day, whether it came as one, as a moment, or in milliseconds; eight digits are a day."""
    text = str(raw)
    if len(text) != len("20260331") and (day := _day_of_milliseconds(raw)):
        return day
    return text[:10] if len(text) > 10 and text[10] in "T " else text


def _day_of_milliseconds(raw: Any) -> str | None:
    """The day that so many milliseconds since 1970 are in, in UTC; None if they are none."""
    if not isinstance(raw, float) and not str(raw).removeprefix("-").isdecimal():
        return None
    try:
        return date.fromordinal(date(1970, 1, 1).toordinal() + int(raw) // DAY).isoformat()
    except (ValueError, OverflowError):
        return None


def _truth(raw: Any) -> Value:
    if isinstance(raw, bool):
        return raw
    # SQLite, below some CRMs, has no truth but 1 and 0.
    return {"true": True, "false": False, "1": True, "0": False}.get(str(raw).lower(), str(raw))


def _grouped(number: str) -> str:
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number
