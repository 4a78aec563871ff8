"""The whole of it: look through the source, then bring in everybody, and nobody else does so meanwhile."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from portal.adoption.bring import Work, bring_in, look_through
from portal.adoption.judge import Rules
from portal.adoption.person import Source
from portal.adoption.report import Report
from portal.adoption.run import Run, alone, begin, found, fresh
from portal.record.store import RecordStore


@dataclass(frozen=True, slots=True)
class Wish:
    """How it is to be done.

    Attributes:
        dry: nothing is written, neither here nor in the CRM.
        report: the file that is to name everybody who is doubtful.
        again: begin anew, where a run was broken off.
        shared: different customers may have one e-mail address.
        by: who wants it.
    """

    dry: bool = False
    report: Path | None = None
    again: bool = False
    shared: bool = False
    by: str = "cli"


class Watching(Protocol):
    """Whoever wants to know how far it is."""

    def looked(self, people: int) -> None:
        """So many more have been looked at."""

    def begins(self, through: int, total: int) -> None:
        """Of so many, so many were brought in before."""

    def went(self, people: int) -> None:
        """So many more have been brought in."""


class _Nobody:
    def looked(self, people: int) -> None: ...

    def begins(self, through: int, total: int) -> None: ...

    def went(self, people: int) -> None: ...


NOBODY: Watching = _Nobody()


async def bring_everybody(store: RecordStore, source: Source, wish: Wish, watching: Watching = NOBODY) -> Run:
    """Bring in everybody whom a source has, from where it was broken off the last time; gives what became of them.

    Raises:
        Conflict: somebody else does so already.
        Invalid: the source, or the report, is not what it should be.
        Unavailable: the CRM does not answer. What is done is done, and the next time goes on there.
    """
    async with alone(store.database):
        broken_off = None if wish.again else await found(store.database, source.name)
        if wish.dry:
            run = broken_off or fresh(source.name)
        else:
            run = await begin(store.database, source.name, wish.by, again=wish.again)
        report = Report.open(wish.report, going_on=broken_off is not None) if wish.report else Report.nowhere()
        try:
            twice = await look_through(source, watching.looked)
            watching.begins(run.through, twice.people)
            rules = Rules(run.began_at, wish.shared)
            await bring_in(Work(store, source, report, rules, wish.dry, watching.went), run, twice)
        finally:
            report.close()
        return run
