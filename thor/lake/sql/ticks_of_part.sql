-- The ticks of a symbol's trade date in the order of their key, which is how its index gives them. Prices in millionths:
-- numeric has at most 12 digits before the point and 6 after it, which a bigint holds to the last one.
SELECT ts,
    (last * 1000000)::bigint AS last, (bid * 1000000)::bigint AS bid, (ask * 1000000)::bigint AS ask,
    last_size, bid_size, ask_size, volume, source, cond, venue, seq, stream_id,
    extra -> 'meta' ->> 'contract' AS contract, extra::text AS extra, created_at
FROM ticks
WHERE symbol = {symbol} AND trade_date = {day} AND ts >= {start} AND ts < {end}
ORDER BY symbol, ts, source, seq
