COPY ticks_staging (
    symbol, ts, last, bid, ask, last_size, bid_size, ask_size, volume,
    source, cond, venue, seq, trade_date, stream_id, extra
) FROM STDIN
