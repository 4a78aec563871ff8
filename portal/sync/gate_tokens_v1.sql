-- How many calls are left of a CRM's budget: as many as there were, and what has come back since, but never more than fit;
-- less than none is a debt. NULL where nobody counts.
CREATE FUNCTION portal.gate_tokens_v1(p_gate portal.connector_gate, p_now timestamptz)
RETURNS float8
LANGUAGE sql IMMUTABLE
SET search_path = portal, pg_temp
AS $$
    SELECT least(p_gate.rate_calls,
        p_gate.tokens + extract(epoch FROM p_now - p_gate.filled_at) * p_gate.rate_calls / p_gate.rate_seconds)
$$;
