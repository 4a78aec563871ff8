-- Whose session a token is, by its hash: nothing where there is none, it was ended, or it has expired by the database's
-- clock. Binding row-level security in here makes it one statement a request; the hash is the proof that it may be read.
-- That the session is in use is noted at most once a minute, so that a page with twenty pieces writes once.
CREATE FUNCTION portal.session_find_v1(p_hash bytea, p_audience text)
RETURNS TABLE (
    id uuid, customer_id uuid, staff_id uuid, login_id uuid, roles text[], name text, language text, provider text,
    authenticated_at timestamptz, acr text, created_at timestamptz, expires_at timestamptz
)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    PERFORM set_config('portal.session', encode(p_hash, 'hex'), true);
    RETURN QUERY
    SELECT s.id, s.customer_id, s.staff_id, s.login_id, s.roles, s.name, s.language, s.provider,
        s.authenticated_at, s.acr, s.created_at, s.expires_at
    FROM session s
    WHERE s.token_hash = p_hash AND s.audience = p_audience AND s.expires_at > v_now AND s.seen_at + s.idle > v_now;
    IF FOUND THEN
        UPDATE session s SET seen_at = v_now
        WHERE s.token_hash = p_hash AND s.seen_at < v_now - interval '1 minute';
    END IF;
END
$$;
