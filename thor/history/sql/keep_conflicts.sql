INSERT INTO tick_conflicts (
    symbol, ts, last, bid, ask, last_size, bid_size, ask_size, volume,
    source, cond, venue, seq, trade_date, stream_id, extra
)
SELECT
    s.symbol, s.ts, s.last, s.bid, s.ask, s.last_size, s.bid_size, s.ask_size, s.volume,
    s.source, s.cond, s.venue, s.seq, s.trade_date, s.stream_id, s.extra
FROM ticks_staging AS s
JOIN ticks AS t
    ON t.symbol = s.symbol AND t.ts = s.ts AND t.source = s.source AND t.seq IS NOT DISTINCT FROM s.seq
WHERE (t.last, t.bid, t.ask, t.last_size, t.bid_size, t.ask_size, t.volume, t.cond, t.venue, t.extra)
    IS DISTINCT FROM
    (s.last, s.bid, s.ask, s.last_size, s.bid_size, s.ask_size, s.volume, s.cond, s.venue, s.extra)
ON CONFLICT DO NOTHING
