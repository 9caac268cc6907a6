-- By day, instrument and its signal, over the opens whose TOTAL trade was decided: how many they are, in how many TOTAL
-- worked, in which the instrument took a side, in which that was the way that the trade's instrument went, and in which it
-- was TOTAL's side. Which: a bit for each decided open of the day, so that instruments are compared over the opens in which
-- both took a side. Last how often noise would have been right: who agrees with the trade pays its spread.
WITH totals AS MATERIALIZED (
    SELECT session_id, trade_date, (wndw = 'WORKED')::int AS worked, (entry_side = 'BUY') = (wndw = 'WORKED') AS went_up,
        entry_side = 'BUY' AS buys,
        greatest(0, CASE WHEN entry_side = 'BUY' THEN (exit_price_at_entry - target_low)::float8
            ELSE (target_high - exit_price_at_entry)::float8 END / (target_high - target_low)::float8) AS base,
        1::bigint << (row_number() OVER (PARTITION BY trade_date ORDER BY id) - 1)::int AS bit
    FROM market_open_marketsession
    WHERE wndw IN ('WORKED', 'DIDNT_WORK') AND {condition}
)
SELECT trade_date, own.symbol, own.bhs, count(*), sum(worked),
    coalesce(bit_or(bit) FILTER (WHERE own.weight <> 0), 0),
    coalesce(bit_or(bit) FILTER (WHERE own.weight <> 0 AND (own.weight > 0) = went_up), 0),
    coalesce(bit_or(bit) FILTER (WHERE own.weight <> 0 AND (own.weight > 0) = buys), 0),
    coalesce(sum(CASE WHEN (own.weight > 0) = buys THEN base ELSE 1 - base END) FILTER (WHERE own.weight <> 0), 0)
FROM totals
    JOIN (
        SELECT session_id, symbol, bhs, weight FROM market_open_marketsession
        WHERE symbol <> 'TOTAL' AND bhs IS NOT NULL {symbols}
    ) AS own USING (session_id)
GROUP BY trade_date, own.symbol, own.bhs
ORDER BY trade_date
