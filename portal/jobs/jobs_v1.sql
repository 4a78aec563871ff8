-- What the portal adds to Procrastinate's tables, and how those who serve reach them: through functions and not at all
-- otherwise. They run with the owner's rights, so that a web process can put work off and count it, and neither read what
-- others put off nor change it.

-- Why a job that was tried is not done yet, or never will be. Goes with the job.
CREATE TABLE jobs.failure (
    job_id bigint CONSTRAINT pk_failure PRIMARY KEY
        CONSTRAINT fk_failure_job REFERENCES jobs.procrastinate_jobs ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    why text NOT NULL
);

-- Puts off the jobs of change p_seq of a customer: an array of {task, args}. Each task has a queue of its own, so that a
-- worker of an older version leaves alone what it has not heard of.
CREATE FUNCTION jobs.defer_v1(p_customer uuid, p_seq bigint, p_jobs jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = jobs, pg_temp
AS $$
BEGIN
    IF session_user = 'portal_customer'
        AND p_customer IS DISTINCT FROM nullif(current_setting('portal.customer_id', true), '')::uuid THEN
        RAISE insufficient_privilege USING MESSAGE = 'not the customer that this statement is bound to';
    END IF;
    INSERT INTO procrastinate_jobs (queue_name, task_name, args)
    SELECT j.value->>'task', j.value->>'task', j.value->'args' || jsonb_build_object('customer', p_customer, 'seq', p_seq)
    FROM jsonb_array_elements(p_jobs) WITH ORDINALITY j ORDER BY j.ordinality;
END
$$;

-- How the jobs of each task are doing, and the last few that failed for good. `failing` were tried and are to be again.
CREATE FUNCTION jobs.status_v1(p_shown integer)
RETURNS TABLE (
    task text, waiting bigint, waiting_since timestamptz, failing bigint, why text, failed bigint, failures jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = jobs, pg_temp
AS $$
    SELECT j.task_name, w.waiting, w.since, w.failing, w.why, f.failed, f.failures
    FROM (SELECT DISTINCT task_name FROM procrastinate_jobs) j
    CROSS JOIN LATERAL (
        SELECT count(*) AS waiting, count(e.job_id) AS failing,
            (array_agg(e.why ORDER BY e.at DESC) FILTER (WHERE e.job_id IS NOT NULL))[1] AS why,
            -- Numbers are given in the order of time.
            (SELECT min(v.at) FROM procrastinate_events v WHERE v.job_id = min(t.id)) AS since
        FROM procrastinate_jobs t LEFT JOIN failure e ON e.job_id = t.id
        WHERE t.task_name = j.task_name AND t.status IN ('todo', 'doing')) w
    CROSS JOIN LATERAL (
        SELECT count(*) AS failed, (jsonb_agg(jsonb_build_object('id', s.id, 'customer', s.customer, 'kind', s.kind,
                'attempts', s.attempts, 'at', s.at, 'why', s.why) ORDER BY s.at DESC)
            FILTER (WHERE s.place <= p_shown)) AS failures
        FROM (
            SELECT t.id, t.args->>'customer' AS customer, t.args->>'kind' AS kind, t.attempts, e.at, e.why,
                row_number() OVER (ORDER BY e.at DESC) AS place
            FROM procrastinate_jobs t LEFT JOIN failure e ON e.job_id = t.id
            WHERE t.task_name = j.task_name AND t.status = 'failed') s) f
$$;
