"""Which customer somebody is: sure, new, or for a person to decide. A pure function."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.adoption.known import Known, Neighbours
from portal.adoption.person import Person
from portal.adoption.twice import Twice


class Doubt(StrEnum):
    """Why a person has to look."""

    NO_NUMBER = "has no customer number"
    SAME_NUMBER = "has a customer number that others have, too"
    SAME_ID = "says that it belongs to a customer of whom others say so, too"
    SAME_MAILBOX = "has an e-mail address that somebody with another number has"
    STRANGE_ID = "belongs to a customer who is not here: another portal's?"
    OTHER_NUMBER = "belongs to a customer with another number"
    OTHER_NAME = "has the number of a customer with quite another name"
    OTHER_CONTACT = "has the number of a customer who has another contact"
    SET_ASIDE = "is a customer's whom an operator has parked or skipped"
    ERASED = "was erased and does not come back"
    RESTRICTED = "may not be processed at present, as the CRM says"
    UNACCEPTABLE = "says something that cannot be kept"


@dataclass(frozen=True, slots=True)
class New:
    """Nobody has this number. `known` is the record, if this very run has begun it already."""

    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """Surely this customer."""

    known: Known


@dataclass(frozen=True, slots=True)
class Doubtful:
    """`others` are the places or customer numbers that it may be mistaken for."""

    doubt: Doubt
    others: tuple[str, ...] = ()
    detail: str = ""


Verdict = New | Matched | Doubtful


@dataclass(frozen=True, slots=True)
class Rules:
    """`began_at` is when the run began; `shared_mailboxes`, that different people may have one e-mail address."""

    began_at: datetime
    shared_mailboxes: bool = False


def judge(person: Person, request: UUID, twice: Twice, around: Neighbours, rules: Rules) -> Verdict:
    """Decide by the contact's own word, then by the number. An e-mail address only ever raises a doubt; a name or a
    phone number, which families share, not even that.

    Args:
        request: what the record begins with if this run begins it.
    """
    if person.wrong:
        return Doubtful(Doubt.UNACCEPTABLE, detail="; ".join(f"{what}: {why}" for what, why in person.wrong.items()))
    if person.contact and person.contact.remote.restricted and not person.customer_id:
        return Doubtful(Doubt.RESTRICTED)
    if person.customer_id:
        return _by_id(person, request, twice, around, rules)
    if not person.number:
        return Doubtful(Doubt.NO_NUMBER, _at(around, person))
    if others := twice.with_number(person):
        return Doubtful(Doubt.SAME_NUMBER, tuple(others))
    owner = around.by_contact.get(person.where)
    if owner and owner.number != person.number:
        return Doubtful(Doubt.OTHER_NUMBER, (owner.number,))
    known = around.by_number.get(person.number)
    if known is None:
        return _stranger(person, twice, around, rules)
    return _numbered(person, known, request, twice, rules)


def _by_id(person: Person, request: UUID, twice: Twice, around: Neighbours, rules: Rules) -> Verdict:
    assert person.customer_id
    known = around.by_id.get(person.customer_id)
    if known is None:
        return Doubtful(Doubt.STRANGE_ID, (str(person.customer_id),))
    if known.erased:
        return Doubtful(Doubt.ERASED, (known.number,))
    if known.remote_id not in (None, person.where):
        return Doubtful(Doubt.OTHER_CONTACT, (known.number, known.remote_id or ""))
    if known.remote_id is None and (others := twice.with_id(person)):
        return Doubtful(Doubt.SAME_ID, (known.number, *others))
    if person.number not in (None, known.number):
        return Doubtful(Doubt.OTHER_NUMBER, (known.number,))
    return _sure(person, known, request, rules)


def _numbered(person: Person, known: Known, request: UUID, twice: Twice, rules: Rules) -> Verdict:
    if known.erased:
        return Doubtful(Doubt.ERASED, (known.number,))
    theirs = [known.remote_id] if known.remote_id else twice.tied_to(known.id)
    if person.contact and theirs not in ([], [person.where]):
        return Doubtful(Doubt.OTHER_CONTACT, (known.number, *theirs))
    return _sure(person, known, request, rules)


def _sure(person: Person, known: Known, request: UUID, rules: Rules) -> Verdict:
    """A record that this run has begun, and not told of before it was broken off, counts as what it is: new."""
    tied = known.remote_id == person.where and person.customer_id == known.id
    if person.contact and known.set_aside and not tied:
        return Doubtful(Doubt.SET_ASIDE, (known.number,))
    begun = known.first_request == request and known.created_at >= rules.began_at
    return New(known) if begun else Matched(known)


def _stranger(person: Person, twice: Twice, around: Neighbours, rules: Rules) -> Verdict:
    others = (*_at(around, person), *twice.with_mailbox(person))
    return Doubtful(Doubt.SAME_MAILBOX, others) if others and not rules.shared_mailboxes else New()


def _at(around: Neighbours, person: Person) -> tuple[str, ...]:
    """The customers who have one of the e-mail addresses."""
    found = (number for mailbox in sorted(person.mailboxes) for number in around.by_mailbox.get(mailbox, ()))
    return tuple(dict.fromkeys(found))
