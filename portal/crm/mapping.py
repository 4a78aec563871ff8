"""The catalogue's names, kinds and values on one side; a CRM's fields, types and words on the other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.audit.values import Value
from portal.catalogue.model import Catalogue, CrmContactPoint, CrmField, CrmType, Kind
from portal.crm.port import ConsentStatus, ContactPoint, Desired
from portal.crm.written import Writing
from portal.record.addresses import normal
from portal.record.models import System

FLAGS = (CrmType.OPT_IN, CrmType.OPT_OUT)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CRM writes what the catalogue does not say otherwise about.

    Attributes:
        choices, boolean, date: the usual type of these kinds.
        empty: what clears a field; None is JSON's null.
        booleans_can_be_empty: whether a flag knows more than yes and no.
    """

    choices: CrmType = CrmType.LIST
    boolean: CrmType = CrmType.BOOLEAN
    date: CrmType = CrmType.DATE
    empty: Any = None
    booleans_can_be_empty: bool = True

    def usual(self, kind: Kind) -> CrmType:
        """How it writes values of a kind."""
        usual = {Kind.CHOICES: self.choices, Kind.BOOLEAN: self.boolean, Kind.DATE: self.date}
        return usual.get(kind, CrmType.TEXT)


@dataclass(frozen=True, slots=True)
class Point:
    """A field for the contact points of one kind, of which the first stands there."""

    of: CrmContactPoint
    writing: Writing

    @property
    def system(self) -> System:
        """What kind of contact point it is for."""
        return self.of.system

    def to_crm(self, points: Iterable[ContactPoint]) -> Any:
        """What the field is to hold."""
        first = self.of.first(points)
        return self.writing.to_crm(first.value if first else None)

    def from_crm(self, raw: Any) -> str | None:
        """What it holds, in its normal form as far as that needs no country; None for nothing."""
        said = self.writing.from_crm(raw)
        return None if said is None else normal(self.system, str(said)) or None


@dataclass(frozen=True, slots=True)
class Permission:
    """A field for the consent to contact on one channel for one purpose.

    `needs_consent`: silence forbids, because the purpose rests on consent.
    """

    purpose: str
    channel: str
    writing: Writing
    needs_consent: bool

    @property
    def key(self) -> tuple[str, str]:
        """As `Remote.consents` names it."""
        return self.purpose, self.channel

    def status(self, desired: Desired) -> ConsentStatus | None:
        """What was said; None if nothing was."""
        said = (c.status for c in desired.consents if (c.purpose, c.channel) == self.key)
        return next(said, None)


