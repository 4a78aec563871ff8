"""What a CRM says, in the record's words: as values by path."""

from collections.abc import Callable
from typing import NamedTuple

from portal.audit.values import State, Value
from portal.crm.mapping import told_by_flag, told_by_nothing
from portal.crm.port import ConsentStatus, Remote
from portal.sync.line import Line
from portal.sync.merge import Winner


def their_values(line: Line, remote: Remote, agreed: State | None) -> State:
    """What the CRM says of all that it can have an opinion of. What a flag says, and whether a checkbox that is not
    ticked says anything, depends on what was `agreed` on."""
    known = agreed or {}
    said = {name: f"profile/{key}" for key, name in line.names.items()}
    fields = {
        path: None if name in remote.unsaid and known.get(path) is None else remote.fields.get(name)
        for name, path in said.items()
    }
    consents = {consent_path(*key): _consented(line, key, status, known) for key, status in remote.consents.items()}
    flags = {consent_path(*key): _flagged(line, key, forbids, known) for key, forbids in remote.flags.items()}
    return {path: value for path, value in (fields | consents | flags).items() if value is not None}


def _consented(line: Line, key: tuple[str, str], status: ConsentStatus | None, known: State) -> Value:
    found = _asked(line, key, known)
    said = told_by_nothing(found.agreed, needs_consent=found.needs_consent) if found and status is None else status
    return said.value if said else None


def _flagged(line: Line, key: tuple[str, str], forbids: bool, known: State) -> Value:
    found = _asked(line, key, known)
    said = told_by_flag(found.agreed, forbids, needs_consent=found.needs_consent) if found else None
    return said.value if said else None


class _Asked(NamedTuple):
    """What both sides last agreed on about a consent, and whether contact rests on it."""

    agreed: ConsentStatus | None
    needs_consent: bool


def _asked(line: Line, key: tuple[str, str], known: State) -> _Asked | None:
    purpose, agreed = line.store.catalogue.purposes.get(key[0]), known.get(consent_path(*key))
    if purpose is None:
        return None
    status = None if agreed is None else ConsentStatus(str(agreed))
    return _Asked(status, purpose.default is not ConsentStatus.OPT_IN)


def consent_path(purpose: str, channel: str) -> str:
    """Where the record says what was consented to."""
    return f"consents/{purpose}/{channel}/status"


def in_our_form(theirs: State, ours: State, base: State, winner: Callable[[str], Winner]) -> State:
    """A field of the portal's that a CRM writes in a way of its own, with other blanks or letters, says what we say."""
    return {
        path: ours[path] if said != base.get(path) and _is_ours(path, said, ours, winner) else said
        for path, said in theirs.items()
    }


def _is_ours(path: str, said: Value, ours: State, winner: Callable[[str], Winner]) -> bool:
    our = ours.get(path)
    texts = isinstance(our, str) and isinstance(said, str)
    return texts and winner(path) is Winner.PORTAL and _form(str(our)) == _form(str(said))


def _form(text: str) -> str:
    return "".join(text.split()).casefold()
