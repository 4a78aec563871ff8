-- Contacts that have, for each of the terms, a search key that begins with it; the best matches first.
--
-- The rarest term is looked up, the others are checked; what many terms have in common is read only as far as needed.
-- So it stays fast at a million contacts, at the price that a search with nothing but very common beginnings ("a s")
-- may miss some: another letter finds them. Where more than a hundred fit, the best of the first hundred are shown, those
-- whose key is the term itself before those whose key goes on: what is looked at does not grow with the contacts.
CREATE FUNCTION crm.search_v2(p_terms text[], p_limit integer)
RETURNS TABLE (contact_id uuid, portal_id uuid, number text, name text)
LANGUAGE plpgsql STABLE
SET search_path = crm, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    last constant text COLLATE "C" := chr(1114111);  -- after every character
    v_rarest text COLLATE "C";
BEGIN
    SELECT term INTO v_rarest FROM unnest(p_terms) term
    ORDER BY (
        SELECT count(*) FROM (SELECT FROM search_key k WHERE k.key >= term AND k.key < term || last LIMIT 1000) counted
    ), length(term) DESC
    LIMIT 1;

    RETURN QUERY
    WITH rarest AS (
        SELECT k.contact_id, k.key FROM search_key k WHERE k.key >= v_rarest AND k.key < v_rarest || last
        ORDER BY k.key LIMIT 20000
    ),
    hit AS (
        SELECT r.contact_id FROM rarest r
        WHERE NOT EXISTS (
            SELECT FROM unnest(p_terms) term WHERE term <> v_rarest AND NOT EXISTS (
                SELECT FROM search_key k
                WHERE k.contact_id = r.contact_id AND k.key >= term AND k.key < term || last))
        ORDER BY r.key LIMIT 100
    )
    SELECT c.id, c.portal_id, c.number, c.name
    FROM contact c WHERE c.id IN (SELECT h.contact_id FROM hit h)
    ORDER BY (SELECT count(*) FROM search_key k WHERE k.contact_id = c.id AND k.key = ANY (p_terms)) DESC, c.name, c.number
    LIMIT p_limit;
END
$$;
