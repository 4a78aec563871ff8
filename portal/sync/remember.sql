-- The second half of a completion, for those that have more to tell than deliveries: how the CRM behaved, how often it was
-- called, and what is to stand in the journal.
gate AS (
    UPDATE portal.connector_gate g SET
        calls = g.calls + %(calls)s,
        tokens = least(portal.gate_tokens_v1(g, p.moment) + %(prepaid)s - %(calls)s, %(remaining)s::bigint),
        rate_calls = CASE WHEN g.rate_calls IS NOT NULL THEN coalesce(%(limit)s, g.rate_calls) END,
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
