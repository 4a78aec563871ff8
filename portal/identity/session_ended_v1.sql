-- Leaves behind whose a session was, however it ended, or went on under another token: a form of it that is sent afterwards
-- is still theirs, and what they typed is kept for them. Runs as the owner, because whoever may end a session need not be able to write this down.
CREATE FUNCTION portal.session_ended_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = portal, pg_temp
AS $$
BEGIN
    IF old.form_hash IS NOT NULL THEN
        INSERT INTO ended_session (form_hash, audience, whose)
        VALUES (old.form_hash, old.audience, coalesce(old.customer_id, old.staff_id))
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
