"""How many changes there are. `portal.change_count` has them by quarters of an hour, so that no page counts what was
counted before; what came after the last quarter is counted when it is asked for."""

from datetime import date, datetime

from portal.auditing.queries import LogFilter
from portal.db.database import Database

LIVE = "r.at >= (SELECT coalesce(max(at) + interval '15 minutes', '-infinity') FROM portal.change_count)"

SIZE = f"""
SELECT coalesce(q.changes_through, 0) + live.changes AS entries, coalesce(q.chains_through, 0) + live.chains AS chains
FROM (
    SELECT count(*) AS changes, count(*) FILTER (WHERE r.seq = 1) AS chains FROM portal.change_record r WHERE {LIVE}
) live
LEFT JOIN (SELECT * FROM portal.change_count ORDER BY at DESC LIMIT 1) q ON true
"""  # noqa: S608 - nothing from outside
"""How many `chains` and `entries` there are."""

PER_DAY = """
SELECT (r.at AT TIME ZONE %(zone)s)::date AS day, count(*)::bigint AS count
FROM {source} JOIN portal.customer c ON c.id = r.customer_id
WHERE {where} GROUP BY 1
"""

PER_DAY_COUNTED = """
SELECT day, sum(count)::bigint AS count FROM (
    SELECT (q.at AT TIME ZONE %(zone)s)::date AS day, {changes} AS count
    FROM portal.change_count q WHERE q.at >= %(after)s AND q.at < %(before)s
    UNION ALL
    SELECT (r.at AT TIME ZONE %(zone)s)::date, count(*)
    FROM portal.change_record r WHERE {live} AND {where} GROUP BY 1
) counted GROUP BY 1
"""

OF_KIND = """coalesce((SELECT sum(k.value::bigint) FROM jsonb_each_text(q.kinds) k
    WHERE coalesce(split_part(k.key, '/', 1) = %(actor)s, true)
        AND coalesce(split_part(k.key, '/', 2) = %(action)s, true)), 0)"""


# The entries' own time and number stand in an index: the table need not be read.
MISCOUNTED = """
SELECT at FROM (
    SELECT q.at, q.changes, q.chains, q.changes_through, q.chains_through FROM portal.change_count q
) counted FULL JOIN (
    SELECT l.at, l.changes, l.chains,
        sum(l.changes) OVER (ORDER BY l.at) AS changes_through, sum(l.chains) OVER (ORDER BY l.at) AS chains_through
    FROM (
        SELECT date_bin('15 minutes', r.at, 'epoch') AS at,
            count(*) AS changes, count(*) FILTER (WHERE r.seq = 1) AS chains
        FROM portal.change_record r
        WHERE r.at < (SELECT max(q.at) + interval '15 minutes' FROM portal.change_count q) GROUP BY 1
    ) l
) log USING (at)
WHERE (counted.changes, counted.chains, counted.changes_through, counted.chains_through)
    IS DISTINCT FROM (log.changes, log.chains, log.changes_through, log.chains_through)
ORDER BY at LIMIT 1
"""

FORGET = "DELETE FROM portal.change_count WHERE at >= %s"


async def mend_counts(database: Database) -> datetime | None:
    """Compare what was counted beforehand with the log; gives the first quarter of an hour where they differ, if
    any. From there on workers count anew."""
    async with database.snapshot() as connection:
        await connection.execute("SET LOCAL statement_timeout = 0")  # it grows with the log, like all of a verification
        row = await (await connection.execute(MISCOUNTED)).fetchone()
    if row is None:
        return None
    await database.fetch_all(FORGET, [row[0]])
    first: datetime = row[0]
    return first


async def changes_per_day(database: Database, asked: LogFilter, zone: str) -> dict[date, int]:
    """How many changes on each day of a time zone, from one midnight there to another."""
    where, params = asked.where()
    statement = PER_DAY
    if asked.of_everybody and asked.after and asked.before:
        changes = OF_KIND if asked.actor or asked.action else "q.changes"
        statement = PER_DAY_COUNTED.replace("{changes}", changes).replace("{live}", LIVE)
    statement = statement.replace("{source}", asked.source).replace("{where}", where)
    rows = await database.fetch_all(statement, params | {"zone": zone})
    return {row["day"]: row["count"] for row in rows if row["count"]}
