-- Stored ticks of a symbol in [start, end), by time, of the same time as they arrived.
SELECT ts, last, bid, ask, last_size, bid_size, ask_size, volume, source, cond, venue, seq,
    extra -> 'meta' ->> 'contract' AS contract, stream_id, trade_date
FROM ticks
WHERE symbol = %(symbol)s AND ts >= %(start)s AND ts < %(end)s
ORDER BY ts, split_part(stream_id, '-', 1) COLLATE "C", length(stream_id), stream_id COLLATE "C", seq
OFFSET %(skip)s
LIMIT %(limit)s
