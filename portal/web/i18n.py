"""Which language to speak with a browser; the words themselves are in portal.i18n, not the web's alone."""

from portal.i18n import (
    LANGUAGES,
    current_language,
    current_locale,
    current_zone,
    gettext,
    ngettext,
    pgettext,
    use,
    using,
)

__all__ = [
    "LANGUAGES",
    "current_language",
    "current_locale",
    "current_zone",
    "gettext",
    "negotiate",
    "ngettext",
    "pgettext",
    "use",
    "using",
]


def negotiate(*, preference: str | None = None, cookie: str | None = None, accept: str = "") -> str:
    """The interface language: what the person prefers, else chose here, else what the browser asks for."""
    for chosen in (preference, cookie):
        if chosen and chosen.split("-")[0] in LANGUAGES:
            return chosen.split("-")[0]
    return next((language for language in _asked_for(accept) if language in LANGUAGES), LANGUAGES[0])


def _asked_for(accept: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first (RFC 9110, section 12.5.4)."""
    wanted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept.split(",")[:20]):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if quality > 0:
            wanted.append((-quality, position, tag.strip().lower().split("-")[0]))
    return [language for _, _, language in sorted(wanted)]
