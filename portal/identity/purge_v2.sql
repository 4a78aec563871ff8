-- Removes what nobody can use any more, a bounded number of each at a time: sessions and login transactions that have
-- expired, drafts after their hour, whose a session was a day after it ended, logout tokens that cannot be repeated any
-- more, and counts that have run down.
CREATE FUNCTION portal.identity_purge_v2(p_at_most integer DEFAULT 5000)
RETURNS TABLE (
    sessions bigint, transactions bigint, drafts bigint, ended_sessions bigint, logout_tokens bigint, attempts bigint
)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
BEGIN
    SELECT p.sessions, p.transactions INTO sessions, transactions FROM identity_purge_v1(p_at_most) p;
    DELETE FROM draft WHERE token_hash IN (
        SELECT d.token_hash FROM draft d WHERE d.expires_at <= clock_timestamp() LIMIT p_at_most);
    GET DIAGNOSTICS drafts = ROW_COUNT;
    DELETE FROM ended_session WHERE form_hash IN (
        SELECT e.form_hash FROM ended_session e
        WHERE e.ended_at <= clock_timestamp() - interval '1 day' LIMIT p_at_most);
    GET DIAGNOSTICS ended_sessions = ROW_COUNT;
    DELETE FROM logout_token WHERE (audience, provider, jti_hash) IN (
        SELECT l.audience, l.provider, l.jti_hash FROM logout_token l
        WHERE l.expires_at <= clock_timestamp() LIMIT p_at_most);
    GET DIAGNOSTICS logout_tokens = ROW_COUNT;
    DELETE FROM attempt WHERE key IN (
        SELECT a.key FROM attempt a WHERE a.taken_until <= clock_timestamp() LIMIT p_at_most);
    GET DIAGNOSTICS attempts = ROW_COUNT;
    RETURN NEXT;
END
$$;
