-- The entries of one chain after a version, newest first: what a form that was rendered from it has not seen.
CREATE FUNCTION portal.record_changes_v1(p_customer uuid, p_after bigint)
RETURNS TABLE (seq bigint, entry bytea)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('portal.customer_id', p_customer::text, true);
    RETURN QUERY
    SELECT r.seq, r.entry FROM change_record r WHERE r.customer_id = p_customer AND r.seq > p_after ORDER BY r.seq DESC;
END
$$;
