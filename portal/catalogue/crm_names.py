"""What a catalogue says about CRMs has to fit together too: names, types and values."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from portal.catalogue import shape
from portal.catalogue.model import CrmType, Kind
from portal.record.models import ConsentStatus, System
from portal.settings.connectors import CONNECTOR_NAME

Contradiction = tuple[list[str], str]

FLAGS = (CrmType.OPT_IN, CrmType.OPT_OUT)
SUITABLE: Mapping[Kind, tuple[CrmType, ...]] = {
    Kind.CHOICES: (CrmType.JOINED, CrmType.LIST),
    Kind.BOOLEAN: (CrmType.BOOLEAN, CrmType.TRUE_FALSE),
    Kind.DATE: (CrmType.DATE, CrmType.MILLISECONDS),
}
"""How the values of a kind can be written; every other kind is text."""

SEPARATOR = ";"
"""Between the values of a multi-select field, in Salesforce and in HubSpot."""


def crm_contradictions(file: shape.File) -> Iterator[Contradiction]:
    """What does not fit together, each with the key it stands at."""
    for *table, connector in _all_crms(file):
        if not re.fullmatch(CONNECTOR_NAME, connector):
            yield (
                [*table, connector],
                "write the CRM's name in small letters, as settings are read: letters, digits and _, at most 32",
            )
    for key, field in file.fields.items():
        for connector, there in field.crm.items():
            yield from _field(["fields", key, "crm", connector], field, there)
    for key, purpose in file.purposes.items():
        for connector, channels in purpose.crm.items():
            for channel, there in channels.items():
                here = ["purposes", key, "crm", connector, channel]
                if channel not in (file.channels if purpose.channels is None else purpose.channels):
                    yield here, f"there is no channel {channel!r} for this purpose"
                yield from _type(here, there, (CrmType.TEXT, *FLAGS))
                yield from _values(here, there, tuple(ConsentStatus))
    for key, point in file.contact_points.items():
        suitable = (CrmType.TEXT, CrmType.INTERNATIONAL) if point.system is System.PHONE else (CrmType.TEXT,)
        for connector, there in point.crm.items():
            yield from _type(["contact_points", key, "crm", connector], there, suitable)
    for connector, there in file.summary.crm.items():
        yield from _type(["summary", "crm", connector], there, (CrmType.TEXT,))
    for connector, there in file.restriction.crm.items():
        yield from _type(["restriction", "crm", connector], there, SUITABLE[Kind.BOOLEAN])
    yield from _taken_twice(file)


def _all_crms(file: shape.File) -> Iterator[list[str]]:
    """Wherever a CRM is named."""
    for table in ("fields", "purposes", "contact_points"):
        for key, entry in getattr(file, table).items():
            yield from ([table, key, "crm", connector] for connector in entry.crm)
    for table in ("summary", "restriction"):
        yield from ([table, "crm", connector] for connector in getattr(file, table).crm)


def _field(here: list[str], field: shape.Field, there: shape.CrmField) -> Iterator[Contradiction]:
    yield from _type(here, there, SUITABLE.get(field.kind, (CrmType.TEXT,)))
    if field.kind in (Kind.CHOICE, Kind.CHOICES):
        yield from _values(here, there, field.choices)
        words = {there.values.get(choice, choice) for choice in field.choices}
        if len(words) < len(field.choices):
            yield here, "two choices have the same name there, so that nobody could tell which one comes back"
        if field.kind is Kind.CHOICES and any(SEPARATOR in word for word in words):
            yield (
                here,
                f"a choice has a {SEPARATOR} in it, which CRMs write between choices: give it a name in `values`",
            )
    elif there.values and field.kind in SUITABLE:
        yield [*here, "values"], f"a field of kind {field.kind} is not written in words"


def _type(here: list[str], there: shape.CrmField, suitable: Collection[CrmType]) -> Iterator[Contradiction]:
    if there.type is not None and there.type not in suitable:
        yield [*here, "type"], f"must be one of {', '.join(suitable)}, not {there.type.value!r}"


def _values(here: list[str], there: shape.CrmField, known: Collection[str]) -> Iterator[Contradiction]:
    for value in there.values:
        if value not in known:
            yield [*here, "values", value], f"is none of {', '.join(known)}"


def _taken_twice(file: shape.File) -> Iterator[Contradiction]:
    """One field of a CRM cannot hold two things."""
    taken: set[tuple[str, str]] = set()
    for here, connector, name in _all_names(file):
        if (connector, name) in taken:
            yield here, f"something else is called {name!r} there already"
        taken.add((connector, name))


def _all_names(file: shape.File) -> Iterable[tuple[list[str], str, str]]:
    for key, field in file.fields.items():
        yield from (
            (["fields", key, "crm", connector], connector, there.name) for connector, there in field.crm.items()
        )
    for key, point in file.contact_points.items():
        for connector, there in point.crm.items():
            yield ["contact_points", key, "crm", connector], connector, there.name
    for key, purpose in file.purposes.items():
        for connector, channels in purpose.crm.items():
            # One "do not call" may stand for several purposes: a flag is shared, a field with a status is not.
            for channel, there in channels.items():
                if there.type not in FLAGS:
                    yield ["purposes", key, "crm", connector, channel], connector, there.name
    for table, names in (("summary", file.summary.crm), ("restriction", file.restriction.crm)):
        for connector, there in names.items():
            yield [table, "crm", connector], connector, there.name
