"""The words of each letter, in the language that is current."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.formats import format_datetime
from portal.i18n import current_zone
from portal.i18n import gettext as _
from portal.mail.kinds import MailKind


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the company's name, the portal's address, and whether somebody reads the answers."""

    brand: str
    origin: str
    answers: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What letters tell of. `at` is when it happened, `provider` what people know the identity provider by."""

    at: datetime
    provider: str = ""
    code: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """`link` is what the button says and where it leads; `code` stands by itself, to be typed or copied. `farewell`
    says that the address it goes to is the customer's no more."""

    subject: str
    paragraphs: tuple[str, ...]
    link: tuple[str, str] | None = None
    code: str = ""
    after: tuple[str, ...] = ()
    farewell: bool = False


def letter(kind: MailKind, sender: Sender, facts: Facts) -> Letter:
    """What a letter of this kind says."""
    return _WRITTEN[kind](sender, facts)


def _linked(sender: Sender, facts: Facts) -> Letter:
    return Letter(
        _("A way to log in was added to your record"),
        (
            _("On %(when)s a way to log in was added to your customer record with %(brand)s%(provider)s.")
            % _told(sender, facts),
            _("If this was you, there is nothing to do."),
        ),
        _to_record(sender),
        after=(_if_it_was_not_you(sender),),
    )


def _unlinked(sender: Sender, facts: Facts) -> Letter:
    return Letter(
        _("A way to log in was removed from your record"),
        (
            _("On %(when)s a way to log in was removed from your customer record with %(brand)s%(provider)s.")
            % _told(sender, facts),
            _("It does not open your record any more. If this was you, there is nothing to do."),
        ),
        _to_record(sender),
        after=(_if_it_was_not_you(sender),),
    )


def _refused(sender: Sender, facts: Facts) -> Letter:
    return Letter(
        _("We refused a login to your record"),
        (
            _("On %(when)s somebody tried to open your customer record with %(brand)s by another login%(provider)s.")
            % _told(sender, facts),
            _("We refused it. Nobody has seen your data, and nothing has changed."),
        ),
        after=(_if_it_was_not_you(sender),),
    )


def _address_changed(sender: Sender, facts: Facts) -> Letter:
    return Letter(
        _("This e-mail address was taken out of your record"),
        (
            _("On %(when)s this e-mail address was changed in your customer record with %(brand)s, or removed from it.")
            % _told(sender, facts),
            _("We write to it no more. If you wanted this, there is nothing to do."),
        ),
        (_("Open my record"), f"{sender.origin}/record"),
        after=(_if_it_was_not_you(sender),),
        farewell=True,
    )


def _invitation(sender: Sender, facts: Facts) -> Letter:
    until = format_datetime(facts.expires_at) if facts.expires_at else ""
    return Letter(
        _("Your invitation to your customer record"),
        (
            _(
                "%(brand)s keeps a record of how and when you would like to be reached. You can see it, correct it, "
                "and decide what it may be used for."
            )
            % {"brand": sender.brand},
            _("With this invitation you connect an account of yours with it, and log in with that one from then on."),
        ),
        (_("Open my record"), f"{sender.origin}/invitation#{facts.code}"),
        facts.code,
        (
            _("The link works once, until %(until)s (%(zone)s). It is for you alone: do not pass it on.")
            % {"until": until, "zone": current_zone().key},
            _("If you did not expect this, you need not do anything."),
        ),
    )


def _told(sender: Sender, facts: Facts) -> Mapping[str, str]:
    return {
        "when": f"{format_datetime(facts.at)} ({current_zone().key})",
        "brand": sender.brand,
        "provider": f": {facts.provider}" if facts.provider else "",
    }


def _to_record(sender: Sender) -> tuple[str, str]:
    return _("See my ways to log in"), f"{sender.origin}/record/logins"


def _if_it_was_not_you(sender: Sender) -> str:
    if sender.answers:
        return _("If it was not you, answer this mail at once.")
    return _("If it was not you, tell us at once.")


_WRITTEN: dict[MailKind, Callable[[Sender, Facts], Letter]] = {
    MailKind.LOGIN_LINKED: _linked,
    MailKind.LOGIN_UNLINKED: _unlinked,
    MailKind.LOGIN_REFUSED: _refused,
    MailKind.ADDRESS_CHANGED: _address_changed,
    MailKind.INVITATION: _invitation,
}


def trial(sender: Sender) -> Letter:
    """What `portal mail test` sends."""
    return Letter(
        _("Mail from %(brand)s works") % {"brand": sender.brand},
        (_("Whoever runs the customer portal wanted to know whether its mail arrives. It does."),),
    )
