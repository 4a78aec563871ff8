-- The customers with some numbers, ids or contacts, as far as it says what may still be brought into their records.
WITH asked AS (
    SELECT c.id FROM portal.customer c WHERE c.number = ANY(%(numbers)s)
    UNION SELECT c.id FROM portal.customer c WHERE c.id = ANY(%(ids)s)
    UNION SELECT s.customer_id FROM portal.sync_state s
        WHERE s.connector = %(connector)s AND s.remote_id = ANY(%(contacts)s)
)
SELECT c.id, c.number, c.created_at, s.remote_id,
    EXISTS (SELECT FROM portal.sync_state e WHERE e.customer_id = c.id AND e.wanted = 'erased') AS erased,
    s.wanted IS NULL OR s.wanted = 'record' AND (s.wanted_at IS NULL OR s.confirmed_at IS NOT NULL) AS as_usual,
    coalesce((s.status = 'skipped' OR s.status = 'parked' AND s.attempts = 0)
        AND s.push_due_at IS NULL AND s.pull_due_at IS NULL, false) AS set_aside,
    ARRAY(SELECT jsonb_object_keys(c.provenance)) AS said,
    (SELECT r.request_id FROM portal.change_record r WHERE r.customer_id = c.id AND r.seq = 1) AS first_request,
    people.touched, people.moved
FROM asked JOIN portal.customer c ON c.id = asked.id
LEFT JOIN portal.sync_state s ON s.customer_id = c.id AND s.connector = %(connector)s
CROSS JOIN LATERAL (
    SELECT count(*) > 0 AS touched,
        coalesce(bool_or(array_to_string(r.paths, ' ') LIKE '%%contact_points/%%'), false) AS moved
    FROM portal.change_record r WHERE r.customer_id = c.id AND r.actor_kind <> 'system'
) people
