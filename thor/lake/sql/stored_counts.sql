-- Stored ticks by trade date and symbol of dates that begin at or after a time.
SELECT trade_date, symbol, count(*)
FROM ticks
WHERE ts >= %(start)s AND ts < %(end)s AND trade_date = ANY(%(dates)s)
GROUP BY trade_date, symbol
