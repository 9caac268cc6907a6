-- The middle of the seconds from capture to outcome, of those decided, by the groups of rates.sql.
SELECT CASE grouping(country, day, bhs, month)
        WHEN 15 THEN 'overall' WHEN 7 THEN 'market' WHEN 11 THEN 'day' WHEN 3 THEN 'market_day' WHEN 13 THEN 'signal'
        ELSE 'month'
    END AS level, country, day, bhs, month, percentile_cont(0.5) WITHIN GROUP (ORDER BY elapsed)
FROM (
    SELECT country, day, bhs, to_char(trade_date, 'YYYY-MM') AS month, elapsed_sec::float8 AS elapsed
    FROM market_open_marketsession
    WHERE wndw IN ('WORKED', 'DIDNT_WORK') AND {condition}
) AS decided
GROUP BY GROUPING SETS ((), (country), (day), (country, day), (bhs), (month))
