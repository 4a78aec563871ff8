"""Why a login did not come about. The words are for the log: they name no person and hold no secret."""


class LoginFailed(Exception):
    """Somebody could not be logged in; `str()` says why, for whoever runs the portal."""


class ProviderDown(LoginFailed):
    """The provider does not answer, or says that it cannot at present: trying again later helps."""


class ProviderMistaken(LoginFailed):
    """The provider or its settings are wrong: trying again does not help until somebody mends it."""


class LoginTimeUnsaid(ProviderMistaken):
    """It does not say when people prove who they are, so that nobody can show a fresh login there."""


class Refused(LoginFailed):
    """This login is not acceptable: stale, repeated, forged or meant for somebody else. A new one may be."""


class Declined(LoginFailed):
    """The person or the provider said no."""


KINDS: tuple[type[LoginFailed], ...] = (ProviderDown, LoginTimeUnsaid, ProviderMistaken, Declined, Refused)


def kind_of(failure: LoginFailed) -> str:
    """The name of the kind that it is of."""
    return next((kind.__name__ for kind in KINDS if isinstance(failure, kind)), Refused.__name__)


def kind_named(name: str) -> type[LoginFailed]:
    """The kind with this name."""
    return next((kind for kind in KINDS if kind.__name__ == name), Refused)
