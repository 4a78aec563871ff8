"""What a person's record is to say: all of it for a new customer, and for one who is known only what is missing."""

import json
from collections.abc import Iterable, Mapping
from uuid import UUID, uuid5

from portal import clock
from portal.adoption.known import Known
from portal.adoption.person import Address, Person, Said, Source
from portal.audit.entry import Evidence
from portal.audit.values import Value, format_moment
from portal.catalogue.model import Catalogue
from portal.record.change import Intention, Values
from portal.record.models import ConsentStatus, Record

REQUESTS = UUID("2b1f6f0e-3f8e-4d3c-8a55-0d6a2c1d9b77")
"""The namespace of what is brought in: the same of the same person is one change record, however often it comes."""

UNKNOWN = "unknown"
"""Which text somebody agreed to elsewhere, where nobody says."""


def intention(source: Source, person: Person) -> Intention:
    """That a source has told of a person."""
    return Intention(
        action=source.action,
        actor=source.actor,
        request=request(source, person),
        evidence=Evidence(dict(source.facts(person))),
    )


def request(source: Source, person: Person) -> UUID:
    """The same for the same source, place and content."""
    addresses = [[one.system, one.value, one.use] for one in person.addresses]
    consents = [[*key, said.status, said.captured, said.version] for key, said in sorted(person.consents.items())]
    said = [source.name, person.where, person.number, sorted(person.profile.items()), addresses, consents]
    return uuid5(REQUESTS, json.dumps(said, sort_keys=True))


def everything(catalogue: Catalogue, source: Source, person: Person) -> Values:
    """For a new customer."""
    consents = [_consent(catalogue, source, key, said) for key, said in person.consents.items()]
    return {**person.profile, **_points(person.addresses, 0), **_merged(consents)}


def missing(catalogue: Catalogue, source: Source, person: Person, record: Record, known: Known) -> Values:
    """For a customer who is known: what nobody has ever said there. A value that somebody removed was said, too; and
    once a person has changed contact points, what is not among them is not wanted there."""
    profile = {path: value for path, value in person.profile.items() if path.removeprefix("profile/") not in known.said}
    there = {point.system for point in record.contact_points}
    lacking = [] if known.moved else [one for one in person.addresses if one.system not in there]
    last = max((point.rank for point in record.contact_points), default=0)
    consents = [
        _consent(catalogue, source, key, said) for key, said in person.consents.items() if record.consent(*key) is None
    ]
    return {**profile, **_points(lacking, last), **_merged(consents)}


def left_out(person: Person, record: Record | None) -> dict[str, Value]:
    """What a CRM says and the record does not get, by path."""
    lacking = (key for key in sorted(person.undated) if record is None or record.consent(*key) is None)
    return {f"consents/{'/'.join(key)}/status": ConsentStatus.OPT_IN.value for key in lacking}


def _points(addresses: Iterable[Address], last: int) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for rank, one in enumerate(addresses, last + 1):
        prefix = f"contact_points/{clock.uuid7()}"
        values |= {f"{prefix}/system": one.system.value, f"{prefix}/value": one.value}
        values |= {f"{prefix}/use": one.use.value, f"{prefix}/rank": rank}
    return values


def _consent(catalogue: Catalogue, source: Source, key: tuple[str, str], said: Said) -> dict[str, Value]:
    """Where nobody knows since when somebody has refused: since it is known here."""
    purpose = catalogue.purposes[key[0]]
    captured = said.captured or format_moment(clock.now())
    prefix = f"consents/{'/'.join(key)}"
    return {
        f"{prefix}/status": said.status.value,
        f"{prefix}/capture_date": captured,
        f"{prefix}/capture_source": source.actor.via,
        f"{prefix}/effective_from": captured,
        f"{prefix}/lawful_basis": purpose.lawful_basis.value,
        f"{prefix}/notice": purpose.notice,
        f"{prefix}/notice_version": said.version or UNKNOWN,
    }


def _merged(parts: list[dict[str, Value]]) -> Mapping[str, Value]:
    return {path: value for part in parts for path, value in part.items()}
