"""A company's own look: its name, its logo, its colours, checked before anybody has to read them."""

from dataclasses import dataclass
from pathlib import Path

from portal.paths import resource
from portal.settings import Settings, SettingsError
from portal.web import contrast
from portal.web.static import StaticFiles

TOKENS = "css/brand.css"


@dataclass(frozen=True, slots=True)
class Brand:
    """`logo` is the address of a picture, or None for the portal's own mark."""

    name: str
    logo: str | None


def overrides(settings: Settings) -> dict[str, Path]:
    """The static files that the company's own stand in for.

    Raises:
        SettingsError: one of them is not there, or nothing that browsers show.
    """
    found = {}
    if settings.brand_tokens:
        found[TOKENS] = _there("BRAND_TOKENS", settings.brand_tokens, (".css",))
    if settings.brand_logo:
        found[_logo_name(settings.brand_logo)] = _there("BRAND_LOGO", settings.brand_logo, (".svg", ".png", ".webp"))
    return found


def brand(settings: Settings, static: StaticFiles) -> Brand:
    """The look that the settings ask for.

    Raises:
        SettingsError: its colours cannot be read on each other; the message says which.
    """
    _require_readable(settings, static.file(TOKENS).body.decode())
    logo = static.url(_logo_name(settings.brand_logo)) if settings.brand_logo else None
    return Brand(settings.brand_name, logo)


def colours(settings: Settings) -> contrast.Themes:
    """The brand's colours by name, for what has no stylesheet: mail.

    Raises:
        SettingsError: they are not there, or cannot be read on each other.
    """
    css = overrides(settings).get(TOKENS, resource("static") / TOKENS).read_text(encoding="utf-8")
    _require_readable(settings, css)
    return contrast.tokens(css)


def _require_readable(settings: Settings, css: str) -> None:
    if wrong := contrast.problems(css):
        raise SettingsError("\n".join(f"BRAND_TOKENS: {settings.brand_tokens or TOKENS}: {why}" for why in wrong))


def _there(name: str, path: Path, kinds: tuple[str, ...]) -> Path:
    if path.suffix.lower() not in kinds:
        raise SettingsError(f"{name}: {path} must end with {' or '.join(kinds)}")
    if not path.is_file():
        raise SettingsError(f"{name}: {path} is no file")
    return path


def _logo_name(path: Path) -> str:
    return f"img/company{path.suffix.lower()}"
