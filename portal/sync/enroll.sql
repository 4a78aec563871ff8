-- One batch of one pass over all customers, in the order of their ids: a row for who has none. What the CRMs that were
-- there before are to have of somebody who was erased or restricted, this one is to have as well.
--
-- Whoever creates a customer writes the rows of all connectors that they can see; one who began before the connector's
-- row was committed could not see it. So a pass counts only if it began a minute later, when all of those have ended or
-- timed out; the first pass is there to be quick.
WITH present AS (
    SELECT clock_timestamp() + %(ahead)s AS moment
),
pass AS (
    SELECT o.enrolled_through, coalesce(o.enrolling_from, p.moment) AS began,
        coalesce(o.enrolling_from, p.moment) > o.added_at + interval '1 minute' AS counts
    FROM portal.connector o, present p
    WHERE o.name = %(connector)s AND o.enrolled_at IS NULL
        AND (o.enrolling_from IS NOT NULL OR p.moment > o.added_at + interval '1 minute')
    FOR UPDATE OF o SKIP LOCKED
),
page AS MATERIALIZED (
    SELECT c.id, c.seq FROM portal.customer c, pass
    WHERE pass.enrolled_through IS NULL OR c.id > pass.enrolled_through
    ORDER BY c.id LIMIT %(batch)s
),
enrolled AS (
    INSERT INTO portal.sync_state (customer_id, connector, desired_seq, push_due_at, wanted, wanted_at)
    SELECT page.id, %(connector)s, page.seq, p.moment, coalesce(w.wanted, 'record'),
        CASE WHEN w.wanted IS NOT NULL THEN p.moment END
    FROM page CROSS JOIN present p LEFT JOIN LATERAL (
        SELECT s.wanted FROM portal.sync_state s WHERE s.customer_id = page.id AND s.wanted <> 'record'
        ORDER BY s.wanted = 'erased' DESC LIMIT 1
    ) w ON true
    ON CONFLICT DO NOTHING
),
progress AS (
    UPDATE portal.connector o SET
        enrolled_through = last.id,
        enrolling_from = CASE WHEN last.id IS NOT NULL THEN pass.began END,
        enrolled_at = CASE WHEN last.id IS NULL AND pass.counts THEN (SELECT moment FROM present) END
    FROM pass LEFT JOIN (SELECT page.id FROM page ORDER BY page.id DESC LIMIT 1) last ON true
    WHERE o.name = %(connector)s
)
SELECT count(*) AS customers FROM page
