-- Take the rows of one connector that are due longest, as many as a batch takes, for the length of a lease; none while
-- the CRM may not be called: it is paused, its breaker is open, it asked for a break, or its budget is spent.
-- A lease that is found expired means that whoever held the row died with it, or stands still: that counts as an attempt
-- whose answer never came, for a call of theirs may be under way. Who is to be found out about is told: probing has the
-- error that the breaker opened for; it is NULL while the breaker is closed.
--
-- p_ahead is added to the clock. Each claim takes one call from the budget; what else was called is settled afterwards.
--
-- What was due before p_since is not looked at. Rows that were worked off leave entries in the index until it is vacuumed,
-- and whoever claims one batch after the other would go past all of them each time.
CREATE FUNCTION portal.sync_claim_v3(
    p_connector text, p_lease uuid, p_for interval, p_limit integer, p_ahead interval, p_since timestamptz
)
RETURNS TABLE (
    customer_id uuid, desired_seq bigint, synced_seq bigint, timeline_seq bigint, base bytea, remote_id text, etag text,
    push_due boolean, verify_due boolean, pull_due_at timestamptz, attempts integer, status text, wanted text,
    unconfirmed boolean, troubled boolean, probing text, due_at timestamptz
)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp() + p_ahead;
    v_gate connector_gate;
    v_tokens float8;
    v_limit integer := p_limit;
    v_since timestamptz := coalesce(p_since, '-infinity');
BEGIN
    SELECT g.* INTO v_gate FROM connector_gate g JOIN connector o ON o.name = g.connector
    WHERE g.connector = p_connector AND o.paused_at IS NULL;
    IF NOT FOUND OR v_gate.open_until > v_now OR v_gate.shut_until > v_now THEN
        RETURN;
    END IF;

    IF v_gate.open_until IS NOT NULL OR v_gate.rate_calls IS NOT NULL THEN
        PERFORM FROM sync_state s
        WHERE s.connector = p_connector
            AND (s.push_due_at IS NOT NULL OR s.pull_due_at IS NOT NULL OR s.verify_at IS NOT NULL)
            AND least(s.push_due_at, s.pull_due_at, s.verify_at) BETWEEN v_since AND v_now
            AND (s.lease_until IS NULL OR s.lease_until < v_now)
        LIMIT 1;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        -- One claim at a time, each on what the one before has left.
        SELECT g.* INTO v_gate FROM connector_gate g WHERE g.connector = p_connector FOR UPDATE;
        v_tokens := gate_tokens_v1(v_gate, v_now);
        IF v_gate.open_until > v_now OR v_gate.probing_until > v_now OR v_gate.shut_until > v_now OR v_tokens < 1 THEN
            RETURN;
        END IF;
        IF v_gate.open_until IS NOT NULL THEN
            v_limit := 1;
        END IF;
        UPDATE connector_gate g SET tokens = v_tokens - 1, filled_at = v_now,
            probing_until = CASE WHEN g.open_until IS NOT NULL THEN v_now + p_for END
        WHERE g.connector = p_connector;
    END IF;

    RETURN QUERY
    WITH due AS (
        -- Of what a person keeps from the CRM nothing can be under way: it was only read.
        SELECT s.customer_id, s.attempts, s.lease IS NOT NULL AND NOT (
            (s.status = 'skipped' OR s.status = 'parked' AND s.attempts = 0)
            AND s.push_due_at IS NULL AND s.pull_due_at IS NULL) AS died
        FROM sync_state s
        WHERE s.connector = p_connector
            AND (s.push_due_at IS NOT NULL OR s.pull_due_at IS NOT NULL OR s.verify_at IS NOT NULL)
            AND least(s.push_due_at, s.pull_due_at, s.verify_at) BETWEEN v_since AND v_now
            AND (s.lease_until IS NULL OR s.lease_until < v_now)
        ORDER BY least(s.push_due_at, s.pull_due_at, s.verify_at)
        LIMIT p_limit
        FOR UPDATE OF s SKIP LOCKED
    ),
    taken AS (
        -- A CRM that may be well again is tried with a record that is not known to give it trouble.
        SELECT d.customer_id, d.died FROM due d ORDER BY CASE WHEN v_limit < p_limit THEN d.attempts END LIMIT v_limit
    )
    UPDATE sync_state s SET
        lease = p_lease,
        lease_until = v_now + p_for,
        attempts = s.attempts + taken.died::integer,
        status = CASE WHEN taken.died THEN 'verifying' ELSE s.status END
    FROM taken
    WHERE s.connector = p_connector AND s.customer_id = taken.customer_id
    RETURNING s.customer_id, s.desired_seq, s.synced_seq, s.timeline_seq, s.base, s.remote_id, s.remote_etag,
        s.push_due_at IS NOT NULL AND s.push_due_at <= v_now, s.verify_at IS NOT NULL AND s.verify_at <= v_now,
        s.pull_due_at, s.attempts, s.status, s.wanted,
        s.wanted_at IS NOT NULL AND s.confirmed_at IS NULL, v_gate.failures > 0 OR v_gate.open_until IS NOT NULL,
        CASE WHEN v_gate.open_until IS NOT NULL THEN coalesce(v_gate.last_error, '') END,
        least(s.push_due_at, s.pull_due_at, s.verify_at);
END
$$;