class CrmMap:
    """All that one CRM has of a record, by the CRM's names."""

    def __init__(self, catalogue: Catalogue, connector: str, dialect: Dialect) -> None:
        self._dialect = dialect
        self.fields: Mapping[str, Writing] = {
            there.name: self._writing(there, field.kind, tuple(field.choices))
            for field in catalogue.fields.values()
            if (there := field.crm.get(connector))
        }
        self.points: Mapping[str, Point] = {
            there.name: Point(point, self._writing(there, Kind.TEXT))
            for point in catalogue.contact_points.values()
            if (there := point.crm.get(connector))
        }
        self.permissions: tuple[Permission, ...] = tuple(self._permissions(catalogue, connector))
        self.summary = self._writing(there, Kind.TEXT) if (there := catalogue.summary.get(connector)) else None
        box = catalogue.restriction.get(connector)
        self.restriction = self._writing(box, Kind.BOOLEAN) if box else None

    def names(self) -> list[str]:
        """Every field of the CRM that is written."""
        return [writing.name for writing in self.writings()]

    def writings(self) -> Iterator[Writing]:
        """How each field of `names` is written, one for each."""
        found = [*self.fields.values(), *(point.writing for point in self.points.values())]
        more = [one for one in (self.summary, self.restriction) if one]
        yield from {w.name: w for w in [*found, *(p.writing for p in self.permissions), *more]}.values()

    def to_crm(self, desired: Desired) -> dict[str, Any]:
        """What the CRM's fields are to hold."""
        values = {name: writing.to_crm(desired.fields.get(name)) for name, writing in self.fields.items()}
        values |= {name: point.to_crm(desired.contact_points) for name, point in self.points.items()}
        for permission in self.permissions:
            writing, status = permission.writing, permission.status(desired)
            if writing.type not in FLAGS:
                values[writing.name] = writing.to_crm(status)
                continue
            # Where several purposes share a flag, it forbids as soon as one of them does.
            forbids = flag_forbids(status, needs_consent=permission.needs_consent)
            forbids = forbids or (writing.name in values and writing.forbids(values[writing.name]))
            values[writing.name] = writing.flag(forbids=forbids)
        if self.summary:
            values[self.summary.name] = self.summary.to_crm(desired.summary or None)
        if self.restriction:
            values[self.restriction.name] = self.restriction.to_crm(desired.restricted is True)
        return values

    def from_crm(self, raw: Mapping[str, Any]) -> dict[str, Value]:
        """What the profile's fields hold, as `Remote.fields` has it; what holds nothing is left out."""
        values = {name: writing.from_crm(raw.get(name)) for name, writing in self.fields.items()}
        return {name: value for name, value in values.items() if value is not None}

    def contact_points(self, raw: Mapping[str, Any]) -> dict[str, str | None]:
        """What the fields for contact points hold, as `Remote.points` has it."""
        return {name: point.from_crm(raw.get(name)) for name, point in self.points.items()}

    def shown(self, raw: Mapping[str, Any]) -> tuple[str | None, bool | None]:
        """What stands where only the portal writes, as `Remote.summary` and `Remote.restricted` have it."""
        summary = str(self.summary.from_crm(raw.get(self.summary.name)) or "") if self.summary else None
        box = self.restriction
        return summary, box.from_crm(raw.get(box.name)) is True if box else None

    def unsaid(self, raw: Mapping[str, Any]) -> frozenset[str]:
        """The checkboxes whose "no" may mean nothing, as `Remote.unsaid` has them."""
        if self._dialect.booleans_can_be_empty:
            return frozenset()
        boxes = {name for name, writing in self.fields.items() if writing.type is CrmType.BOOLEAN}
        return frozenset(name for name in boxes if self.fields[name].from_crm(raw.get(name)) is False)

    def consents(self, raw: Mapping[str, Any]) -> dict[tuple[str, str], ConsentStatus | None]:
        """What fields with a status say, as `Remote.consents` has it. A word that is no status says nothing."""
        said = {p.key: p.writing.from_crm(raw.get(p.writing.name)) for p in self.permissions if not p.writing.is_flag}
        known = {key: value for key, value in said.items() if value is None or value in list(ConsentStatus)}
        return {key: None if value is None else ConsentStatus(value) for key, value in known.items()}

    def flags(self, raw: Mapping[str, Any]) -> dict[tuple[str, str], bool]:
        """Whether flags forbid, as `Remote.flags` has it."""
        return {p.key: p.writing.forbids(raw.get(p.writing.name)) for p in self.permissions if p.writing.is_flag}

    def state(self, raw: Mapping[str, Any]) -> dict[str, Value]:
        """All that agents may edit in a contact: what its fingerprint is made of. Some CRMs write e-mail addresses in
        small letters."""
        state = self.from_crm(raw)
        points = self.contact_points(raw)
        state |= {
            f"points/{name}": said.lower() if said and self.points[name].system is System.EMAIL else said
            for name, said in points.items()
        }
        state |= {f"consents/{'/'.join(key)}": status for key, status in self.consents(raw).items()}
        return state | {f"flags/{'/'.join(key)}": forbids for key, forbids in self.flags(raw).items()}

    def _permissions(self, catalogue: Catalogue, connector: str) -> Iterator[Permission]:
        for purpose in catalogue.purposes.values():
            for channel, there in purpose.crm.get(connector, {}).items():
                writing = self._writing(there, Kind.TEXT)
                yield Permission(purpose.key, channel, writing, purpose.default is not ConsentStatus.OPT_IN)

    def _writing(self, there: CrmField, kind: Kind, order: tuple[str, ...] = ()) -> Writing:
        return Writing(
            there.name,
            there.type or self._dialect.usual(kind),
            there.values,
            order,
            self._dialect.empty,
            self._dialect.boolean,
            self._dialect.booleans_can_be_empty,
        )


def flag_forbids(status: ConsentStatus | None, *, needs_consent: bool) -> bool:
    """Whether a flag is to forbid: unless somebody agreed, where that is needed; else if somebody opted out."""
    return status is not ConsentStatus.OPT_IN if needs_consent else status is ConsentStatus.OPT_OUT


def told_by_flag(agreed: ConsentStatus | None, forbids: bool, *, needs_consent: bool) -> ConsentStatus | None:
    """What a CRM's flag says, given the status that both sides last agreed on.

    While it says what that status made it say, it says that status. Somebody who sets it opts out. Somebody who clears
    it has given no consent: None, so that it is set again.
    """
    if forbids == flag_forbids(agreed, needs_consent=needs_consent):
        return agreed
    return ConsentStatus.OPT_OUT if forbids else None


def told_by_nothing(agreed: ConsentStatus | None, *, needs_consent: bool) -> ConsentStatus | None:
    """What an emptied field for a status says, given the one that both sides last agreed on: there is no consent any
    more, where contact rests on one; where it does not, nothing."""
    permitted = agreed in (ConsentStatus.OPT_IN, ConsentStatus.SEEN)
    return ConsentStatus.NOT_SEEN if needs_consent and permitted else agreed
