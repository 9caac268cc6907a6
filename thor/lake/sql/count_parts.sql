-- How many ticks each symbol has of a trade date. The times spare the partitions that have none of it.
SELECT symbol, count(*)
FROM ticks
WHERE trade_date = %(day)s AND ts >= %(start)s AND ts < %(end)s
GROUP BY symbol
ORDER BY symbol
