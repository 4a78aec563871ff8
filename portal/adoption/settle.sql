-- Contacts that are some customers' from now on. Who is settled is in the CRM as the record says; who is not is due to be
-- read; whom the CRM refuses is parked with its words. A row that a worker holds is read anew when it is given back.
-- A wish that the CRM has not confirmed, a call that may still land, and whom an operator has set aside stay what they are.
WITH present AS (
    SELECT clock_timestamp() + %(ahead)s AS moment
),
tied AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s) AS t (
        customer_id uuid, remote_id text, etag text, seq bigint, settled boolean, base text, why text)
),
done AS (
    UPDATE portal.sync_state s SET
        status = CASE
            WHEN s.status = 'verifying' THEN s.status
            WHEN t.why IS NOT NULL THEN 'parked'
            WHEN r.rests THEN 'synced'
            WHEN s.lease IS NULL THEN 'waiting'
            ELSE s.status
        END,
        synced_seq = CASE WHEN r.rests THEN greatest(s.synced_seq, t.seq) ELSE s.synced_seq END,
        timeline_seq = CASE WHEN r.rests THEN greatest(s.timeline_seq, t.seq) ELSE s.timeline_seq END,
        base = decode(t.base, 'hex'),
        remote_id = CASE WHEN t.why IS NULL THEN t.remote_id ELSE s.remote_id END,
        remote_etag = CASE WHEN r.rests THEN t.etag END,
        attempts = (t.why IS NOT NULL)::integer,
        last_error = t.why,
        push_due_at = CASE WHEN r.wished THEN s.push_due_at WHEN r.rests AND s.desired_seq > t.seq THEN p.moment END,
        pull_due_at = CASE WHEN t.why IS NULL AND NOT r.rests THEN p.moment END
    FROM present p, tied t
    JOIN portal.sync_state b ON b.connector = %(connector)s AND b.customer_id = t.customer_id
    CROSS JOIN LATERAL (SELECT b.wanted_at IS NOT NULL AND b.confirmed_at IS NULL AS wished) w
    CROSS JOIN LATERAL (
        SELECT w.wished, t.why IS NULL AND t.settled AND b.lease IS NULL AND b.status IN ('waiting', 'synced')
            AND b.wanted = 'record' AND NOT w.wished AS rests) r
    WHERE s.connector = %(connector)s AND s.customer_id = t.customer_id AND s.wanted <> 'erased'
        AND (s.status <> 'skipped' AND (s.status <> 'parked' OR s.attempts > 0)
            OR s.push_due_at IS NOT NULL OR s.pull_due_at IS NOT NULL)
    RETURNING s.customer_id, s.status, s.synced_seq, b.synced_seq AS before
),
written AS (
    INSERT INTO portal.sync_event (at, connector, event, actor, customer_id, facts)
    SELECT p.moment, %(connector)s, 'parked', 'adoption', customer_id, jsonb_build_object('says', t.why)
    FROM done d JOIN tied t USING (customer_id), present p WHERE d.status = 'parked' AND t.why IS NOT NULL
)
INSERT INTO portal.delivery (customer_id, connector, through_seq, at)
SELECT d.customer_id, %(connector)s, d.synced_seq, p.moment
FROM done d, present p WHERE d.synced_seq > d.before
ON CONFLICT DO NOTHING
