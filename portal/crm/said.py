"""What is said of a call that did not do what it was for, and why a record is parked: our words, or the CRM's.

Ours are kept in English, filled in, and told in the language of whoever reads them. A CRM's own stay as they came, in
quotation marks.
"""

import re
from enum import StrEnum
from functools import cache

from portal.catalogue import check
from portal.i18n import N_
from portal.i18n import gettext as _


class Own(StrEnum):
    """Our own words. What stands for `said` is the CRM's, or ours of another call. Databases hold them: one that is
    said differently from now on is added, and the old one stays."""

    # A call
    NO_ANSWER = N_("no answer in time")
    LINE_BROKE = N_("the line broke")
    UNREACHABLE = N_("cannot be reached: %(said)s")
    CALL_FAILED = N_("the call failed (%(error)s): the worker's log says more")
    NOT_TRIED = N_("not tried: the line broke before")
    BUSY = N_("too many calls")
    ELSEWHERE = N_("sends us elsewhere (%(status)s): check this CRM's URL")
    NO_DELIVERIES = N_("wants no more deliveries (410 Gone): pause this CRM, or correct its URL")
    WRONG_ADDRESS = N_("takes no deliveries at this address (%(status)s): check this CRM's URL")
    # Our login
    CREDENTIALS = N_("our login is refused (401): check this CRM's credentials: %(said)s")
    PERMISSION = N_("our login lacks a permission (403): %(said)s")
    LOGIN_SETTINGS = N_("our login is refused: check this CRM's DATABASE, USERNAME and PASSWORD")
    LOGIN_REFUSED = N_("our login is refused: %(said)s")
    LOGIN_MAY_NOT = N_("our login lacks a permission: %(said)s")
    NO_TOKEN = N_("our login is answered without a token")
    # An answer
    UNREADABLE = N_("answers with something that cannot be read")
    UNREADABLE_ANSWER = N_("answered with something that cannot be read")
    NO_LIST = N_("answers with something that is no list")
    NO_LIST_FOUND = N_("answers a query with something that is no list")
    NO_RECORD = N_("answers with something that is no record")
    NO_RECEIPT = N_("answers, but not with remote_id, version and seq")
    NO_PROPERTIES = N_("gives no list of its properties")
    NO_FIELDS = N_("gives no list of its fields")
    WHAT_BECAME_OF_IT = N_("the answer does not say what became of it")
    WHAT_BECAME_OF_EACH = N_("the answer does not say what became of each record")
    WHAT_BECAME_OF_TASKS = N_("the answer does not say what became of each task")
    MISCOUNTED = N_("%(answers)s answers to %(records)s records")
    # A record
    REFUSED = N_("refused")
    TIMELINE = N_("timeline: %(said)s")
    NOTE_REFUSED = N_("a note was not written")
    NO_SUCH_CONTACT = N_("no such contact")
    NO_LANGUAGE = N_("there is no language %(language)s")
    NUMBER_TAKEN = N_("another contact has this customer number")
    TIED_OTHERWISE = N_("the contact is another customer's, or this customer has another one")
    WAS_ERASED = N_("this person was erased")
    WRITTEN_BY_OTHERS = N_("somebody else was writing the same contacts")
    OTHERS_FASTER = N_("somebody else was faster")
    MIXED_UP = N_("refused together with other records")
    FOR_ANOTHERS_SAKE = N_("refused for another record's sake")
    EDITED = N_("edited in the CRM meanwhile")
    NOT_READ = N_("could not be read")
    NOT_ERASED = N_("could not be erased yet")
    NEWER_THERE = N_("has version %(theirs)s of a record that is at version %(ours)s: was a backup restored?")
    GONE = N_("the contact is no longer there")
    NOBODYS = N_("the contact says that it is nobody's, and this CRM cannot be told otherwise")
    ANOTHER_PERSONS = N_("the contact belongs to another customer now: was it merged in the CRM?")
    UNTOLD = N_("the record could not be put into words for this CRM: the worker's log says why")
    NO_KEY = N_("the record's key is gone")
    UNDECIPHERABLE = N_("the record's values cannot be decrypted")
    IMPOSSIBLE = N_("the record says what no record can say: portal audit verify names it")
    UNACCEPTABLE = N_("the record cannot take what the CRM says: %(problems)s")
    BY_HAND = N_("by hand")

    def of(self, **parts: object) -> str:
        """The words with what belongs into them."""
        return self.value % parts


def why_failed(error: Exception) -> str:
    """The words for a call that ended without an answer of the CRM's."""
    return Own.NO_ANSWER if isinstance(error, TimeoutError) else Own.CALL_FAILED.of(error=type(error).__name__)


def in_words(text: str | None) -> str:
    """What is kept of a failure, for whoever reads it; nothing of nothing."""
    if not text:
        return ""
    for own, pattern in _patterns():
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            return _(own.value) % {name: TELLING.get(name, str)(part) for name, part in parts.items()}
    return quoted(text)


def without_theirs(text: str) -> str:
    """What a log may hold of it: our words alone, where what a CRM says may quote a person's values."""
    own = next((own for own, pattern in _patterns() if pattern.fullmatch(text)), None)
    return re.sub(r"%\(\w+\)s", "…", own) if own else "it says why, at /operations"


def _problems(text: str) -> str:
    """`profile/language: is no language`, one after the other, in the catalogue's words."""
    pairs = [problem.partition(": ") for problem in text.split("; ")]
    return "; ".join(f"{path}{colon}{check.in_words(why)}" for path, colon, why in pairs)


TELLING = {"said": in_words, "problems": _problems}
"""How parts are told that are no names or numbers."""


def quoted(text: str) -> str:
    """A CRM's own words, marked as such."""
    return _("“%(words)s”") % {"words": text}


@cache
def _patterns() -> list[tuple[Own, re.Pattern[str]]]:
    """The words without parts first: what fills one must not be taken for the rest of another."""
    ordered = sorted(Own, key=lambda own: ("%(" in own, -len(own)))
    return [(own, re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(own)))) for own in ordered]
