"""A login that did not come about, in words: what happened, that nothing was lost, what to do next."""

from portal.i18n import gettext as _
from portal.identity.failures import Declined, LoginFailed, LoginTimeUnsaid, ProviderDown, ProviderMistaken
from portal.identity.transaction import Purpose


def words(failure: LoginFailed, purpose: Purpose = Purpose.LOGIN) -> tuple[int, str]:
    """The status of the answer and what it says. Which rule was broken is for the log, and not for who broke it."""
    match failure:
        case ProviderDown():
            return 503, _(
                "Logging in is not possible at the moment, because the login service does not answer. "
                "Nothing is lost. Please try again in a few minutes."
            )
        case LoginTimeUnsaid():
            return 403, _(
                "What you wanted to open asks for a fresh login, and your login service does not tell us when you "
                "logged in there. So it cannot be opened with this account. Nothing is lost, and nothing has changed. "
                "Whoever runs the portal can see in its log what has to be set."
            )
        case ProviderMistaken():
            return 503, _(
                "Logging in is not possible at the moment, because the login service and this portal do not understand "
                "each other. Nothing is lost. Whoever runs the portal can see in its log what has to be mended."
            )
        case Declined():
            return 400, _("The login was cancelled before it was finished. Nothing has changed.")
    if purpose is Purpose.STEP_UP:
        return 400, _(
            "This did not show once more that it is you: it took too long, was done with another account, or the login "
            "service did not ask you anew. Nothing is lost, and nothing has changed. Please try again."
        )
    return 400, _(
        "This login was not finished: it took too long, was finished before, or was begun in another browser. "
        "Nothing is lost. Please log in once more."
    )
