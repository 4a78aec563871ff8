-- The logins of one customer, with what their providers said of the accounts last. Without a row of that, only which
-- provider it is, by its issuer, is known.
CREATE FUNCTION portal.ways_v1(p_customer uuid)
RETURNS TABLE (
    id uuid, issuer text, subject text, provider text, account text, verified_email text, linked_at timestamptz,
    used_at timestamptz
)
LANGUAGE plpgsql VOLATILE
SET search_path = portal, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('portal.customer_id', p_customer::text, true);
    RETURN QUERY
    SELECT l.id, l.issuer, l.subject, a.provider, a.account, a.verified_email, a.linked_at, a.used_at
    FROM login l LEFT JOIN login_account a ON a.customer_id = l.customer_id AND a.login_id = l.id
    WHERE l.customer_id = p_customer ORDER BY l.id;
END
$$;
