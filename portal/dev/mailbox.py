"""The demo's mail server: takes every letter, on the loopback interface alone, and puts it into a folder as a file,
where the portal's page /demo/mailbox finds it. Nothing leaves the machine."""

import asyncio
import logging
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from portal import clock
from portal.dev.guard import require_one_machine
from portal.dev.secret_files import own_folder

HOST = "127.0.0.1"
KEPT = 500
"""Letters; older ones go."""


async def catch(port: int, folder: Path) -> asyncio.Server:
    """Take mail on a port of this machine until the server is closed.

    Raises:
        Forbidden: others can reach this portal.
    """
    require_one_machine("The demo's mailbox shows everybody's mail to everybody")
    await asyncio.to_thread(own_folder, folder)
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(_Folder(folder), hostname="localhost", enable_SMTPUTF8=True, loop=loop), HOST, port
    )


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        await asyncio.to_thread(self._keep, content)
        return "250 OK"

    def _keep(self, content: bytes) -> None:
        """Whole or not at all: the page may look at any moment. The names are in the order of arrival."""
        name = str(clock.uuid7())
        part = self._path / f"{name}.part"
        part.write_bytes(content)
        part.rename(self._path / f"{name}.eml")
        for old in sorted(self._path.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
