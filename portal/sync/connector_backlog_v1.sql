-- For each CRM how many records are due to be written to it, for how many of them because of a change, and since when the
-- oldest of all waits. When a record is due moves with each attempt, so for one that was tried already it is asked when
-- the oldest change was made that the CRM does not have. Few are: while a CRM does not answer, the others are left alone.
CREATE VIEW portal.connector_backlog_v1 WITH (security_invoker = true) AS
SELECT s.connector, count(*) AS backlog, count(*) FILTER (WHERE s.synced_seq < s.desired_seq) AS behind,
    min(CASE WHEN s.attempts = 0 THEN s.push_due_at ELSE coalesce(
        (SELECT greatest(r.at, o.added_at) FROM portal.change_record r
            WHERE r.customer_id = s.customer_id AND r.seq = s.synced_seq + 1),
        s.wanted_at, s.push_due_at) END) AS waiting_since
FROM portal.sync_state s JOIN portal.connector o ON o.name = s.connector
WHERE s.push_due_at IS NOT NULL
GROUP BY s.connector;
