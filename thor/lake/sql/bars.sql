-- Bars of ticks in DuckDB: the twin of thor/lake/bar_kernel.py, for whoever wants to see or change how bars are made.
-- $ticks: a table of ticks in order of `place` with their columns, and `suspect`, which the gate says (quotes/gate.py:
-- what is suspect depends on all ticks before, which is no matter for SQL). One contract, one source.
-- $width_us: of a bar in microseconds; 0: a day. $open_us: when the session opened; $seen: whether it was seen from its
-- start, so that the first count is of what was traded in it. $before: the count said last on the date before, or 0.
-- A bar begins at a whole multiple of its width: a whole number, which is faster than time_bucket.
WITH good AS (
    SELECT *,
        epoch_us(ts) AS at_us,
        CASE WHEN $width_us = 0 THEN $open_us ELSE epoch_us(ts) - epoch_us(ts) % $width_us END AS start_us,
        volume IS NULL AND coalesce(json_extract_string(extra, '$.meta.event') = 'trade', false) AS is_trade
    FROM query_table($ticks)
    WHERE NOT suspect
),
counted AS (
    SELECT place,
        CASE
            WHEN lag(volume) OVER said IS NULL THEN CASE
                WHEN NOT $seen OR at_us < $open_us THEN 0
                WHEN volume < $before THEN volume
                ELSE volume - $before
            END
            WHEN volume < lag(volume) OVER said THEN volume
            ELSE volume - lag(volume) OVER said
        END AS traded
    FROM good
    WHERE volume IS NOT NULL AND last IS NOT NULL
    WINDOW said AS (ORDER BY place)
),
weighed AS (
    SELECT good.*, CASE WHEN is_trade THEN coalesce(last_size, 0) ELSE traded END AS contracts
    FROM good LEFT JOIN counted USING (place)
)
SELECT start_us AS ts,
    first(last ORDER BY place) FILTER (WHERE last IS NOT NULL)::DOUBLE AS open,
    max(last)::DOUBLE AS high,
    min(last)::DOUBLE AS low,
    last(last ORDER BY place) FILTER (WHERE last IS NOT NULL)::DOUBLE AS close,
    sum(contracts) FILTER (WHERE last IS NOT NULL)::BIGINT AS volume,
    sum(last::DOUBLE * contracts) / nullif(sum(contracts) FILTER (WHERE last IS NOT NULL), 0) AS vwap,
    count(last) AS tick_count,
    last(bid ORDER BY place) FILTER (WHERE bid IS NOT NULL)::DOUBLE AS bid_close,
    last(ask ORDER BY place) FILTER (WHERE ask IS NOT NULL)::DOUBLE AS ask_close,
    avg((ask - bid)::DOUBLE) AS spread_mean
FROM weighed
GROUP BY start_us
HAVING count(last) > 0
ORDER BY start_us
