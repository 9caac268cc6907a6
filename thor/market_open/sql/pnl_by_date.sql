-- P&L and entries of each trade date that has any.
SELECT trade_date, sum(pnl_usd), count(*)
FROM market_open_marketsession
WHERE wndw IN ('WORKED', 'DIDNT_WORK', 'EXPIRED') AND {condition}
GROUP BY trade_date
ORDER BY trade_date
