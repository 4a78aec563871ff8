"""The portal with a save that leaves the audit out: no entry is encrypted, written as canonical JSON, hashed or stored.
State and due marks are written as ever. What the difference to the portal is, the audit costs."""

from pathlib import Path
from unittest.mock import patch

from starlette.applications import Starlette

from portal import app as portal
from portal.audit.entry import GENESIS
from portal.record import write
from portal.settings import Settings

FUNCTION = "record_write_unaudited"
ENTRY = "    INSERT INTO change_record "


def create_app(settings: Settings) -> Starlette:
    for name, instead in (
        ("seal", lambda _entry, _key: b""),
        ("leaf_hash", lambda _data: GENESIS),
        ("WRITE", write.WRITE.replace("record_write_v1", FUNCTION)),
    ):
        patch.object(write, name, instead).start()
    return portal.create_app(settings)


def sql() -> str:
    """The one write without the entry, for the administrator to install: made from the real one."""
    source = Path(write.__file__).with_name("write_v1.sql").read_text(encoding="utf-8")
    begin = source.index(ENTRY)
    end = source.index(";", begin) + 1
    return (source[:begin] + source[end:]).replace("FUNCTION portal.record_write_v1", f"FUNCTION portal.{FUNCTION}", 1)
