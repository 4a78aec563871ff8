"""A letter as a message: text and HTML that say the same, and headers that nothing typed by anybody gets into."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from email_validator import EmailNotValidError, ValidatedEmail, validate_email
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal.i18n import current_language, gettext, ngettext
from portal.mail.letters import Letter, Sender
from portal.paths import resource
from portal.settings import Settings


class Unwritable(Exception):
    """No mail can be addressed so."""


@dataclass(frozen=True, slots=True)
class Stationery:
    """What all letters of a portal have in common. `colours` are the brand's, as pairs of light and dark by name."""

    sender: Sender
    address: str
    reply_to: str
    colours: Mapping[str, tuple[str, str]]

    @classmethod
    def configured(cls, settings: Settings, colours: Mapping[str, tuple[str, str]]) -> "Stationery":
        sender = Sender(settings.brand_name, settings.origin, answers=bool(settings.mail_reply_to))
        return cls(sender, settings.mail_from, settings.mail_reply_to, colours)


def compose(
    stationery: Stationery, letter: Letter, *, to: str, name: str, id: UUID, at: datetime
) -> tuple[EmailMessage, str]:
    """The message in the current language, and the address for the envelope. `id` makes its Message-ID: whoever gets it
    twice can tell.

    Raises:
        Unwritable: `to` is no address of a mailbox.
    """
    address = _mailbox(to)
    message = EmailMessage(policy=SMTP if address.isascii() else SMTPUTF8)
    message["From"] = Address(_one_line(stationery.sender.brand), addr_spec=_mailbox(stationery.address))
    if stationery.reply_to:
        message["Reply-To"] = _mailbox(stationery.reply_to)
    mailbox, _at, domain = address.rpartition("@")
    message["To"] = Address(username=mailbox, domain=domain)
    message["Subject"] = _one_line(f"{stationery.sender.brand}: {letter.subject}")
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{id}@{urlsplit(stationery.sender.origin).hostname}>"
    # RFC 3834: no machine answers this. Exchange has a word of its own for it.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    context = {"letter": letter, "name": _one_line(name), "sender": stationery.sender, "colours": stationery.colours}
    message.set_content(_render("mail/letter.txt", context), cte="quoted-printable")
    message.add_alternative(_render("mail/letter.html", context), subtype="html", cte="quoted-printable")
    message["Content-Language"] = current_language()  # what sets the content takes all Content- headers away
    return message, address


def _mailbox(given: str) -> str:
    """The address as servers take it: in ASCII wherever that is possible."""
    try:
        found: ValidatedEmail = validate_email(given, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Unwritable from None
    return found.ascii_email or found.normalized


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _render(template: str, context: Mapping[str, Any]) -> str:
    return _environment().get_template(template).render(context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(resource("templates")),
        autoescape=select_autoescape(["html"], default_for_string=True),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["language"] = current_language
    return environment
