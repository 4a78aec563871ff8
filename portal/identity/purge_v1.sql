-- Removes what nobody can use any more: sessions and login transactions that have expired, a bounded number at a time.
CREATE FUNCTION portal.identity_purge_v1(p_at_most integer DEFAULT 5000)
RETURNS TABLE (sessions bigint, transactions bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
BEGIN
    DELETE FROM session WHERE token_hash IN (
        SELECT s.token_hash FROM session s
        WHERE s.expires_at <= clock_timestamp() OR s.seen_at + s.idle <= clock_timestamp() LIMIT p_at_most);
    GET DIAGNOSTICS sessions = ROW_COUNT;
    DELETE FROM login_transaction WHERE state_hash IN (
        SELECT t.state_hash FROM login_transaction t WHERE t.expires_at <= clock_timestamp() LIMIT p_at_most);
    GET DIAGNOSTICS transactions = ROW_COUNT;
    RETURN NEXT;
END
$$;
