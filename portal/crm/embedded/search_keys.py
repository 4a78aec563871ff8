"""What a contact is found by: names, e-mail addresses, phone numbers, the customer number, each in one plain form."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import permutations

import phonenumbers

from portal.crm.port import ContactPoint

MAX_KEYS = 60
MAX_KEY = 100
MAX_TERMS = 6

_WORDS = re.compile(r"[\w@.+'’-]+")
_JOINTS = re.compile(r"[-'’.]")
_DIGITS_ONLY = re.compile(r"[\d\s+()/.-]*\d[\d\s+()/.-]*")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def search_keys(name: str, number: str, contact_points: Iterable[ContactPoint]) -> list[str]:
    """The keys of one contact, each of which can be searched by its beginning. Those of two words of a name begin with
    a space (`search_v3.sql`), and are left out first."""
    forms = _forms(name)
    keys = {fold(number), *(word for form in forms for word in form)}
    if _DIGITS_ONLY.fullmatch(number):
        keys.add(_dialled(number))
    for point in contact_points:
        if point.system == "email":
            keys.add(fold(point.value))
        elif point.system == "phone":
            keys |= _phone_keys(point.value)
    pairs = {f" {one} {other}" for form in forms for one, other in permutations(sorted(form), 2)}
    return [key[:MAX_KEY] for key in (*sorted(filter(None, keys)), *sorted(pairs))][:MAX_KEYS]


def search_terms(query: str) -> list[str]:
    """What is asked for, in the form of the keys: one term if it looks like a number, else its words."""
    query = query.replace("\0", "").strip()
    if _DIGITS_ONLY.fullmatch(query):
        return [_dialled(query)[:MAX_KEY]]
    return list(dict.fromkeys(word[:MAX_KEY] for word in _words(query)))[:MAX_TERMS]


def fold(text: str) -> str:
    """Small letters without accents: what people type when they search."""
    if text.isascii():
        return text.lower().strip()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).strip()


def _forms(name: str) -> list[set[str]]:
    """The words of a name, folded; with umlauts also as German writes them without, and both with the halves of double
    names as words of their own."""
    without_umlauts = unicodedata.normalize("NFC", name.casefold()).translate(_UMLAUTS)
    whole = [set(_words(form)) for form in (name, without_umlauts)]
    return whole + [{half for word in words for half in _JOINTS.split(word) if half} for words in whole]


def _words(text: str) -> list[str]:
    return _WORDS.findall(fold(text))


def _phone_keys(value: str) -> set[str]:
    """The digits as dialled from abroad, from home, and without the leading zero."""
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return set()
    national = phonenumbers.national_significant_number(number)
    at_home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return {f"{number.country_code}{national}", national, re.sub(r"\D", "", at_home)}


def _dialled(query: str) -> str:
    """The digits as one would dial them from abroad or at home: no 00 or + before the country, no (0) after it."""
    digits = re.sub(r"\D", "", query.replace("(0)", "")) or re.sub(r"\D", "", query)
    return digits.removeprefix("00") or digits
