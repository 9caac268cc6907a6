-- Last prices further than ten average true ranges, and ten ticks, from the one before of the same contract. The average:
-- of the 14 newest one-minute bars before the tick's minute. Prices of zero, of crossed quotes, and below zero where that
-- cannot be, are in neither.
WITH good AS (
    SELECT contract, ts, file_row_number AS place, epoch_us(ts) // 60000000 AS minute, last
    FROM read_parquet($path, file_row_number = true)
    WHERE last <> 0 AND ($may_be_negative OR last > 0) AND NOT coalesce(bid > ask, false)
),
bars AS (
    SELECT contract, minute, max(last) AS high, min(last) AS low, arg_max(last, place) AS close
    FROM good GROUP BY contract, minute
),
before AS (
    SELECT contract, minute, high, low, lag(close) OVER (PARTITION BY contract ORDER BY minute) AS close_before FROM bars
),
ranges AS (
    SELECT contract, minute, greatest(high, close_before) - least(low, close_before) AS true_range FROM before
),
averages AS (
    SELECT contract, minute,
        sum(true_range) OVER newest AS ranges_sum,
        count(*) OVER newest AS bars
    FROM ranges
    WINDOW newest AS (PARTITION BY contract ORDER BY minute ROWS BETWEEN 14 PRECEDING AND 1 PRECEDING)
),
moves AS (
    SELECT contract, minute, abs(last - lag(last) OVER (PARTITION BY contract ORDER BY place)) AS move FROM good
)
SELECT count(*)
FROM moves AS m
JOIN averages AS a ON a.contract IS NOT DISTINCT FROM m.contract AND a.minute = m.minute
WHERE a.bars = 14 AND m.move * 14 > $ranges * a.ranges_sum AND m.move > $ranges * $tick::DECIMAL(18, 6)
