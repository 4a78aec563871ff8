"""Bringing people in, page by page. A page is judged, drafted, written in one statement, tied to its contacts, and then
counted: broken off anywhere, it is done again, and comes to the same."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from portal.adoption.crm import Contacts
from portal.adoption.judge import Doubt, Doubtful, Matched, New, Rules, Verdict, judge
from portal.adoption.known import neighbours
from portal.adoption.person import Page, Person, Source
from portal.adoption.report import Finding, Report
from portal.adoption.run import Run, keep
from portal.adoption.tie import Pair, tie
from portal.adoption.twice import Twice
from portal.adoption.wishes import everything, intention, left_out, missing, request
from portal.catalogue.model import Catalogue
from portal.errors import Invalid, PortalError
from portal.record.many import Draft, Later, draft, draft_new, write_all
from portal.record.models import display_name
from portal.record.read import StoredRecord, read_all
from portal.record.store import RecordStore

UNDATED = "opted in there, nobody knows when: not brought in"
INCOMPLETE = "lacks what the catalogue requires: brought in without it"
WORDS = re.compile(r"\w+")

HELD_SECONDS = 3600.0
"""How long a new customer is not pushed to the CRM whose contact they are, unless the two are tied before."""


@dataclass(frozen=True, slots=True)
class Work:
    """What bringing in needs.

    Attributes:
        dry: nothing is written, neither here nor in the CRM.
        progress: told of how many people have been gone through.
    """

    store: RecordStore
    source: Source
    report: Report
    rules: Rules
    dry: bool = False
    progress: Callable[[int], None] = field(default=lambda _people: None)


async def look_through(source: Source, progress: Callable[[int], None]) -> Twice:
    """Go through all of a source and change nothing: what stands there more than once, and how many there are."""
    twice = Twice()
    async for page in source.pages(None):
        for person in page.people:
            twice.meet(person)
        progress(len(page.people))
    return twice


async def bring_in(work: Work, run: Run, twice: Twice) -> None:
    """Bring in everybody after the place where the run is.

    Raises:
        Unavailable: the CRM does not answer; what is done is done.
    """
    async for page in work.source.pages(run.place):
        await _page(work, run, twice, page)
        work.progress(len(page.people))


async def _page(work: Work, run: Run, twice: Twice, page: Page) -> None:
    verdicts = await _judged(work, twice, page.people)
    drafts, verdicts = await _drafted(work, page.people, verdicts)
    findings = [] if work.dry else await _written(work, drafts, run)
    remarks = [*_undated(drafts), *_incomplete(work.store.catalogue, drafts)]
    _count(run, page, verdicts)
    run.reasons.update(one.reason for one in remarks)
    work.report.add([*_doubts(page.people, verdicts), *remarks, *findings])
    if not work.dry:
        await keep(work.store.database, run)


@dataclass(frozen=True, slots=True)
class _Drafted:
    """What is to become of one of them: without a draft, nothing changes in the record."""

    person: Person
    verdict: New | Matched
    stored: StoredRecord | None
    draft: Draft | None

    @property
    def tied(self) -> bool:
        """Whether it was their contact before, and said so."""
        known, person = self.verdict.known, self.person
        there = known is not None and (known.remote_id, known.id) == (person.where, person.customer_id)
        return there and isinstance(self.verdict, Matched)


async def _judged(work: Work, twice: Twice, people: Sequence[Person]) -> list[Verdict]:
    around = await neighbours(work.store.database, work.source.connector, people)
    return [judge(one, request(work.source, one), twice, around, work.rules) for one in people]


async def _drafted(
    work: Work, people: Sequence[Person], verdicts: Sequence[Verdict]
) -> tuple[list[_Drafted], list[Verdict]]:
    """The changes, each through the gate. What does not pass is doubtful."""
    known = [one.known.id for one in verdicts if isinstance(one, New | Matched) and one.known]
    stored = await read_all(work.store.database, work.store.keys, known) if known else {}
    found = [
        verdict if isinstance(verdict, Doubtful) else _passed(work, person, verdict, stored)
        for person, verdict in zip(people, verdicts, strict=True)
    ]
    drafts = [one for one in found if isinstance(one, _Drafted)]
    return drafts, [one.verdict if isinstance(one, _Drafted) else one for one in found]


def _passed(
    work: Work, person: Person, verdict: New | Matched, stored: Mapping[UUID, StoredRecord]
) -> _Drafted | Doubtful:
    known = verdict.known
    if known and known.id not in stored:  # without its key, a record cannot be read
        return Doubtful(Doubt.ERASED, (known.number,))
    there = stored[known.id] if known else None
    one = _Drafted(person, verdict, there, None)
    if there and not one.tied and _quite_other(person.name, display_name(there.record.profile)):
        return Doubtful(Doubt.OTHER_NAME, detail=f"the record is {there.record.name}'s")
    try:
        return replace(one, draft=_draft(work, person, verdict, there))
    except Invalid as error:
        why = "; ".join(f"{path}: {', '.join(whys)}" for path, whys in error.errors.items())
        return Doubtful(Doubt.UNACCEPTABLE, detail=why)


def _quite_other(one: str, other: str) -> bool:
    """Whether two names have no word in common, as after a slip in the number. People marry, and are called by half."""
    words, others = (set(WORDS.findall(name.casefold())) for name in (one, other))
    return bool(words and others) and words.isdisjoint(others)


def _draft(work: Work, person: Person, verdict: New | Matched, stored: StoredRecord | None) -> Draft | None:
    catalogue, source = work.store.catalogue, work.source
    if stored is None:
        assert person.number
        values = everything(catalogue, source, person)
        return draft_new(work.store, person.number, intention(source, person), values)
    assert verdict.known
    if isinstance(verdict, New) or (person.contact and verdict.known.remote_id == person.where):
        return None  # begun by this run; or theirs already, and the sync's to compare
    values = missing(catalogue, source, person, stored.record, verdict.known)
    return draft(work.store, stored, intention(source, person), values)


async def _written(work: Work, drafted: Sequence[_Drafted], run: Run) -> list[Finding]:
    later = Later(work.source.connector, HELD_SECONDS) if work.source.connector else None
    written = await write_all(work.store, [one.draft for one in drafted if one.draft], later=later)
    findings: list[Finding] = []
    pairs: list[Pair] = []
    for one in drafted:
        result = written[one.draft.after.record.id] if one.draft else one.stored
        if isinstance(result, PortalError):
            findings.append(Finding(one.person, "failed", str(result)))
        elif result is not None:
            pairs.append(Pair(one.person, result, one.verdict.known, isinstance(one.verdict, New)))
    if isinstance(work.source, Contacts):
        findings += [Finding(person, "not tied", why) for person, why in await tie(work.source, pairs)]
    run.refused += len(findings)
    return findings


def _undated(drafted: Sequence[_Drafted]) -> list[Finding]:
    """Who opted in nobody knows when. Of whom the contact is already, the sync decides."""
    return [
        Finding(one.person, "left out", UNDATED, ", ".join(path.removesuffix("/status") for path in paths))
        for one in drafted
        if (paths := left_out(one.person, one.stored.record if one.stored else None)) and not one.tied
    ]


def _incomplete(catalogue: Catalogue, drafted: Sequence[_Drafted]) -> list[Finding]:
    """Lines that begin a record and leave out what a customer could not. A CRM's contacts are as the CRM has them."""
    required = [field for field in catalogue.fields.values() if field.required]
    return [
        Finding(one.person, "incomplete", INCOMPLETE, ", ".join(lacking))
        for one in drafted
        if isinstance(one.verdict, New) and one.person.contact is None
        if (lacking := [field.path for field in required if field.path not in one.person.profile])
    ]


def _count(run: Run, page: Page, verdicts: Sequence[Verdict]) -> None:
    run.place = page.place
    run.through += len(page.people)
    run.new += sum(isinstance(one, New) for one in verdicts)
    run.matched += sum(isinstance(one, Matched) for one in verdicts)
    run.doubtful += sum(isinstance(one, Doubtful) for one in verdicts)
    run.reasons.update(one.doubt.value for one in verdicts if isinstance(one, Doubtful))


def _doubts(people: Sequence[Person], verdicts: Sequence[Verdict]) -> list[Finding]:
    return [
        Finding(person, "doubtful", verdict.doubt.value, verdict.detail, " ".join(verdict.others))
        for person, verdict in zip(people, verdicts, strict=True)
        if isinstance(verdict, Doubtful)
    ]
