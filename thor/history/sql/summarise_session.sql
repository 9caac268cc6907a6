-- What was stored of each symbol after the open and up to the close: ticks, first, last, and the longest silence in
-- seconds, the one before the first tick and the one after the last included.
SELECT symbol, count(*), min(ts), max(ts),
    extract(epoch FROM greatest(max(gap), %(closed_at)s - max(ts)))
FROM (
    SELECT symbol, ts, ts - lag(ts, 1, %(opened_at)s) OVER (PARTITION BY symbol ORDER BY ts) AS gap
    FROM ticks
    WHERE ts > %(opened_at)s AND ts <= %(closed_at)s
) AS told
GROUP BY symbol
ORDER BY symbol
