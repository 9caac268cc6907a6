-- The cumulative volume that was said last of each symbol between two instants.
SELECT known.symbol, said.volume
FROM unnest(%(symbols)s::text[]) AS known (symbol)
CROSS JOIN LATERAL (
    SELECT t.volume FROM ticks AS t
    WHERE t.symbol = known.symbol AND t.ts >= %(from)s AND t.ts < %(until)s AND t.volume IS NOT NULL
    ORDER BY t.ts DESC, t.seq DESC LIMIT 1
) AS said
