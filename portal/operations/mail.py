"""Whether mail goes out, in words."""

from dataclasses import dataclass

from portal.formats import format_number
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.jobs.status import FailedJob, TaskStatus
from portal.mail.kinds import MailKind
from portal.operations.state import State


@dataclass(frozen=True, slots=True)
class UnsentMail:
    """A letter that is not tried any more."""

    job: FailedJob
    letter: str


@dataclass(frozen=True, slots=True)
class MailLine:
    """`why` is what stood in the way last, in the words of whoever met it."""

    state: State
    words: str
    why: str
    status: TaskStatus
    unsent: tuple[UnsentMail, ...]


def mail_line(status: TaskStatus | None, *, wanted: bool) -> MailLine | None:
    """How mail is doing; None where none is sent and none waits."""
    seen = status or TaskStatus("mail")
    if not wanted and not seen.waiting and not seen.failed:
        return None
    unsent = tuple(UnsentMail(job, _letter(job.kind)) for job in seen.failures)
    return MailLine(*_judged(seen), seen.why if seen.failing else "", seen, unsent)


def _judged(seen: TaskStatus) -> tuple[State, str]:
    if seen.failing:
        told = ngettext(
            "%(count)s letter waits for another try", "%(count)s letters wait for another try", seen.failing
        )
        return State.WAIT, told % {"count": format_number(seen.failing)}
    if seen.failed:
        return State.WAIT, _("some could not be sent")
    return State.YES, _("goes out")


def _letter(kind: str) -> str:
    try:
        return _named()[MailKind(kind)]
    except ValueError:
        return kind


def _named() -> dict[MailKind, str]:
    return {
        MailKind.LOGIN_LINKED: _("a way to log in was added"),
        MailKind.LOGIN_UNLINKED: _("a way to log in was removed"),
        MailKind.LOGIN_REFUSED: _("a login was refused"),
        MailKind.ADDRESS_CHANGED: _("an address was changed or removed"),
        MailKind.INVITATION: _("invitation"),
    }
