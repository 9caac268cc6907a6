-- The bars of a symbol's trade date over its stored ticks, which lie in [start, end): those of one contract, the one in
-- front, else the one that no tick names, else the one with the most ticks.
-- Order: time, then arrival. Stream ids compare as their two numbers; the first has as many digits in all of them; a tick
-- without one comes after those with one.
-- A crossed tick, one with a price of zero, or below zero where that cannot be, is in no bar; what is only suspect beside
-- others (a spike) is found when the bars of the exported ticks are made. No bar without a last.
-- traded: what the cumulative volume rose by; one that fell began anew and counts whole. The first counts from what was
-- said last on the date before, where the session was seen from its first minute on; else it is only what the next is
-- compared with. Of a recorded trade its size counts.
WITH found AS MATERIALIZED (
    SELECT ts, last, bid, ask, volume, last_size, extra -> 'meta' ->> 'contract' AS contract,
        extra -> 'meta' ->> 'event' = 'trade' AS is_trade,
        split_part(stream_id, '-', 1) COLLATE "C" AS id_ms, length(stream_id) AS id_length, stream_id COLLATE "C" AS id, seq
    FROM ticks
    WHERE symbol = %(symbol)s AND ts >= %(start)s AND ts < %(end)s
),
chosen AS (
    SELECT contract, min(ts) <= %(open)s::timestamptz + interval '1 minute' AS is_seen
    FROM found
    GROUP BY contract
    ORDER BY coalesce(contract = %(front)s, false) DESC, contract IS NULL DESC, count(*) DESC, contract DESC
    LIMIT 1
),
yesterday AS (
    SELECT volume
    FROM ticks
    WHERE symbol = %(symbol)s AND ts < %(start)s AND ts >= %(start)s::timestamptz - interval '6 days' AND volume IS NOT NULL
    ORDER BY ts DESC, stream_id DESC, seq DESC
    LIMIT 1
),
good AS (
    SELECT f.*, c.is_seen, row_number() OVER by_time AS number,
        coalesce(date_bin(%(width)s, ts, 'epoch'), %(start)s) AS bar
    FROM found AS f
    JOIN chosen AS c ON f.contract IS NOT DISTINCT FROM c.contract
    WHERE coalesce(last, 1) <> 0 AND coalesce(bid, 1) <> 0 AND coalesce(ask, 1) <> 0 AND NOT coalesce(bid > ask, false)
        AND (%(may_be_negative)s OR coalesce(least(last, bid, ask), 1) > 0)
    WINDOW by_time AS (ORDER BY ts, id_ms, id_length, id, seq)
),
told AS (
    SELECT *, last IS NOT NULL AND volume IS NOT NULL AS says
    FROM good
),
beside AS (
    SELECT *, lag(volume) OVER (PARTITION BY says ORDER BY number) AS volume_before
    FROM told
),
weighed AS (
    SELECT *,
        CASE
            WHEN volume IS NULL THEN CASE WHEN is_trade THEN last_size END
            WHEN last IS NULL THEN NULL
            WHEN volume < volume_before THEN volume
            WHEN volume_before IS NOT NULL THEN volume - volume_before
            WHEN is_seen AND ts >= %(open)s::timestamptz
                THEN CASE WHEN volume < y.counted THEN volume ELSE volume - y.counted END
            ELSE 0
        END AS traded
    FROM beside
    CROSS JOIN (SELECT coalesce((SELECT volume FROM yesterday), 0) AS counted) AS y
)
SELECT bar,
    (array_agg(last ORDER BY number) FILTER (WHERE last IS NOT NULL))[1]::float8 AS open,
    max(last)::float8 AS high,
    min(last)::float8 AS low,
    (array_agg(last ORDER BY number DESC) FILTER (WHERE last IS NOT NULL))[1]::float8 AS close,
    sum(traded)::bigint AS volume,
    (sum(last * traded) / nullif(sum(traded), 0))::float8 AS vwap,
    count(last) AS tick_count,
    (array_agg(bid ORDER BY number DESC) FILTER (WHERE bid IS NOT NULL))[1]::float8 AS bid_close,
    (array_agg(ask ORDER BY number DESC) FILTER (WHERE ask IS NOT NULL))[1]::float8 AS ask_close,
    avg(ask - bid)::float8 AS spread_mean,
    (SELECT contract FROM chosen) AS contract
FROM weighed
GROUP BY bar
HAVING count(last) > 0
ORDER BY bar
