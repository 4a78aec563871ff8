"""A real mail server on the loopback interface that does what a test wants of it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class MailServer:
    """Takes every message, unless told otherwise: `refuse_address` and `refuse_message` are answers for those steps,
    `late` seconds pass before a message is answered, `drop` ends the connection instead of answering it, and `rude`
    never says goodbye."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    addressed: list[str] = field(default_factory=list)
    refuse_address: str = ""
    refuse_message: str = ""
    late: float = 0
    drop: bool = False
    rude: bool = False
    connections: int = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]) -> str:
        if self.refuse_address:
            return self.refuse_address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.rude:
            await asyncio.sleep(600)
        return "221 Bye"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse_message:
            return self.refuse_message
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.addressed.extend(envelope.rcpt_tos)
        if self.drop:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        await asyncio.sleep(self.late)
        return "250 OK"


@asynccontextmanager
async def a_mail_server(
    *, tls: ssl.SSLContext | None = None, starttls: bool = False, password: str = "", alphabets: bool = False
) -> AsyncIterator[MailServer]:
    """Serve for the length of the block: plain, with STARTTLS, or with TLS from the first byte."""
    handler = MailServer()
    options: dict[str, Any] = {"hostname": "localhost", "enable_SMTPUTF8": alphabets}
    if starttls:
        options |= {"tls_context": tls, "require_starttls": True}
    if password:
        options |= {"auth_required": True, "auth_require_tls": tls is not None, "authenticator": _only(password)}

    def protocol() -> SMTP:
        handler.connections += 1
        return SMTP(handler, loop=asyncio.get_running_loop(), **options)

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=tls if tls and not starttls else None
    )
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()


def _only(password: str) -> Any:
    def authenticate(_server: object, _session: object, _envelope: object, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password.decode() == password, handled=False)

    return authenticate
