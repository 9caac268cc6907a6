SELECT trade_date, symbol, count(*)
FROM tick_conflicts
WHERE trade_date BETWEEN %(first)s AND %(last)s
GROUP BY trade_date, symbol
