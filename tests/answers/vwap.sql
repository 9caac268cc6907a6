-- VWAP minutes a second time, written from SPEC 9 as plain SQL over a whole day, for summer time (UTC-5 in Chicago) and
-- weekdays. Input: quotes(n, symbol, ts_us, last DECIMAL(18,6), volume BIGINT), n in the order of arrival, ts_us rising,
-- one source; opens(day, open_us), when the session of each date (days since 1970) began. Output: the rows of VwapMinute;
-- the average in millionths of a point.
WITH dated AS (
    SELECT *,
        (ts_us + 7200000000) // 86400000000 AS day,                -- 17:00 Chicago is 22:00 UTC
        (ts_us + 59999999) // 60000000 * 60000000 AS minute_us      -- (T-60 s, T]
    FROM quotes
),
seen AS (
    SELECT day, min(ts_us) <= any_value(open_us) + 60000000 AS from_start FROM dated JOIN opens USING (day) GROUP BY day
),
said AS (
    SELECT symbol, day, minute_us, n, volume,
        lag(volume) OVER (PARTITION BY symbol, day ORDER BY n) AS before,
        lag(volume) OVER (PARTITION BY symbol ORDER BY n) AS on_the_day_before
    FROM dated
    WHERE volume IS NOT NULL
),
traded AS (
    SELECT symbol, day, minute_us, n, volume, coalesce(volume < before, false) AS restart,
        CASE
            WHEN volume < before THEN volume
            WHEN before IS NOT NULL THEN volume - before
            WHEN NOT from_start THEN 0
            WHEN on_the_day_before <= volume THEN volume - on_the_day_before
            ELSE volume
        END AS delta
    FROM said JOIN seen USING (day)
),
counted AS (
    SELECT symbol, day, minute_us, sum(delta) AS delta, arg_max(volume, n) AS cumulative,
        sum(sum(restart::INTEGER)) OVER (PARTITION BY symbol, day ORDER BY minute_us) AS restarts
    FROM traded
    GROUP BY symbol, day, minute_us
),
minutes AS (                                                        -- a restart is flagged in the next row
    SELECT *, restarts > lag(restarts, 1, 0) OVER (PARTITION BY symbol, day ORDER BY minute_us) AS restart
    FROM counted
    WHERE delta > 0
),
prices AS (
    SELECT symbol, day, minute_us, arg_max(last, n) AS last FROM dated WHERE last IS NOT NULL
    GROUP BY symbol, day, minute_us
),
priced AS (
    SELECT m.*, p.last, (p.last * 1000000)::HUGEINT AS millionths
    FROM minutes m ASOF JOIN prices p ON m.symbol = p.symbol AND m.day = p.day AND m.minute_us >= p.minute_us
),
summed AS (
    SELECT *,
        (sum(millionths * delta) OVER so_far)::HUGEINT AS value,
        (sum(delta) OVER so_far)::HUGEINT AS contracts
    FROM priced
    WINDOW so_far AS (PARTITION BY symbol, day ORDER BY minute_us)
)
SELECT symbol, minute_us, date '1970-01-01' + day::INTEGER AS trade_date, last, cumulative, delta::BIGINT,
    (sign(value) * ((2 * abs(value) + contracts) // (2 * contracts)))::BIGINT AS vwap, restart
FROM summed
ORDER BY minute_us, symbol, trade_date
