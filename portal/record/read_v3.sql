-- The hot read: one record with all that its page shows, in one statement. What the record says is JSON text, as
-- portal/record/decode.py reads it for whoever reads records; beside it, where it has been delivered and who looked at it.
--
-- around   deliveries: portal.delivery_state_v1, and in `had` when the CRM got which of the last versions;
--          reads: the last visits of those who came lately, newest first, one for each of them
-- recent   the entries of the last three changes, newest first
--
-- Binding row-level security inside the function saves the round trips of begin, set_config and commit; it holds for
-- this statement's transaction only, so a pooled connection carries nothing over. All is found by primary keys, so one plan
-- is as good as another for each customer; left to itself, PostgreSQL may take a plan made for one customer for cheaper,
-- and then spends three times as long on planning, at each call, as on reading.
CREATE FUNCTION portal.record_read_v3(p_customer uuid)
RETURNS TABLE (
    id uuid, chain uuid, head bytea, wrapped_key bytea, wrapped_by text, record text, around text, recent bytea[]
)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('portal.customer_id', p_customer::text, true);
    RETURN QUERY
    SELECT c.id, c.chain, c.head, k.wrapped, k.wrapped_by,
        json_build_object(
            'id', c.id, 'number', c.number, 'seq', c.seq, 'profile', c.profile, 'provenance', c.provenance,
            'contact_points', c.contact_points, 'contact_windows', c.contact_windows, 'consents', c.consents,
            'notes', c.notes, 'logins', c.logins)::text,
        json_build_object(
            'deliveries', (SELECT json_agg(d ORDER BY d.connector) FROM (
                SELECT t.*, (
                    SELECT json_object_agg(e.through_seq, e.at) FROM delivery e
                    WHERE e.customer_id = p_customer AND e.connector = t.connector AND e.through_seq > c.seq - 3) AS had
                FROM delivery_state_v1 t WHERE t.customer_id = p_customer) d),
            'reads', (SELECT json_agg(v) FROM (
                SELECT l.at, l.actor_kind, l.actor_name, l.via FROM (
                    SELECT DISTINCT ON (x.actor_kind, x.actor_id) x.* FROM (
                        SELECT * FROM access_record a WHERE a.customer_id = p_customer ORDER BY a.at DESC LIMIT 50) x
                    ORDER BY x.actor_kind, x.actor_id, x.at DESC) l
                ORDER BY l.at DESC LIMIT 3) v))::text,
        ARRAY(SELECT r.entry FROM change_record r WHERE r.customer_id = p_customer ORDER BY r.seq DESC LIMIT 3)
    FROM record_parts_v1 c JOIN keys.customer_key k ON k.customer_id = c.id
    WHERE c.id = p_customer;
END
$$;
