-- A page of a customer's own history, newest first, with what it takes to read and to tell it: one statement.
-- The first columns say the same in each row; without changes before p_before there is one row, with seq NULL.
CREATE FUNCTION portal.history_v1(p_customer uuid, p_before bigint, p_limit integer)
RETURNS TABLE (
    head bigint, time_zone text, systems jsonb, sync jsonb, wrapped_key bytea, wrapped_by text,
    seq bigint, entry bytea, leaf bytea, delivered jsonb
)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('portal.customer_id', p_customer::text, true);
    RETURN QUERY
    SELECT c.seq, c.profile->>'time_zone',
        (SELECT jsonb_object_agg(p.id, p.system) FROM contact_point p WHERE p.customer_id = p_customer),
        (SELECT jsonb_agg(jsonb_build_object(
                'connector', s.connector, 'label', o.label, 'desired_seq', s.desired_seq, 'synced_seq', s.synced_seq,
                'status', s.status, 'attempts', s.attempts) ORDER BY s.connector)
            FROM sync_state s JOIN connector o ON o.name = s.connector WHERE s.customer_id = p_customer),
        k.wrapped, k.wrapped_by, r.seq, r.entry, r.leaf,
        (SELECT jsonb_object_agg(d.connector, d.at) FROM (
            SELECT e.connector, min(e.at) AS at FROM delivery e
            WHERE e.customer_id = p_customer AND e.through_seq >= r.seq GROUP BY e.connector) d)
    FROM customer c
    JOIN keys.customer_key k ON k.customer_id = c.id
    LEFT JOIN LATERAL (
        SELECT h.seq, h.entry, h.leaf FROM change_record h
        WHERE h.customer_id = p_customer AND h.seq < p_before ORDER BY h.seq DESC LIMIT p_limit
    ) r ON true
    WHERE c.id = p_customer
    ORDER BY r.seq DESC;
END
$$;
