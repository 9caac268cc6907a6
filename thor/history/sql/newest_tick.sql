-- One index probe a symbol and partition; max(ts) over the whole table would read it all.
SELECT max(newest.ts)
FROM unnest(%(symbols)s::text[]) AS known (symbol)
CROSS JOIN LATERAL (SELECT max(t.ts) AS ts FROM ticks AS t WHERE t.symbol = known.symbol) AS newest
