-- An agent edits fields of a contact that they saw at p_version.
--
-- Outcomes: edited, with the new version; unchanged, because the contact says so already; conflict, because some of the
-- fields got another value since, with what they say now and by whom; missing. Only `edited` writes anything.
CREATE FUNCTION crm.contact_edit_v1(p_contact uuid, p_version bigint, p_changes jsonb, p_user uuid, p_user_name text)
RETURNS TABLE (outcome text, version bigint, conflicts jsonb)
LANGUAGE plpgsql VOLATILE
SET search_path = crm, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_contact contact;
    v_differing jsonb;
    v_conflicts jsonb;
    v_version bigint;
    v_at timestamptz := clock_timestamp();
BEGIN
    SELECT * INTO v_contact FROM contact c WHERE c.id = p_contact OR c.portal_id = p_contact FOR UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'missing', NULL::bigint, NULL::jsonb;
        RETURN;
    END IF;
    SELECT jsonb_object_agg(n.key, n.value) INTO v_differing FROM jsonb_each(p_changes) n
    WHERE n.value IS DISTINCT FROM coalesce(v_contact.fields->n.key, 'null');
    IF v_differing IS NULL THEN
        RETURN QUERY SELECT 'unchanged', v_contact.version, NULL::jsonb;
        RETURN;
    END IF;
    SELECT jsonb_object_agg(n.key, jsonb_build_object(
            'current', v_contact.fields->n.key, 'by', v_contact.edited_by->n.key, 'said', v_contact.provenance->n.key))
        INTO v_conflicts FROM jsonb_each(v_differing) n
    WHERE (v_contact.changed->>n.key)::bigint > p_version;
    IF v_conflicts IS NOT NULL THEN
        RETURN QUERY SELECT 'conflict', v_contact.version, v_conflicts;
        RETURN;
    END IF;
    v_version := v_contact.version + 1;
    UPDATE contact c SET
        version = v_version,
        fields = jsonb_strip_nulls(c.fields || v_differing),
        changed = c.changed || (SELECT jsonb_object_agg(k, v_version) FROM jsonb_object_keys(v_differing) k),
        edited_by = c.edited_by || (
            SELECT jsonb_object_agg(k, jsonb_build_object(
                'id', p_user, 'name', p_user_name, 'at', v_at, 'version', v_version)) FROM jsonb_object_keys(v_differing) k),
        provenance = c.provenance || (
            SELECT jsonb_object_agg(k, jsonb_build_object(
                'seq', c.portal_seq, 'at', v_at, 'kind', 'agent', 'via', 'crm:embedded')) FROM jsonb_object_keys(v_differing) k),
        updated_at = v_at
    WHERE c.id = v_contact.id;
    INSERT INTO contact_edit (contact_id, version, fields, user_id, user_name)
    VALUES (v_contact.id, v_version, ARRAY(SELECT jsonb_object_keys(v_differing)), p_user, p_user_name);
    RETURN QUERY SELECT 'edited', v_version, NULL::jsonb;
END
$$;
