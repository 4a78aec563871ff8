-- Take the rows of one connector that are due longest, as many as a batch takes, for the length of a lease.
-- A lease that is found expired means that whoever held the row died with it: that counts as an attempt.
WITH present AS (
    SELECT clock_timestamp() + %(ahead)s AS moment
),
due AS (
    SELECT s.customer_id
    FROM portal.sync_state s
    WHERE s.connector = %(connector)s
        AND (s.push_due_at IS NOT NULL OR s.pull_due_at IS NOT NULL OR s.verify_at IS NOT NULL)
        AND least(s.push_due_at, s.pull_due_at, s.verify_at) <= (SELECT moment FROM present)
        AND (s.lease_until IS NULL OR s.lease_until < (SELECT moment FROM present))
        AND NOT EXISTS (SELECT FROM portal.connector o WHERE o.name = %(connector)s AND o.paused_at IS NOT NULL)
    ORDER BY least(s.push_due_at, s.pull_due_at, s.verify_at)
    LIMIT %(limit)s
    FOR UPDATE OF s SKIP LOCKED
)
UPDATE portal.sync_state s SET
    lease = %(lease)s,
    lease_until = (SELECT moment FROM present) + %(for)s,
    attempts = s.attempts + (s.lease IS NOT NULL)::integer
FROM due
WHERE s.connector = %(connector)s AND s.customer_id = due.customer_id
RETURNING s.customer_id, s.desired_seq, s.synced_seq, s.timeline_seq, s.base, s.remote_id, s.remote_etag AS etag,
    s.push_due_at IS NOT NULL AND s.push_due_at <= (SELECT moment FROM present) AS push_due,
    s.verify_at IS NOT NULL AND s.verify_at <= (SELECT moment FROM present) AS verify_due,
    s.pull_due_at, s.attempts, s.status
