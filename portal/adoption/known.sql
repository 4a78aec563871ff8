-- The customers with some numbers or ids, as far as it says what may still be brought into their records.
SELECT c.id, c.number, c.created_at, s.remote_id, coalesce(s.wanted = 'erased', false) AS erased,
    ARRAY(SELECT jsonb_object_keys(c.provenance)) AS said,
    (SELECT r.request_id FROM portal.change_record r WHERE r.customer_id = c.id AND r.seq = 1) AS first_request,
    people.touched, people.moved
FROM portal.customer c
LEFT JOIN portal.sync_state s ON s.customer_id = c.id AND s.connector = %(connector)s
CROSS JOIN LATERAL (
    SELECT count(*) > 0 AS touched,
        coalesce(bool_or(array_to_string(r.paths, ' ') LIKE '%%contact_points/%%'), false) AS moved
    FROM portal.change_record r WHERE r.customer_id = c.id AND r.actor_kind <> 'system'
) people
WHERE c.number = ANY(%(numbers)s) OR c.id = ANY(%(ids)s)
