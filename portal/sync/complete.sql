-- Give back the leases of a batch with what was found out, write down what was delivered, and tell open pages. A row
-- whose lease has meanwhile gone to another worker is left to that one, but what was called under the lost lease may have
-- been the last to arrive: as with an answer that never came, the CRM is read. portal/sync/lease.py adds the end, and what is to
-- be remembered (remember.sql) where there is something.
WITH present AS (
    SELECT clock_timestamp() + %(ahead)s AS moment
),
-- What is left out is as portal/sync/state.py has it when nothing is said.
verdict AS (
    SELECT * FROM jsonb_to_recordset(%(verdicts)s) AS v (
        customer_id uuid, status text, attempts integer, error text, tried bigint, looked boolean, pull_seen timestamptz,
        push_after float8, pull_after float8, verify_after float8, synced_seq bigint, timeline_seq bigint, base text,
        remote_id text, etag text, announce boolean, wanted text, did boolean, event text, facts jsonb)
),
mine AS (
    SELECT s.customer_id, s.synced_seq, s.status, s.wanted, s.confirmed_at
    FROM portal.sync_state s
    -- Not a join, which the planner makes a loop in a loop where there are few customers.
    WHERE s.connector = %(connector)s AND s.lease = %(lease)s
        AND s.customer_id = ANY (ARRAY(SELECT v.customer_id FROM verdict v))
    FOR UPDATE OF s
),
lost AS (
    UPDATE portal.sync_state s SET (status, verify_at) = (
        SELECT CASE WHEN decided THEN s.status ELSE 'verifying' END,
            p.moment + CASE WHEN decided THEN coalesce(%(late)s::float8, 0) ELSE 0 END * interval '1 second'
        FROM (
            SELECT s.lease IS NULL AND (s.status = 'skipped' OR s.status = 'parked' AND s.attempts = 0) AS decided
        ) by_a_person)
    FROM verdict v, present p
    WHERE s.connector = %(connector)s AND s.customer_id = v.customer_id
        AND v.customer_id NOT IN (SELECT customer_id FROM mine)
),
done AS (
    UPDATE portal.sync_state s SET
        status = v.status,
        attempts = coalesce(v.attempts, 0),
        last_error = CASE WHEN v.status IN ('parked', 'skipped') THEN coalesce(v.error, s.last_error) ELSE v.error END,
        synced_seq = greatest(s.synced_seq, v.synced_seq),
        timeline_seq = coalesce(v.timeline_seq, s.timeline_seq),
        base = CASE WHEN v.status = 'erased' THEN NULL ELSE coalesce(decode(v.base, 'base64'), s.base) END,
        -- Also of the erased: a contact that comes out of a CRM's dustbin is known by nothing else.
        remote_id = coalesce(v.remote_id, s.remote_id),
        remote_etag = CASE WHEN v.status = 'erased' THEN NULL ELSE coalesce(v.etag, s.remote_etag) END,
        push_due_at = CASE
            WHEN v.push_after IS NOT NULL THEN p.moment + v.push_after * interval '1 second'
            WHEN v.tried IS NULL THEN s.push_due_at
            WHEN s.desired_seq > v.tried OR coalesce(v.wanted, 'record') <> s.wanted THEN p.moment
        END,
        pull_due_at = CASE
            WHEN v.pull_after IS NOT NULL THEN p.moment + v.pull_after * interval '1 second'
            WHEN v.looked AND s.pull_due_at IS NOT DISTINCT FROM v.pull_seen THEN NULL
            ELSE s.pull_due_at
        END,
        verify_at = CASE
            WHEN v.verify_after IS NOT NULL THEN p.moment + v.verify_after * interval '1 second'
            -- However it was found out: the call whose answer never came may still land. Look once more when it cannot.
            WHEN m.status = 'verifying' AND v.status <> 'verifying' THEN p.moment + %(late)s::float8 * interval '1 second'
            WHEN v.looked AND s.verify_at <= s.lease_until - %(for)s THEN NULL
            ELSE s.verify_at
        END,
        confirmed_at = CASE WHEN s.confirmed_at IS NULL AND v.did AND coalesce(v.wanted, 'record') = s.wanted AND s.wanted_at IS NOT NULL
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
)
