"""What a CRM shows of a record and nobody there is asked about: how and when to reach somebody in a few words, that
processing is restricted, and copies of what it has no fields for. The portal's word stands: what differs is written
again.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from portal.crm.parts import parts
from portal.crm.port import Remote
from portal.i18n import using
from portal.record.models import Record
from portal.sync.line import Line
from portal.sync.state import Wanted
from portal.sync.words import summary_text

_MARKUP = re.compile(r"<[^>]*>|\s+")


def summary(line: Line, record: Record) -> str:
    """In a few words, how and when to reach somebody, in the operator's language; empty where no CRM's field is named
    for it."""
    if line.name not in line.store.catalogue.summary:
        return ""
    with using(line.language, line.zone):
        return summary_text(line.store.catalogue, record)


def differing(line: Line, record: Record, wanted: Wanted, remote: Remote) -> Iterator[str]:
    """What it shows and should not, in one word each; nothing about what it does not tell."""
    if remote.summary is not None and _words(remote.summary) != _words(summary(line, record)):
        yield "summary"
    if remote.restricted is not None and remote.restricted is not (wanted is Wanted.RESTRICTED):
        yield "restriction"
    for collection, there in remote.copies.items():
        if _by_id(there) != _by_id(parts(getattr(record, collection))):
            yield collection


def _words(text: str) -> str:
    """Without what a field for rich text makes of it."""
    return _MARKUP.sub("", html.unescape(text))


def _by_id(items: Sequence[Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    return {item["id"]: item for item in items}
