-- The ticks of a symbol in a span, thinned: of each of some intervals the lowest and the highest of the price that is
-- graded, the first and the last of all, and the deciding quote with the five before and after it. Crossed ticks and
-- ticks with a price of zero are left out.
WITH found AS (
    SELECT ts, bid, ask, last, source, seq, stream_id,
        CASE %(graded)s WHEN 'bid' THEN bid WHEN 'ask' THEN ask WHEN 'last' THEN last END AS graded,
        row_number() OVER (
            ORDER BY ts, split_part(stream_id, '-', 1) COLLATE "C", length(stream_id), stream_id COLLATE "C", seq
        ) AS number,
        ts = %(deciding_ts)s::timestamptz AND source = %(deciding_source)s AND seq IS NOT DISTINCT FROM %(deciding_seq)s::bigint
            AS is_deciding
    FROM ticks
    WHERE symbol = %(symbol)s AND ts >= %(start)s AND ts < %(end)s
        AND coalesce(last, 1) <> 0 AND coalesce(bid, 1) <> 0 AND coalesce(ask, 1) <> 0 AND NOT coalesce(bid > ask, false)
),
placed AS (
    SELECT *, count(*) OVER () AS total, min(number) FILTER (WHERE is_deciding) OVER () AS decided_at,
        -- While they are few each has an interval of its own.
        CASE WHEN count(*) OVER () <= 2 * %(intervals)s THEN number ELSE width_bucket(
            extract(epoch FROM ts), extract(epoch FROM %(start)s::timestamptz), extract(epoch FROM %(end)s::timestamptz), %(intervals)s
        ) END AS place
    FROM found
),
ranked AS (
    SELECT *,
        row_number() OVER (PARTITION BY place ORDER BY coalesce(graded, last) NULLS LAST, number) AS from_low,
        row_number() OVER (PARTITION BY place ORDER BY coalesce(graded, last) DESC NULLS LAST, number) AS from_high
    FROM placed
)
SELECT (extract(epoch FROM ts) * 1000000)::bigint, bid, ask, last, graded, source, seq, stream_id, number = decided_at, total,
    from_low = 1 OR from_high = 1 OR number IN (1, total, decided_at) AS is_point,
    coalesce(number BETWEEN decided_at - 5 AND decided_at + 5, false) AS is_near
FROM ranked
WHERE from_low = 1 OR from_high = 1 OR number IN (1, total) OR number BETWEEN decided_at - 5 AND decided_at + 5
ORDER BY number
