-- Stored ticks of a trade date by symbol; all of them lie in [start, end).
SELECT symbol, count(*)
FROM ticks
WHERE ts >= %(start)s AND ts < %(end)s AND trade_date = %(day)s
GROUP BY symbol
