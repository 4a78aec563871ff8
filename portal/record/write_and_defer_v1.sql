-- The one write, and the jobs that belong to the change: put off if it is written, and only then. One transaction has it
-- all, so nothing is done for a change that was rolled back, and no repeated request does anything twice.
CREATE FUNCTION portal.record_write_and_defer_v1(
    p_customer uuid, p_seq bigint, p_prev bytea, p_entry bytea, p_leaf bytea, p_at timestamptz, p_action text,
    p_actor_kind text, p_actor_id text, p_via text, p_request uuid, p_paths text[], p_said jsonb, p_state jsonb,
    p_create jsonb, p_jobs jsonb
)
RETURNS TABLE (outcome text, seq bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_written record;
BEGIN
    SELECT w.outcome, w.seq INTO v_written FROM record_write_v1(
        p_customer, p_seq, p_prev, p_entry, p_leaf, p_at, p_action, p_actor_kind, p_actor_id, p_via, p_request, p_paths,
        p_said, p_state, p_create) w;
    IF v_written.outcome = 'written' THEN
        PERFORM jobs.defer_v1(p_customer, v_written.seq, p_jobs);
    END IF;
    RETURN QUERY SELECT v_written.outcome, v_written.seq;
END
$$;
