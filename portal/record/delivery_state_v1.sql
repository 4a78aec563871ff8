-- How far each CRM is with each customer, and all that it may wait for: what portal/sync/waiting.py makes words of.
--
-- since        when the oldest change that it does not have was made; or when it was added to the portal, if that was later
-- due          something is to be written to it, now or at a time that is set
-- says         what it said last where it did not do as it was asked; for agents, operators and auditors alone
-- silent_since, tried_at   it does not answer; one record is tried then
-- rests_until  it asked for a break, or its budget is spent
-- alive, served            a worker was seen lately; and one of those knows this connector
CREATE VIEW portal.delivery_state_v1 WITH (security_invoker = true) AS
SELECT s.customer_id, s.connector, o.label, s.desired_seq, s.synced_seq, s.status, s.attempts, s.wanted, s.wanted_at,
    s.confirmed_at, s.last_error AS says, s.push_due_at IS NOT NULL AS due, o.added_at,
    -- Numbers have no gaps within a record.
    CASE WHEN s.synced_seq < s.desired_seq THEN greatest(o.added_at, (
        SELECT r.at FROM portal.change_record r WHERE r.customer_id = s.customer_id AND r.seq = s.synced_seq + 1))
    END AS since,
    o.paused_at,
    CASE WHEN g.open_until IS NOT NULL THEN g.opened_at END AS silent_since,
    g.open_until AS tried_at,
    greatest(g.shut_until, CASE WHEN g.rate_calls > 0 AND g.tokens < 1 THEN
        g.filled_at + (1 - g.tokens) * g.rate_seconds / g.rate_calls * interval '1 second' END) AS rests_until,
    w.alive, w.served
FROM portal.sync_state s
JOIN portal.connector o ON o.name = s.connector
LEFT JOIN portal.connector_gate g ON g.connector = s.connector
CROSS JOIN LATERAL (
    -- A worker of the release before does not say which connectors it serves.
    SELECT count(*) > 0 AS alive, coalesce(bool_or(coalesce(s.connector = ANY (k.connectors), true)), false) AS served
    FROM portal.worker k WHERE k.seen_at > clock_timestamp() - interval '10 seconds'
) w;
