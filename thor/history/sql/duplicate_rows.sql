-- Staged rows whose key was stored from another entry of the stream: published twice, not delivered twice.
SELECT s.stream_id, to_char(s.trade_date, 'YYYY-MM-DD'), s.source, s.symbol
FROM ticks_staging AS s
JOIN ticks AS t
    ON t.symbol = s.symbol AND t.ts = s.ts AND t.source = s.source AND t.seq IS NOT DISTINCT FROM s.seq
WHERE t.stream_id IS DISTINCT FROM s.stream_id
