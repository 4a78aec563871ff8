"""What a customer agrees to, as a grid of purposes and channels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from portal.catalogue.model import Catalogue, Channel, Notice, Purpose
from portal.record.models import Consent, ConsentStatus, Record


class Cell(msgspec.Struct, frozen=True):
    """One purpose on one channel.

    Attributes:
        used: whether the purpose uses the channel at all.
        locked: whether it is needed to serve, so that nobody can opt out.
        on: whether the company takes it as a yes.
        said: what was recorded, if anything was.
    """

    purpose: Purpose
    channel: Channel
    used: bool
    locked: bool
    on: bool
    said: Consent | None

    @property
    def key(self) -> str:
        """How a form names the cell."""
        return f"{self.purpose.key}/{self.channel.key}"


@dataclass(frozen=True, slots=True)
class Row:
    """A purpose on every channel, with the text that the person agrees to, and what they said last."""

    purpose: Purpose
    notice: Notice
    cells: tuple[Cell, ...]
    last: Consent | None


def grid(catalogue: Catalogue, record: Record) -> list[Row]:
    """Everything that can be agreed to, in the catalogue's order."""
    return [_row(catalogue, record, purpose) for purpose in catalogue.purposes.values()]


def switched(rows: Iterable[Row], decisions: Mapping[tuple[str, str], bool]) -> frozenset[str]:
    """The keys of the cells that are on once this is decided, by purpose and channel; the others stay as they are."""
    cells = [cell for row in rows for cell in row.cells]
    return frozenset(cell.key for cell in cells if decisions.get((cell.purpose.key, cell.channel.key), cell.on))


def _row(catalogue: Catalogue, record: Record, purpose: Purpose) -> Row:
    cells = tuple(_cell(record, purpose, channel) for channel in catalogue.channels.values())
    said = [cell.said for cell in cells if cell.said and cell.used and not cell.locked]
    last = max(said, key=lambda consent: consent.capture_date, default=None)
    return Row(purpose, catalogue.notices[purpose.notice], cells, last)


def _cell(record: Record, purpose: Purpose, channel: Channel) -> Cell:
    said = record.consent(purpose.key, channel.key)
    used, locked = channel.key in purpose.channels, channel.key in purpose.locked
    status = said.status if said else purpose.default
    return Cell(purpose, channel, used, locked, used and (locked or status is ConsentStatus.OPT_IN), said)
