"""A record from the JSON that `portal.record_parts_v1` says of it, which has everything in order already. Read in C:
a batch of the sync and a verification are made of these."""

from typing import Any
from uuid import UUID

import msgspec

from portal.record.models import Consent, ContactPoint, ContactWindow, Login, Note, Provenance, Record


class _Stored(msgspec.Struct):
    id: UUID
    number: str
    seq: int
    profile: dict[str, Any]
    provenance: dict[str, Provenance]
    contact_points: tuple[ContactPoint, ...] | None = None
    contact_windows: tuple[ContactWindow, ...] | None = None
    consents: tuple[Consent, ...] | None = None
    notes: tuple[Note, ...] | None = None
    logins: tuple[Login, ...] | None = None


_decoder = msgspec.json.Decoder(_Stored)


def decode_record(data: str) -> Record:
    """The record of one customer.

    Raises:
        ValueError: somebody has put something into a row that no record can say.
    """
    stored = _decoder.decode(data)
    profile = stored.profile
    return Record(
        id=stored.id,
        number=stored.number,
        seq=stored.seq,
        profile=profile,
        said={key: said for key, said in stored.provenance.items() if key in profile},
        contact_points=stored.contact_points or (),
        contact_windows=stored.contact_windows or (),
        consents=stored.consents or (),
        notes=stored.notes or (),
        logins=stored.logins or (),
    )
