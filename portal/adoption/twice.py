"""What stands in a source more than once: found out by going through all of it before anything is decided."""

from collections import defaultdict
from collections.abc import Iterator
from hashlib import blake2b
from uuid import UUID

from portal.adoption.person import Person


class Twice:
    """Who shares a number, an e-mail address or a customer's id with whom. Of what is met once, a hash is kept."""

    def __init__(self) -> None:
        self.people = 0
        self._first: dict[int, str] = {}
        self._more: dict[int, list[str]] = defaultdict(list)

    def meet(self, person: Person) -> None:
        """Take note of somebody."""
        self.people += 1
        for key in _keys(person):
            if self._first.setdefault(key, person.where) != person.where:
                self._more[key].append(person.where)

    def with_number(self, person: Person) -> list[str]:
        """Where else the number stands."""
        return self._others(person, _key("number", person.number))

    def with_mailbox(self, person: Person) -> list[str]:
        """Where else one of the e-mail addresses stands."""
        found = (self._others(person, _key("mailbox", mailbox)) for mailbox in sorted(person.mailboxes))
        return list(dict.fromkeys(where for each in found for where in each))

    def with_id(self, person: Person) -> list[str]:
        """Which other contacts say that they are the same customer's."""
        return self._others(person, _key("id", person.customer_id))

    def tied_to(self, customer_id: UUID) -> list[str]:
        """The contacts that say that they are a customer's."""
        key = _key("id", customer_id)
        return [self._first[key], *self._more.get(key, ())] if key in self._first else []

    def _others(self, person: Person, key: int) -> list[str]:
        more = self._more.get(key)
        return [where for where in (self._first[key], *more) if where != person.where] if more else []


def _keys(person: Person) -> Iterator[int]:
    if person.number:
        yield _key("number", person.number)
    if person.customer_id:
        yield _key("id", person.customer_id)
    for mailbox in person.mailboxes:
        yield _key("mailbox", mailbox)


def _key(kind: str, value: object) -> int:
    return int.from_bytes(blake2b(f"{kind} {value}".encode(), digest_size=8).digest())
