"""Cookies that scripts cannot read, that no other site can send along with a form, and that no other host can set.

The prefix `__Host-` makes browsers refuse them without Secure, with a Domain or with another path. Over plain http,
which is for one's own machine in development, they have neither the prefix nor Secure.
"""

from starlette.responses import Response

from portal.settings import Settings


def full_name(settings: Settings, name: str) -> str:
    """The name under which browsers keep the cookie."""
    return f"__Host-{name}" if _secure(settings) else name


def put(response: Response, settings: Settings, name: str, value: str, *, max_age: int | None = None) -> None:
    """Set a cookie; without `max_age` it lasts until the browser is closed."""
    response.set_cookie(
        full_name(settings, name),
        value,
        max_age=max_age,
        path="/",
        secure=_secure(settings),
        httponly=True,
        samesite="lax",
    )


def remove(response: Response, settings: Settings, name: str) -> None:
    """Make the browser forget a cookie."""
    put(response, settings, name, "", max_age=0)


def _secure(settings: Settings) -> bool:
    return settings.origin.startswith("https://")
