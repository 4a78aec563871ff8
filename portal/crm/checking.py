"""Whether the configured CRMs can work at all: what an operator should hear before anything is sent, and what to do."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.catalogue.model import Catalogue
from portal.crm import ALONE, configured, connect
from portal.crm.answers import CallFailed
from portal.crm.inventory import Describing, Finding, compare
from portal.crm.sample import kinds_with_sample
from portal.crm.setup import Closing
from portal.db.database import Database
from portal.settings import Settings, SettingsError

ASKING_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found out about a CRM.

    Attributes:
        why: what keeps it from working, and what to do; None where nothing is known to.
        fields: what was compared; None where it was not asked, or takes whatever it is sent.
        configured: whether the settings name it; one that the catalogue alone names may be a slip of the pen.
    """

    name: str
    why: str | None = None
    fields: Sequence[Finding] | None = None
    configured: bool = True

    @property
    def wrong(self) -> int:
        """How many of the fields are to be mended."""
        return sum(field.problem is not None for field in self.fields or ())


async def check_all(
    settings: Settings, catalogue: Catalogue, database: Database, *, ask: bool = True
) -> Sequence[Checked]:
    """Look at every CRM that settings or catalogue name, and ask it which fields it has; or look without asking.

    They are asked at once, and one that does not answer keeps the others waiting for 15 seconds.
    """
    each = (check_one(name, settings, catalogue, database, ask=ask) for name in configured(settings))
    checked = await asyncio.gather(*each)
    unset = sorted(set(_named(catalogue)) - {one.name for one in checked} - ALONE.keys())
    return [*checked, *(Checked(name, _unset(name), configured=False) for name in unset)]


async def check_one(
    name: str, settings: Settings, catalogue: Catalogue, database: Database, *, ask: bool = True
) -> Checked:
    """Look at one that the settings name."""
    try:
        connector = connect(name, settings, catalogue, database)
    except SettingsError as error:
        return Checked(name, str(error))
    try:
        if name not in _named(catalogue):
            return Checked(name, _unnamed(name, configured(settings)[name].kind))
        async with asyncio.timeout(ASKING_SECONDS):
            return Checked(name, fields=await _compared(connector) if ask else None)
    except (CallFailed, TimeoutError) as failure:
        return Checked(name, f"It gives no list of its fields: {str(failure) or 'no answer in time'}.")
    finally:
        if isinstance(connector, Closing):
            await connector.aclose()


async def _compared(connector: object) -> Sequence[Finding] | None:
    return compare(connector, await connector.describe()) if isinstance(connector, Describing) else None


def _named(catalogue: Catalogue) -> Iterator[str]:
    for table in (catalogue.fields, catalogue.purposes, catalogue.contact_points):
        for one in table.values():
            yield from one.crm
    yield from (*catalogue.summary, *catalogue.restriction)


def _unnamed(name: str, kind: str) -> str:
    begin = f"portal catalogue sample {kind} --name {name}" if kind in kinds_with_sample() else "docs/catalogue.md"
    return f"The catalogue has no crm.{name} anywhere, so no field of a record gets there. To begin with: {begin}"


def _unset(name: str) -> str:
    return f"The catalogue has names for its fields (crm.{name}), and no setting knows it: CRM__{name.upper()}__KIND."
