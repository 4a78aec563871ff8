"""The errors that a person may see: what happened, that nothing was lost, what to do next."""

from collections.abc import Mapping, Sequence


class PortalError(Exception):
    """An error told in words that are fit for the person who caused or met it.

    `message` is already in that person's language; `hint` says what to do next; `status` is the HTTP status.
    """

    status = 400

    def __init__(self, message: str, *, hint: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if status is not None:
            self.status = status


class Forbidden(PortalError):
    """The person is known, and may not do this."""

    status = 403


class NotFound(PortalError):
    """There is nothing here, or nothing that this person may know of."""

    status = 404


class Conflict(PortalError):
    """Somebody else was faster."""

    status = 409


class TooLarge(PortalError):
    """More was sent than is taken."""

    status = 413


class Invalid(PortalError):
    """What was sent cannot be kept; `errors` maps a field or path to what is wrong with it."""

    status = 422

    def __init__(self, message: str, errors: Mapping[str, Sequence[str]] | None = None, *, hint: str | None = None):
        super().__init__(message, hint=hint)
        self.errors = {key: list(value) for key, value in (errors or {}).items()}


class TooMany(PortalError):
    """Somebody tries too often; `seconds` says after how long they may again."""

    status = 429

    def __init__(self, message: str, *, seconds: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.seconds = seconds


class Unavailable(PortalError):
    """Something that the portal needs does not answer at present; nothing was kept."""

    status = 503


class Uncertain(PortalError):
    """The answer to a write was lost, so nobody can tell whether it was kept. Sending it again is safe."""

    status = 503
