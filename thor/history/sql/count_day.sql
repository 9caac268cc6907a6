-- How many ticks of a trade date some symbols have between two times.
SELECT count(*)
FROM ticks
WHERE trade_date = %(day)s AND ts >= %(from)s AND ts <= %(until)s AND symbol = ANY(%(symbols)s)
