-- The next page of a resync: in the order of ids, once less than half a page is still to be read. What a person has
-- given up, or parked by hand, is left as it is.
WITH present AS (
    SELECT clock_timestamp() + %(ahead)s AS moment
),
wanted AS (
    SELECT g.connector, g.resynced_through FROM portal.connector_gate g
    WHERE g.connector = %(connector)s AND g.resyncing_since IS NOT NULL
        AND (SELECT count(*) FROM (
            SELECT FROM portal.sync_state s
            WHERE s.connector = %(connector)s AND s.pull_due_at IS NOT NULL
                AND least(s.push_due_at, s.pull_due_at, s.verify_at) <= (SELECT moment FROM present)
            LIMIT %(page)s / 2) due) < %(page)s / 2
    FOR UPDATE SKIP LOCKED
),
page AS MATERIALIZED (
    SELECT s.customer_id FROM portal.sync_state s, wanted w
    WHERE s.connector = w.connector AND (w.resynced_through IS NULL OR s.customer_id > w.resynced_through)
        AND s.wanted <> 'erased' AND s.status <> 'skipped' AND NOT (s.status = 'parked' AND s.attempts = 0)
    ORDER BY s.customer_id LIMIT %(page)s
),
marked AS (
    UPDATE portal.sync_state s SET pull_due_at = p.moment FROM page, present p
    WHERE s.connector = %(connector)s AND s.customer_id = page.customer_id
),
progress AS (
    UPDATE portal.connector_gate g SET
        resynced_through = last.customer_id,
        resyncing_since = CASE WHEN last.customer_id IS NOT NULL THEN g.resyncing_since END,
        resynced_at = CASE WHEN last.customer_id IS NULL THEN p.moment ELSE g.resynced_at END
    FROM present p, wanted w LEFT JOIN (SELECT page.customer_id FROM page ORDER BY page.customer_id DESC LIMIT 1) last ON true
    WHERE g.connector = w.connector
)
SELECT count(*) AS rows FROM page
