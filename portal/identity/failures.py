"""Why a login did not come about. The words are for the log: they name no person and hold no secret."""


class LoginFailed(Exception):
    """Somebody could not be logged in; `str()` says why, for whoever runs the portal."""


class ProviderDown(LoginFailed):
    """The provider does not answer, or says that it cannot at present: trying again later helps."""


class ProviderMistaken(LoginFailed):
    """The provider or its settings are wrong: trying again does not help until somebody mends it."""


class Refused(LoginFailed):
    """This login is not acceptable: stale, repeated, forged or meant for somebody else. A new one may be."""


class Declined(LoginFailed):
    """The person or the provider said no."""
