"""What PostgreSQL counted while something was measured."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.ground import Ground

COUNTERS = """
SELECT d.xact_commit AS commits, d.xact_rollback AS rollbacks, d.tup_fetched + d.tup_returned AS rows_read,
    d.tup_inserted AS inserted, d.tup_updated AS updated, d.tup_deleted AS deleted, d.blks_read AS blocks_read,
    d.temp_bytes, d.deadlocks, w.wal_records, w.wal_bytes::bigint, w.wal_fpi AS full_pages,
    (SELECT coalesce(sum(fsyncs), 0)::bigint FROM pg_stat_io WHERE object = 'wal') AS wal_syncs
FROM pg_stat_database d CROSS JOIN pg_stat_wal w WHERE d.datname = current_database()
"""
OLDER = COUNTERS.replace("(SELECT coalesce(sum(fsyncs), 0)::bigint FROM pg_stat_io WHERE object = 'wal')", "w.wal_sync")
"""Before PostgreSQL 18."""

SECONDS_TO_END = 0.5
"""A backend has told all that it counted when it has ended, and not before."""


@dataclass
class Counted:
    """The growth of each counter between begin and end."""

    values: dict[str, int] = field(default_factory=dict)

    def each(self, requests: float) -> str:
        """In words, for one request; what did not happen is left out."""
        if not requests:
            return "nothing"
        shown = {name: value / requests for name, value in self.values.items() if value}
        return ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in shown.items())


@contextmanager
def counted(ground: Ground) -> Iterator[Counted]:
    """Count what happens within the block, which begins and ends with nobody connected who has something to do."""
    found = Counted()
    time.sleep(SECONDS_TO_END)
    before = _look(ground)
    yield found
    time.sleep(SECONDS_TO_END)
    after = _look(ground)
    found.values = {name: after[name] - before[name] for name in after}


def _look(ground: Ground) -> dict[str, int]:
    with ground.as_administrator() as admin:
        cursor = admin.execute((COUNTERS if admin.info.server_version >= 180000 else OLDER).encode())
        row = cursor.fetchone()
        assert row is not None and cursor.description is not None
        return {column.name: int(value) for column, value in zip(cursor.description, row, strict=True)}
