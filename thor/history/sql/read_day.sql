-- The ticks of a trade date in the order of their arrival, each with the earliest time of all from it on. Ids compare as
-- their two numbers; a row without one comes at its own time. The minimum over what follows is read backwards: forwards
-- each row would look at all others.
WITH found AS (
    SELECT *,
        (extract(epoch FROM ts) * 1000000)::bigint AS ts_us,
        CASE WHEN stream_id ~ '^[0-9]{1,18}-[0-9]{1,18}$' THEN split_part(stream_id, '-', 1)::bigint
            ELSE (extract(epoch FROM ts) * 1000)::bigint END AS ms,
        CASE WHEN stream_id ~ '^[0-9]{1,18}-[0-9]{1,18}$' THEN split_part(stream_id, '-', 2)::bigint END AS number
    FROM ticks
    WHERE (%(day)s::date IS NULL OR trade_date = %(day)s) AND ts >= %(from)s AND ts <= %(until)s AND symbol = ANY(%(symbols)s)
),
backwards AS (
    SELECT *,
        min(ts_us) OVER (
            ORDER BY ms DESC, number DESC, ts DESC, symbol DESC, source DESC, seq DESC ROWS UNBOUNDED PRECEDING
        ) AS floor_us
    FROM found
)
SELECT symbol, ts_us, source, last, bid, ask, last_size, bid_size, ask_size, volume, cond, venue, seq, extra::text, stream_id, floor_us
FROM backwards
ORDER BY ms, number, ts, symbol, source, seq
