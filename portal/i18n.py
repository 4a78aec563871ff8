"""The language and time zone of the person who is being answered, and the words in that language.

The sources are English; `portal/locale/<language>/LC_MESSAGES/portal.mo` holds the translations.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.support import NullTranslations, Translations

LANGUAGES = ("en", "de")
"""The interface languages, the first of them for who asks for none that is here."""

_LOCALES = {"en": Locale("en", "GB"), "de": Locale("de", "DE")}
_FOLDER = Path(__file__).resolve().parent / "locale"

_language: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])
_zone: ContextVar[ZoneInfo | None] = ContextVar("zone", default=None)


def N_(message: str) -> str:
    """The message as it is: it is collected here, and translated when it is told."""
    return message


def gettext(message: str) -> str:
    """The message in the current language."""
    return _translations(_language.get()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form of the message that the current language uses for `n` things."""
    return _translations(_language.get()).ngettext(singular, plural, n)


def pgettext(context: str, message: str) -> str:
    """The message in the current language, as it is said in a context (`calls` may be a title or an object)."""
    return str(_translations(_language.get()).pgettext(context, message))


def current_language() -> str:
    """`en` or `de`: what stands in the page's `lang` and chooses the catalogue's texts."""
    return _language.get()


def current_locale() -> Locale:
    """How dates, times and numbers are written for the current person."""
    return _LOCALES[_language.get()]


def current_zone() -> ZoneInfo:
    """The time zone in which the current person is told times."""
    return _zone.get() or ZoneInfo("UTC")


def use(language: str, zone: str | None = None) -> None:
    """Speak this language, and tell times in this zone, for the rest of the current request.

    A zone that the time zone database does not know is ignored: times stay in the one used so far.
    """
    _language.set(language if language in _LOCALES else LANGUAGES[0])
    if zone:
        try:
            _zone.set(ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return


@contextmanager
def using(language: str, zone: str = "UTC") -> Iterator[None]:
    """Speak this language in this zone for the length of a `with` block: for mail, jobs and tests."""
    before = _language.get(), _zone.get()
    use(language, zone)
    try:
        yield
    finally:
        _language.set(before[0])
        _zone.set(before[1])


@cache
def _translations(language: str) -> NullTranslations:
    return Translations.load(_FOLDER, [language], domain="portal")
