-- Write a batch of records into their contacts, each with its timeline entries, in one transaction.
--
-- Outcomes, one row for each record that was decided upon (a record without a row is to be pushed again):
--   created, updated  the contact says what the record says, at the version and seq returned
--   newer             the contact has a newer version of the record already; only the timeline was completed
--   conflict          an agent has edited fields since the version `etag`; nothing was written
--   number_taken      another contact has this customer number; nothing was written
--   erased            this person was erased; nothing was written
CREATE FUNCTION crm.push_v1(p_records jsonb)
RETURNS TABLE (portal_id uuid, outcome text, contact_id uuid, version bigint, portal_seq bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = crm, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- In one order, so that two batches never wait for each other; what follows sees what they left.
    PERFORM FROM contact c
    WHERE c.portal_id IN (SELECT (r.value->>'portal_id')::uuid FROM jsonb_array_elements(p_records) r)
    ORDER BY c.id FOR UPDATE;

    RETURN QUERY
    WITH wanted AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(p_records) AS w (
            portal_id uuid, number text, name text, seq bigint, etag bigint, fields jsonb, provenance jsonb,
            contact_points jsonb, contact_windows jsonb, consents jsonb, notes jsonb, keys jsonb,
            timeline jsonb, timeline_seq bigint)
    ),
    judged AS MATERIALIZED (
        SELECT w.*, c.id AS contact_id, c.version AS version, c.portal_seq AS portal_seq,
            CASE
                WHEN EXISTS (SELECT FROM erased e WHERE e.portal_id = w.portal_id) THEN 'erased'
                WHEN EXISTS (
                    SELECT FROM contact o WHERE o.number = w.number AND o.portal_id IS DISTINCT FROM w.portal_id
                ) THEN 'number_taken'
                WHEN c.id IS NULL THEN 'created'
                WHEN c.portal_seq > w.seq THEN 'newer'
                WHEN EXISTS (
                    SELECT FROM jsonb_each(c.edited_by) e
                    WHERE (e.value->>'version')::bigint > coalesce(w.etag, 0) AND w.fields ? e.key
                ) THEN 'conflict'
                ELSE 'updated'
            END AS outcome,
            (SELECT coalesce(jsonb_object_agg(n.key, coalesce(c.version, 0) + 1), '{}') FROM jsonb_each(w.fields) n
                WHERE n.value IS DISTINCT FROM coalesce(c.fields->n.key, 'null')) AS differing
        FROM wanted w LEFT JOIN contact c ON c.portal_id = w.portal_id
    ),
    created AS (
        INSERT INTO contact (portal_id, number, name, portal_seq, timeline_seq, fields, provenance, changed,
            contact_points, contact_windows, consents, notes)
        SELECT j.portal_id, j.number, j.name, j.seq, j.timeline_seq, jsonb_strip_nulls(j.fields), j.provenance, j.differing,
            j.contact_points, j.contact_windows, j.consents, j.notes
        FROM judged j WHERE j.outcome = 'created'
        ON CONFLICT DO NOTHING
        RETURNING id, portal_id, version, portal_seq
    ),
    updated AS (
        UPDATE contact c SET
            number = j.number,
            name = j.name,
            portal_seq = j.seq,
            timeline_seq = greatest(c.timeline_seq, j.timeline_seq),
            version = c.version + 1,
            fields = jsonb_strip_nulls(c.fields || j.fields),
            provenance = c.provenance || j.provenance,
            changed = c.changed || j.differing,
            edited_by = c.edited_by - ARRAY(SELECT jsonb_object_keys(j.differing)),
            contact_points = j.contact_points,
            contact_windows = j.contact_windows,
            consents = j.consents,
            notes = j.notes,
            updated_at = clock_timestamp()
        FROM judged j WHERE j.contact_id = c.id AND j.outcome = 'updated'
        RETURNING c.id, c.portal_id, c.version, c.portal_seq
    ),
    there AS (
        SELECT id, portal_id, version, portal_seq FROM created
        UNION ALL SELECT id, portal_id, version, portal_seq FROM updated
    ),
    keys_gone AS (
        DELETE FROM search_key k USING there t JOIN judged j ON j.portal_id = t.portal_id
        WHERE k.contact_id = t.id AND NOT j.keys ? k.key
    ),
    keys_there AS (
        INSERT INTO search_key (contact_id, key)
        SELECT t.id, n.key FROM there t JOIN judged j ON j.portal_id = t.portal_id, jsonb_array_elements_text(j.keys) n (key)
        ON CONFLICT DO NOTHING
    ),
    timeline AS (
        INSERT INTO activity (entry_id, contact_id, seq, at, action, actor_kind, actor_id, actor_name, via, diffs)
        SELECT e.id, coalesce(t.id, j.contact_id), e.seq, e.at, e.action, e.actor_kind, e.actor_id, e.actor_name, e.via, e.diffs
        FROM judged j LEFT JOIN there t ON t.portal_id = j.portal_id,
            jsonb_to_recordset(j.timeline) AS e (id text, seq bigint, at timestamptz, action text, actor_kind text,
                actor_id text, actor_name text, via text, diffs jsonb)
        WHERE t.id IS NOT NULL OR j.outcome = 'newer'
        ON CONFLICT DO NOTHING
    )
    SELECT j.portal_id, j.outcome, coalesce(t.id, j.contact_id), coalesce(t.version, j.version),
        coalesce(t.portal_seq, j.portal_seq)
    FROM judged j LEFT JOIN there t ON t.portal_id = j.portal_id
    WHERE t.id IS NOT NULL OR j.outcome NOT IN ('created', 'updated');
END
$$;
