-- The one write, for many records in one statement and one transaction: all are kept or none. Each outcome is that of
-- record_write_v1; a customer number that is taken undoes the whole.
--
-- For p_later, a connector, the records that this creates are due only in p_seconds: whoever brings in what that CRM has
-- tells it meanwhile which contact is whose, and a push before that would find a stranger with the same number. Of who was
-- there, something may be on its way already.
CREATE FUNCTION portal.record_write_many_v1(p_writes jsonb, p_later text DEFAULT NULL, p_seconds float8 DEFAULT 0)
RETURNS TABLE (customer uuid, outcome text, seq bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT w.customer, r.outcome, r.seq
    FROM jsonb_to_recordset(p_writes) AS w (
        customer uuid, seq bigint, prev text, entry text, leaf text, at timestamptz, action text, actor_kind text,
        actor_id text, via text, request uuid, paths text[], said jsonb, state jsonb, "create" jsonb),
    LATERAL record_write_v1(
        w.customer, w.seq, decode(w.prev, 'hex'), convert_to(w.entry, 'UTF8'), decode(w.leaf, 'hex'), w.at, w.action,
        w.actor_kind, w.actor_id, w.via, w.request, w.paths, w.said, w.state, w."create") r;

    UPDATE sync_state s SET push_due_at = clock_timestamp() + p_seconds * interval '1 second'
    WHERE s.connector = p_later AND s.synced_seq < s.desired_seq AND s.customer_id IN (
        SELECT (w.value->>'customer')::uuid FROM jsonb_array_elements(p_writes) w WHERE w.value->>'create' IS NOT NULL);
END
$$;
