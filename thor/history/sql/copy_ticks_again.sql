-- Rows that were stored before, with the time of that.
COPY ticks (
    symbol, ts, last, bid, ask, last_size, bid_size, ask_size, volume,
    source, cond, venue, seq, trade_date, stream_id, extra, created_at
) FROM STDIN
