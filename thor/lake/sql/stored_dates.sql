-- Which of these trade dates of symbols have a stored tick: a probe of the index each.
SELECT w.trade_date, w.symbol
FROM unnest(%(dates)s::date[], %(symbols)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    AS w (trade_date, symbol, start_at, end_at)
CROSS JOIN LATERAL (
    SELECT 1 AS found
    FROM ticks AS t
    WHERE t.symbol = w.symbol AND t.ts >= w.start_at AND t.ts < w.end_at
    LIMIT 1
) AS probe
