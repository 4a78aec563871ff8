"""The settings of mail: the server that takes it, and who it comes from. Without SMTP_HOST no mail is sent."""

from enum import StrEnum
from pathlib import Path
from typing import Self

from email_validator import EmailNotValidError, validate_email
from pydantic import BaseModel, Field, SecretStr, model_validator

from portal.loopback import is_loopback


class SmtpTls(StrEnum):
    """How the connection to the mail server is encrypted."""

    STARTTLS = "starttls"  # from the first command on; a server that does not offer it gets no mail
    TLS = "tls"  # from the first byte on
    NONE = "none"  # not at all: for a relay on the same machine or in the same closed network


USUAL_PORTS = {SmtpTls.STARTTLS: 587, SmtpTls.TLS: 465, SmtpTls.NONE: 25}


class MailSettings(BaseModel):
    """A part of `portal.settings.Settings`."""

    smtp_host: str = ""
    smtp_port: int | None = Field(default=None, ge=1, le=65_535)
    smtp_tls: SmtpTls = SmtpTls.STARTTLS
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_ca_file: Path | None = None
    mail_from: str = ""
    mail_reply_to: str = ""

    @property
    def smtp_port_used(self) -> int:
        """The given port, or the usual one for the way of encryption."""
        return self.smtp_port or USUAL_PORTS[self.smtp_tls]

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> Self:
        for name in ("mail_from", "mail_reply_to"):
            if address := getattr(self, name):
                _require_address(name.upper(), address)
        if not self.smtp_host:
            return self
        if not self.mail_from:
            raise ValueError("MAIL_FROM is missing: who does the mail come from that SMTP_HOST is to send?")
        password = self.smtp_password.get_secret_value()
        if bool(self.smtp_username) != bool(password):
            raise ValueError("SMTP_USERNAME and SMTP_PASSWORD go together: give both or none")
        if password and self.smtp_tls is SmtpTls.NONE and not is_loopback(self.smtp_host):
            raise ValueError("SMTP_TLS=none would send SMTP_PASSWORD in the clear: use starttls or tls")
        if self.smtp_ca_file and not self.smtp_ca_file.is_file():
            raise ValueError(f"SMTP_CA_FILE: {self.smtp_ca_file} is no file")
        return self


def _require_address(name: str, address: str) -> None:
    """A bare address: the name that stands beside it is the brand's."""
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"{name} must be an address such as service@example.com: {error}") from None
