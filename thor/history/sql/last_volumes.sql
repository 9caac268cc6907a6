-- What each symbol's sources counted last between two instants: symbol, volume, source.
SELECT known.symbol, said.volume, said.source
FROM unnest(%(symbols)s::text[]) AS known (symbol)
CROSS JOIN LATERAL (
    SELECT t.volume, t.source FROM ticks AS t
    WHERE t.symbol = known.symbol AND t.ts >= %(from)s AND t.ts < %(until)s AND t.volume IS NOT NULL
    ORDER BY t.ts DESC, t.seq DESC LIMIT 1
) AS said
