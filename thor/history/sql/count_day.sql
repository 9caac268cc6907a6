-- The ticks of a trade date of some symbols between two times: how many, whether each has an id of its own under which it
-- arrived within an hour of its own time, and when the last arrived (epoch milliseconds).
SELECT count(*),
    coalesce(bool_and(ms IS NOT NULL AND abs(ms - extract(epoch FROM ts) * 1000) < 3600000), false)
        AND count(DISTINCT stream_id) = count(*),
    max(ms)
FROM (
    SELECT ts, stream_id,
        CASE WHEN stream_id ~ '^[0-9]{1,18}-[0-9]{1,18}$' THEN split_part(stream_id, '-', 1)::bigint END AS ms
    FROM ticks
    WHERE (%(day)s::date IS NULL OR trade_date = %(day)s) AND ts >= %(from)s AND ts <= %(until)s AND symbol = ANY(%(symbols)s)
) AS found
