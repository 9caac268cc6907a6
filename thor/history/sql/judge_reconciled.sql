-- What became of each entry of the page. The row of its key is its own, or one that came before under another id.
SELECT p.stream_id, p.source, p.symbol,
    CASE
        WHEN t.symbol IS NULL THEN 'missing'
        WHEN (t.last, t.bid, t.ask, t.last_size, t.bid_size, t.ask_size, t.volume, t.cond, t.venue, t.trade_date, t.extra)
            IS NOT DISTINCT FROM
            (p.last, p.bid, p.ask, p.last_size, p.bid_size, p.ask_size, p.volume, p.cond, p.venue, p.trade_date, p.extra)
            THEN CASE WHEN t.stream_id = p.stream_id THEN 'stored' ELSE 'duplicate' END
        WHEN t.stream_id = p.stream_id THEN 'changed'
        WHEN EXISTS (
            SELECT FROM tick_conflicts AS c
            WHERE c.symbol = p.symbol AND c.ts = p.ts AND c.source = p.source AND c.seq IS NOT DISTINCT FROM p.seq
                AND c.stream_id = p.stream_id
        ) THEN 'conflict'
        ELSE 'changed_duplicate'
    END
FROM reconciled AS p
LEFT JOIN ticks AS t
    ON t.symbol = p.symbol AND t.ts = p.ts AND t.source = p.source AND t.seq IS NOT DISTINCT FROM p.seq
    AND t.ts >= %(start)s AND t.ts < %(end)s
