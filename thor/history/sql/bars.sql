-- The bars of a symbol over its stored ticks, in the order of their times, those of the same time as they arrived.
-- A tick without a last, a crossed one, one with a price of zero, or below zero where that cannot be, is in no bar.
-- volume: what the cumulative one rose by; one that fell began anew and counts whole. The first of a trade date counts
-- whole within a minute of the session's open, else it is only what the next is compared with: of the ticks before the
-- first bar the newest is read for that. Null where no tick of the bar says a volume.
-- Arrival: stream ids compare as their two numbers; the first has as many digits in all of them.
WITH good AS NOT MATERIALIZED (
    SELECT ts, last, volume, trade_date,
        split_part(stream_id, '-', 1) COLLATE "C" AS id_ms, length(stream_id) AS id_length, stream_id COLLATE "C" AS id, seq
    FROM ticks
    WHERE symbol = %(symbol)s AND ts >= %(base)s AND ts < %(end)s
        AND last <> 0 AND coalesce(bid, 1) <> 0 AND coalesce(ask, 1) <> 0 AND NOT coalesce(bid > ask, false)
        AND (%(may_be_negative)s OR least(last, bid, ask) > 0)
),
told AS (
    (SELECT * FROM good WHERE ts < %(start)s ORDER BY ts DESC, id_ms DESC, id_length DESC, id DESC, seq DESC LIMIT 1)
    UNION ALL
    SELECT * FROM good WHERE ts >= %(start)s
),
placed AS (
    SELECT *, width_bucket(ts, %(edges)s::timestamptz[]) AS bar,
        width_bucket(ts, %(opens)s::timestamptz[]) > width_bucket(ts - interval '1 minute', %(opens)s::timestamptz[]) AS is_opening
    FROM told
),
beside AS (
    SELECT *,
        lag(bar) OVER by_time AS bar_before,
        lead(bar) OVER by_time AS bar_after,
        lag(volume) OVER by_volume AS volume_before,
        lag(trade_date) OVER by_volume AS date_before
    FROM placed
    WINDOW by_time AS (ORDER BY ts, id_ms, id_length, id, seq),
        by_volume AS (PARTITION BY volume IS NULL ORDER BY ts, id_ms, id_length, id, seq)
)
SELECT bar,
    max(trade_date) AS trade_date,
    min(last) FILTER (WHERE bar_before IS DISTINCT FROM bar) AS open,
    max(last) AS high,
    min(last) AS low,
    min(last) FILTER (WHERE bar_after IS DISTINCT FROM bar) AS close,
    sum(CASE
        WHEN date_before = trade_date THEN CASE WHEN volume < volume_before THEN volume ELSE volume - volume_before END
        WHEN is_opening THEN volume
        WHEN volume IS NOT NULL THEN 0
    END) AS volume,
    count(*) AS tick_count
FROM beside
WHERE bar > 0
GROUP BY bar
ORDER BY bar
