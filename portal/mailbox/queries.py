"""The mail that the demo has caught, as files in a folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path
from uuid import UUID

SHOWN = 100
"""How many letters the list has at most."""


@dataclass(frozen=True, slots=True)
class Caught:
    """One letter, in a `language` if it names one. `html` is not to be shown inside a page of ours."""

    id: UUID
    to: str
    sender: str
    subject: str
    language: str
    message_id: str
    at: datetime | None
    text: str
    html: str


def caught(folder: Path) -> list[Caught]:
    """The letters in the folder, the newest first."""
    names = sorted((path.stem for path in folder.glob("*.eml")), reverse=True) if folder.is_dir() else []
    return list(islice(_readable(folder, names), SHOWN))


def _readable(folder: Path, names: list[str]) -> Iterator[Caught]:
    for name in names:
        try:
            letter = one(folder, UUID(name))
        except ValueError:
            continue
        if letter:
            yield letter


def one(folder: Path, id: UUID) -> Caught | None:
    """One letter, or None if it is not there."""
    try:
        message = message_from_bytes((folder / f"{id}.eml").read_bytes(), policy=default)
    except FileNotFoundError:
        return None
    assert isinstance(message, EmailMessage)
    return Caught(
        id=id,
        to=str(message["To"] or ""),
        sender=str(message["From"] or ""),
        subject=str(message["Subject"] or ""),
        language=str(message["Content-Language"] or ""),
        message_id=str(message["Message-ID"] or ""),
        at=_at(message),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _at(message: EmailMessage) -> datetime | None:
    try:
        return parsedate_to_datetime(str(message["Date"]))
    except ValueError:
        return None


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    try:
        return str(part.get_content()) if part else ""
    except (KeyError, LookupError, MessageError):
        return ""
