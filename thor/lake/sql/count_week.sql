-- The parts that have rows in a partition of ticks.
SELECT trade_date, symbol, count(*) FROM {} GROUP BY trade_date, symbol
