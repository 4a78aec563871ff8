"""Handing a message to the company's mail server."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from urllib.parse import urlsplit

import aiosmtplib

from portal.jobs.task import Hopeless, NotNow
from portal.settings import Settings
from portal.settings.mail import SmtpTls

ANSWER_SECONDS = 20.0
"""How long one answer of the server may take."""
ALL_SECONDS = 60.0
"""How long all of it may take."""
GOODBYE_SECONDS = 2.0

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


async def deliver(settings: Settings, message: EmailMessage, address: str) -> None:
    """Hand a message over; when this returns, the server has taken it.

    Raises:
        Hopeless: the server takes no mail like this one or for this address, and will not.
        NotNow: it does not answer, or is not ready; or it was lost on the way, and nobody knows whether it was taken.
    """
    try:
        async with _connected(settings, ALL_SECONDS) as server:
            await server.send_message(message, sender=settings.mail_from, recipients=[address])
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        # Without the cause: servers like to repeat the address.
        raise _told(error) from None


async def knock(settings: Settings) -> None:
    """Connect, encrypt and log in as for a message, and hand over none.

    Raises:
        NotNow: this does not work; the message says why.
    """
    try:
        async with _connected(settings, ANSWER_SECONDS) as server:
            await server.noop()
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        raise NotNow(str(_told(error))) from None


@asynccontextmanager
async def _connected(settings: Settings, seconds: float) -> AsyncIterator[aiosmtplib.SMTP]:
    """The server, for so long. What was handed over stays so, however the goodbye turns out; and when something went
    wrong, or the worker is to end, nobody waits for one."""
    server = _client(settings)
    try:
        async with asyncio.timeout(seconds):
            await server.connect()
            yield server
        with suppress(aiosmtplib.SMTPException, OSError):
            await server.quit(timeout=GOODBYE_SECONDS)
    finally:
        server.close()


def _client(settings: Settings) -> aiosmtplib.SMTP:
    tls = settings.smtp_tls
    return aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port_used,
        username=settings.smtp_username or None,
        password=settings.smtp_password.get_secret_value() or None,
        use_tls=tls is SmtpTls.TLS,
        start_tls=tls is SmtpTls.STARTTLS,
        tls_context=None if tls is SmtpTls.NONE else _trust(settings),
        local_hostname=urlsplit(settings.origin).hostname,
        timeout=ANSWER_SECONDS,
    )


def _trust(settings: Settings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.smtp_ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _told(error: Exception) -> Hopeless | NotNow:
    """What went wrong, without the address and without the server's prose, in which it may stand."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[first, *_]):
            return _refused("the mail server refuses the address", first)
        case aiosmtplib.SMTPRecipientRefused():
            return _refused("the mail server refuses the address", error)
        case aiosmtplib.SMTPDataError():
            return _refused("the mail server refuses the message", error)
        case aiosmtplib.SMTPNotSupported() if "SMTPUTF8" in error.message:
            return Hopeless("the mail server takes no addresses in other alphabets")
        case ValueError() if not isinstance(error, OSError):
            return Hopeless("the address cannot be sent to")
    return NotNow(_trouble(error))


def _refused(what: str, answer: aiosmtplib.SMTPResponseException) -> Hopeless | NotNow:
    """5xx is for good, anything else for now (RFC 5321, 4.2.1)."""
    said = f"{what}: {_code(answer)}"
    return Hopeless(said) if 500 <= answer.code < 600 else NotNow(said)


def _trouble(error: Exception) -> str:
    """What is wrong with the server or with how it is set here; mending that mends the mail."""
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return f"the mail server does not let us in, check SMTP_USERNAME and SMTP_PASSWORD: {_code(error)}"
        case aiosmtplib.SMTPSenderRefused():
            return f"the mail server refuses MAIL_FROM: {_code(error)}"
        case aiosmtplib.SMTPResponseException():
            return f"the mail server is not ready: {_code(error)}"
        case ssl.SSLCertVerificationError():
            return f"the mail server's certificate is not trusted: {error.verify_message}"
        case TimeoutError():
            return "the mail server does not answer in time"
        case aiosmtplib.SMTPException() if "not supported" in error.message:
            return "the mail server offers no STARTTLS, or nobody can log in to it: check SMTP_TLS and SMTP_USERNAME"
    if isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return _trouble(error.__cause__)
    return "the mail server cannot be reached, or hung up"


def _code(answer: aiosmtplib.SMTPResponseException) -> str:
    """`550 5.1.1`: the code, and the finer one (RFC 3463) where the server gives it."""
    finer = _ENHANCED.match(answer.message)
    return f"{answer.code} {finer[0]}" if finer else str(answer.code)
