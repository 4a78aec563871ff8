-- Contacts that have, for each of the terms, a search key that begins with it; the best matches first.
--
-- There are keys for each word of a name and, after a space, for each two of its words in both orders. So whoever types one
-- word out ("carla m", "ibrahim ca") finds everybody whom that fits, in a walk through the index that stops at p_limit.
-- Then the rarest term is looked up and the others are checked, which "ca ibr" needs; what many terms have in common is
-- read only as far as p_limit and the 5,000 go. So what is read does not grow with the contacts, at the price that a search
-- with nothing but common beginnings may miss some: a word that is typed out finds them.
CREATE FUNCTION crm.search_v3(p_terms text[], p_limit integer)
RETURNS TABLE (contact_id uuid, portal_id uuid, number text, name text, contact_points jsonb)
LANGUAGE plpgsql STABLE
SET search_path = crm, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    last constant text COLLATE "C" := chr(1114111);  -- after every character
    v_way text COLLATE "C";
    v_others text[];
    v_found uuid[] := '{}';
BEGIN
    FOR v_way, v_others IN
        SELECT ' ' || a.term || ' ' || b.term, array_remove(array_remove(p_terms, a.term), b.term)
        FROM unnest(p_terms) a (term) JOIN unnest(p_terms) b (term) ON a.term <> b.term
        UNION ALL (
            SELECT term, array_remove(p_terms, term) FROM unnest(p_terms) term
            ORDER BY (
                SELECT count(*) FROM (
                    SELECT FROM search_key k WHERE k.key >= term AND k.key < term || last LIMIT 1000) counted
            ), length(term) DESC
            LIMIT 1)
    LOOP
        v_found := v_found || ARRAY(
            SELECT r.contact_id FROM (
                SELECT k.contact_id, k.key FROM search_key k WHERE k.key >= v_way AND k.key < v_way || last
                ORDER BY k.key LIMIT 5000) r
            WHERE r.contact_id <> ALL (v_found)
                AND NOT EXISTS (  -- each once, by the first of its keys
                    SELECT FROM search_key k WHERE k.contact_id = r.contact_id AND k.key >= v_way AND k.key < r.key)
                AND NOT EXISTS (
                    SELECT FROM unnest(v_others) term WHERE NOT EXISTS (
                        SELECT FROM search_key k
                        WHERE k.contact_id = r.contact_id AND k.key >= term AND k.key < term || last))
            ORDER BY r.key LIMIT p_limit - cardinality(v_found));
        EXIT WHEN cardinality(v_found) >= p_limit;
    END LOOP;

    RETURN QUERY
    SELECT c.id, c.portal_id, c.number, c.name, c.contact_points
    FROM contact c WHERE c.id = ANY (v_found)
    ORDER BY (SELECT count(*) FROM search_key k WHERE k.contact_id = c.id AND k.key = ANY (p_terms)) DESC, c.name, c.number;
END
$$;
