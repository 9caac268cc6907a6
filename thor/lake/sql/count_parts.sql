-- How many ticks each symbol has of each of some trade dates, as far as they are between two times.
SELECT trade_date, symbol, count(*)
FROM ticks
WHERE trade_date BETWEEN %(first)s AND %(last)s AND ts >= %(start)s AND ts < %(end)s
GROUP BY trade_date, symbol
