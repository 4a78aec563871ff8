"""What the address of a page of a log asks for: filters, and where the page begins."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from starlette.requests import Request
from wtforms import Form

from portal.auditing.cursor import Direction
from portal.auditing.showing import midnight
from portal.errors import PortalError
from portal.i18n import current_zone
from portal.i18n import gettext as _

C = TypeVar("C")


def filters_on(
    request: Request, form: Form, labels: Mapping[str, str], *, pages: bool = True
) -> tuple[dict[str, str], list[str]]:
    """The filters that are on as they were typed, and what is wrong with them. A filter that we do not have is wrong
    too: whoever misspells one must not take everything for what they asked for.

    Args:
        labels: what the fields are called, in the order in which mistakes are told.
        pages: it may say where a page begins.
    """
    unknown = sorted(request.query_params.keys() - form.data.keys() - set(Direction if pages else ()))
    errors = [_("The log has no filter “%(name)s”.") % {"name": name[:40]} for name in unknown[:5]]
    if not form.validate():
        errors += [f"{label}: {problem}" for name, label in labels.items() for problem in form[name].errors]
    return {name: request.query_params[name] for name in form.data if request.query_params.get(name)}, errors


def days_asked(form: Form) -> tuple[datetime | None, datetime | None]:
    """From when to when: both days of the form belong to it, in the reader's time zone."""
    zone, after, before = current_zone(), form.data["after"], form.data["before"]
    return (
        midnight(after, zone) if after else None,
        midnight(before + timedelta(days=1), zone) if before else None,
    )


def page_begins(request: Request, parse: Callable[[str], C], hint: str) -> tuple[C | None, Direction]:
    """Where the page begins, and which way it goes on.

    Raises:
        PortalError: the address was cut off; `hint` says what to do then.
    """
    for direction in Direction:
        if text := request.query_params.get(direction.value):
            try:
                return parse(text), direction
            except ValueError:
                raise PortalError(_("This address of a page of the log is not complete."), hint=hint) from None
    return None, Direction.OLDER
