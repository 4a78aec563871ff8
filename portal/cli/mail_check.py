"""What `portal doctor` says of mail."""

from collections.abc import Iterator

from portal.cli.context import run
from portal.cli.finding import Finding
from portal.jobs.task import NotNow
from portal.loopback import is_loopback
from portal.mail.smtp import knock
from portal.settings import Settings
from portal.settings.mail import SmtpTls


def ask_mail(settings: Settings) -> Iterator[Finding]:
    """Whether the mail server lets us in, by going there."""
    if not settings.smtp_host:
        yield Finding("mail: none is sent, so nobody hears by mail that a login was added; set SMTP_HOST for it")
        return
    name = (
        f"mail server {settings.smtp_host}:{settings.smtp_port_used} ({settings.smtp_tls}), from {settings.mail_from}"
    )
    try:
        run(knock(settings))
    except NotNow as error:
        yield Finding(name, f"{str(error)[:1].upper()}{str(error)[1:]}. Then: portal mail test <your address>")
        return
    if settings.smtp_tls is SmtpTls.NONE and not is_loopback(settings.smtp_host):
        name += "; whoever is on the way to it can read along"
    yield Finding(name)
