-- How each CRM has been doing since the last sample, every few seconds, by whichever worker comes first.
WITH present AS (
    SELECT clock_timestamp() AS moment
),
due AS (
    SELECT g.connector, g.calls, coalesce(g.sampled_at, p.moment - interval '10 seconds') AS before
    FROM portal.connector_gate g, present p
    WHERE g.sampled_at IS NULL OR g.sampled_at <= p.moment - %(every)s
    ORDER BY g.connector FOR UPDATE OF g SKIP LOCKED
),
done AS (
    UPDATE portal.connector_gate g SET sampled_at = p.moment, sampled_calls = g.calls FROM due d, present p
    WHERE g.connector = d.connector
),
sampled AS (
    INSERT INTO portal.sync_sample (connector, at, backlog, lag, parked, delivered, calls)
    SELECT d.connector, p.moment, coalesce(b.backlog, 0),
        greatest(coalesce(extract(epoch FROM p.moment - b.waiting_since), 0), 0)::float8, k.parked, v.delivered,
        d.calls - g.sampled_calls
    FROM present p, due d
    JOIN portal.connector_gate g ON g.connector = d.connector
    LEFT JOIN portal.connector_backlog_v1 b ON b.connector = d.connector
    CROSS JOIN LATERAL (
        SELECT count(*) AS parked FROM portal.sync_state s WHERE s.connector = d.connector AND s.status = 'parked') k
    CROSS JOIN LATERAL (
        SELECT count(*) AS delivered FROM portal.delivery v WHERE v.connector = d.connector AND v.at > d.before) v
    ON CONFLICT DO NOTHING
)
SELECT count(*) AS rows FROM due
