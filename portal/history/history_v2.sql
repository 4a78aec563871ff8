-- A page of a customer's own history, newest first, with what it takes to read and to tell it: one statement.
-- The first columns say the same in each row; without changes before p_before there is one row, with seq NULL.
CREATE FUNCTION portal.history_v2(p_customer uuid, p_before bigint, p_limit integer)
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
        (SELECT jsonb_agg(to_jsonb(t) - 'customer_id' ORDER BY t.connector)
            FROM delivery_state_v1 t WHERE t.customer_id = p_customer),
        k.wrapped, k.wrapped_by, r.seq, r.entry, r.leaf,
        (SELECT jsonb_object_agg(s.connector, d.at) FROM sync_state s CROSS JOIN LATERAL (
            SELECT e.at FROM delivery e
            WHERE e.customer_id = p_customer AND e.connector = s.connector AND e.through_seq >= r.seq
            ORDER BY e.through_seq LIMIT 1) d
            WHERE s.customer_id = p_customer)
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
