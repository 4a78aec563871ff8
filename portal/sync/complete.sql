-- Give back the leases of a batch with what was found out, write down what was delivered and how the CRM behaved, and
-- tell open pages. A row whose lease has meanwhile gone to another worker is left to that one.
WITH present AS (
    SELECT clock_timestamp() + %(ahead)s AS moment
),
verdict AS (
    SELECT * FROM jsonb_to_recordset(%(verdicts)s) AS v (
        customer_id uuid, status text, attempts integer, error text, tried bigint, looked boolean, pull_seen timestamptz,
        push_after float8, pull_after float8, verify_after float8, synced_seq bigint, timeline_seq bigint, base text,
        remote_id text, etag text, announce boolean, wanted text, did boolean, event text, facts jsonb)
),
mine AS (
    SELECT s.customer_id, s.synced_seq, s.status, s.wanted, s.confirmed_at
    FROM portal.sync_state s JOIN verdict v ON v.customer_id = s.customer_id
    WHERE s.connector = %(connector)s AND s.lease = %(lease)s
    FOR UPDATE OF s
),
done AS (
    UPDATE portal.sync_state s SET
        status = v.status,
        attempts = v.attempts,
        last_error = v.error,
        synced_seq = greatest(s.synced_seq, v.synced_seq),
        timeline_seq = greatest(s.timeline_seq, v.timeline_seq),
        base = CASE WHEN v.status = 'erased' THEN NULL ELSE coalesce(decode(v.base, 'hex'), s.base) END,
        remote_id = CASE WHEN v.status = 'erased' THEN NULL ELSE coalesce(v.remote_id, s.remote_id) END,
        remote_etag = CASE WHEN v.status = 'erased' THEN NULL ELSE coalesce(v.etag, s.remote_etag) END,
        push_due_at = CASE
            WHEN v.push_after IS NOT NULL THEN p.moment + v.push_after * interval '1 second'
            WHEN v.tried IS NULL THEN s.push_due_at
            WHEN s.desired_seq > v.tried OR v.wanted <> s.wanted THEN p.moment
        END,
        pull_due_at = CASE
            WHEN v.pull_after IS NOT NULL THEN p.moment + v.pull_after * interval '1 second'
            WHEN v.looked AND s.pull_due_at IS NOT DISTINCT FROM v.pull_seen THEN NULL
            ELSE s.pull_due_at
        END,
        verify_at = CASE
            WHEN v.verify_after IS NOT NULL THEN p.moment + v.verify_after * interval '1 second'
            WHEN v.looked THEN NULL
            ELSE s.verify_at
        END,
        confirmed_at = CASE WHEN s.confirmed_at IS NULL AND v.did AND v.wanted = s.wanted AND s.wanted_at IS NOT NULL
            THEN p.moment ELSE s.confirmed_at END,
        lease = NULL,
        lease_until = NULL
    FROM verdict v, mine m, present p
    WHERE s.connector = %(connector)s AND s.customer_id = v.customer_id AND m.customer_id = v.customer_id
    RETURNING s.customer_id, s.synced_seq, m.synced_seq AS before, v.announce OR s.status <> m.status OR s.synced_seq > m.synced_seq AS announce,
        s.status = 'parked' AND m.status <> 'parked' AS parked, s.last_error,
        s.confirmed_at IS NOT NULL AND m.confirmed_at IS NULL AS confirmed, s.wanted, v.event, v.facts
),
delivered AS (
    INSERT INTO portal.delivery (customer_id, connector, through_seq, at)
    SELECT d.customer_id, %(connector)s, d.synced_seq, p.moment FROM done d, present p WHERE d.synced_seq > d.before
    ON CONFLICT DO NOTHING
),
announced AS (
    INSERT INTO portal.announcement (customer_id) SELECT d.customer_id FROM done d WHERE d.announce
),
gate AS (
    -- Where there is nothing to write down, as with a CRM that is well and counts no calls, nothing is written.
    UPDATE portal.connector_gate g SET
        calls = g.calls + %(calls)s,
        tokens = least(
            least(g.rate_calls, g.tokens + extract(epoch FROM p.moment - g.filled_at) * g.rate_calls / g.rate_seconds)
                + 1 - %(calls)s,
            %(remaining)s::bigint),
        filled_at = CASE WHEN g.rate_calls IS NOT NULL THEN p.moment END,
        remaining = coalesce(%(remaining)s, g.remaining),
        remaining_of = coalesce(%(limit)s, g.remaining_of),
        resets_at = coalesce(p.moment + %(resets_in)s::float8 * interval '1 second', g.resets_at),
        shut_until = greatest(g.shut_until, p.moment + %(shut_for)s::float8 * interval '1 second'),
        failures = CASE WHEN %(answered)s THEN 0 ELSE g.failures + (%(answered)s IS FALSE)::integer END,
        trips = CASE WHEN %(answered)s THEN 0 ELSE g.trips + o.opens::integer END,
        open_until = CASE
            WHEN %(answered)s THEN NULL
            WHEN o.opens THEN p.moment + least(%(open_first)s * 2.0 ^ least(g.trips, 20), %(open_longest)s)
                * (0.5 + %(chance)s::float8 / 2) * interval '1 second'
            ELSE g.open_until
        END,
        opened_at = CASE WHEN o.opens AND g.open_until IS NULL THEN p.moment ELSE g.opened_at END,
        closed_at = CASE WHEN %(answered)s AND g.open_until IS NOT NULL THEN p.moment ELSE g.closed_at END,
        probing_until = CASE WHEN %(answered)s IS NULL THEN g.probing_until END,
        last_error = coalesce(%(error)s, g.last_error),
        last_error_at = CASE WHEN %(error)s::text IS NULL THEN g.last_error_at ELSE p.moment END
    FROM present p, LATERAL (
        -- It opens after some failures in a row, and again when the one who tried has failed, too. What had begun
        -- before it opened says nothing new.
        SELECT q.connector, %(answered)s IS FALSE AND CASE WHEN q.open_until IS NULL
            THEN q.failures + 1 >= %(failures_to_open)s ELSE q.open_until <= p.moment END AS opens
        FROM portal.connector_gate q WHERE q.connector = %(connector)s
    ) o
    WHERE g.connector = o.connector AND (
        %(calls)s > 0 OR %(answered)s IS FALSE OR %(error)s::text IS NOT NULL OR %(shut_for)s::float8 IS NOT NULL
        OR (%(answered)s AND (g.failures > 0 OR g.open_until IS NOT NULL)))
    RETURNING g.opened_at = p.moment AS opened, g.closed_at = p.moment AS closed, g.opened_at, g.last_error
),
written AS (
    INSERT INTO portal.sync_event (at, connector, event, actor, customer_id, facts)
    SELECT p.moment, %(connector)s, e.event, 'engine', e.customer_id, e.facts
    FROM present p, (
        SELECT 'parked', d.customer_id, jsonb_build_object('says', d.last_error) FROM done d WHERE d.parked
        UNION ALL SELECT d.wanted || '_confirmed', d.customer_id, '{}' FROM done d WHERE d.confirmed
        UNION ALL SELECT d.event, d.customer_id, coalesce(d.facts, '{}') FROM done d WHERE d.event IS NOT NULL
        UNION ALL SELECT 'breaker_opened', NULL, jsonb_build_object('says', g.last_error) FROM gate g WHERE g.opened
        UNION ALL SELECT 'breaker_closed', NULL, jsonb_build_object('opened_at', g.opened_at) FROM gate g WHERE g.closed
    ) e (event, customer_id, facts)
)
SELECT count(*) AS rows FROM done
