-- Rows of a trade date by source and symbol: those that the tally covers, and those from before it or from elsewhere (an
-- id that this stream never gave out). Rows that were not acknowledged when the bus was looked at are neither. Ids compare
-- as their two numbers.
WITH found AS (
    SELECT source, symbol,
        CASE WHEN stream_id ~ '^[0-9]{1,18}-[0-9]{1,18}$' THEN split_part(stream_id, '-', 1)::bigint END AS ms,
        CASE WHEN stream_id ~ '^[0-9]{1,18}-[0-9]{1,18}$' THEN split_part(stream_id, '-', 2)::bigint END AS number
    FROM ticks
    WHERE trade_date = %(day)s AND ts >= %(start)s AND ts < %(end)s
),
waiting AS (
    SELECT *
    FROM unnest(%(first_ms)s::bigint[], %(first_number)s::bigint[], %(last_ms)s::bigint[], %(last_number)s::bigint[])
        AS w (first_ms, first_number, last_ms, last_number)
),
told AS (
    SELECT source, symbol,
        (ms, number) < (%(since_ms)s, %(since_number)s) AS is_before,
        ms IS NULL OR (ms, number) > (%(newest_ms)s, %(newest_number)s) AND ms < %(now_ms)s AS is_from_elsewhere,
        (ms, number) <= (%(up_to_ms)s, %(up_to_number)s) AND NOT EXISTS (
            SELECT FROM waiting AS w
            WHERE (ms, number) >= (w.first_ms, w.first_number) AND (ms, number) <= (w.last_ms, w.last_number)
        ) AS is_acknowledged
    FROM found
)
SELECT source, symbol,
    count(*) FILTER (WHERE is_acknowledged AND NOT is_before),
    count(*) FILTER (WHERE is_acknowledged AND is_before OR is_from_elsewhere)
FROM told
GROUP BY source, symbol
