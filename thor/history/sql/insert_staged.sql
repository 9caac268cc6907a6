-- In arrival order (a fresh temporary table is filled front to back), so that of equal keys the first wins.
INSERT INTO ticks (
    symbol, ts, last, bid, ask, last_size, bid_size, ask_size, volume,
    source, cond, venue, seq, trade_date, stream_id, extra, created_at
)
SELECT
    symbol, ts, last, bid, ask, last_size, bid_size, ask_size, volume,
    source, cond, venue, seq, trade_date, stream_id, extra, coalesce(created_at, now())
FROM ticks_staging ORDER BY ctid
ON CONFLICT DO NOTHING
