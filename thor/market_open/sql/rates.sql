-- What groups of rows add up to, and by day the sums and squares that clustered intervals are made of.
-- First every day by itself, with the market and with the signal; then the days of each group together.
WITH found AS (
    SELECT trade_date, day, country, bhs,
        (wndw = 'WORKED')::int AS worked,
        (wndw = 'DIDNT_WORK')::int AS didnt_work,
        (wndw = 'EXPIRED')::int AS expired,
        (wndw = 'NEUTRAL')::int AS no_entry,
        (wndw = 'ERROR')::int AS error,
        (wndw = 'PENDING')::int AS pending,
        (wndw IN ('WORKED', 'DIDNT_WORK'))::int AS decided,
        (wndw IN ('WORKED', 'DIDNT_WORK', 'EXPIRED'))::int AS entry,
        (resolution_quality IS NOT DISTINCT FROM 'gap')::int AS gap,
        (resolution_quality IS NOT DISTINCT FROM 'bar_only')::int AS bar_only,
        coalesce(pnl_usd, 0) AS pnl_usd,
        CASE WHEN wndw IN ('WORKED', 'DIDNT_WORK') THEN elapsed_sec::float8 ELSE 0 END AS elapsed_sec,
        CASE WHEN wndw NOT IN ('WORKED', 'DIDNT_WORK') THEN 0
            WHEN entry_side = 'BUY' THEN (entry_price - target_low)::float8 / (target_high - target_low)::float8
            ELSE (target_high - entry_price)::float8 / (target_high - target_low)::float8
        END AS base,
        -- A spread wider than the stop leaves no chance at all.
        CASE WHEN wndw NOT IN ('WORKED', 'DIDNT_WORK') THEN 0
            WHEN entry_side = 'BUY' THEN greatest(0, (exit_price_at_entry - target_low)::float8 / (target_high - target_low)::float8)
            ELSE greatest(0, (target_high - exit_price_at_entry)::float8 / (target_high - target_low)::float8)
        END AS base_after_spread
    FROM market_open_marketsession
    WHERE {condition}
),
days AS (
    SELECT grouping(country, bhs) AS kept, trade_date, day, country, bhs,
        count(*) AS n, sum(worked) AS worked, sum(didnt_work) AS didnt_work, sum(expired) AS expired,
        sum(no_entry) AS no_entry, sum(error) AS error, sum(pending) AS pending, sum(gap) AS gap,
        sum(bar_only) AS bar_only, sum(pnl_usd) AS pnl_usd, sum(elapsed_sec) AS elapsed_sec, sum(base) AS base,
        sum(base_after_spread) AS base_after_spread,
        sum(worked)::float8 AS w, sum(decided)::float8 AS d, sum(pnl_usd)::float8 AS p, sum(entry)::float8 AS e
    FROM found
    GROUP BY GROUPING SETS ((trade_date, day), (trade_date, day, country), (trade_date, day, bhs))
),
levels (kept, level, by_day, by_month) AS (
    VALUES (3, 'overall', false, false), (3, 'day', true, false), (3, 'month', false, true),
        (1, 'market', false, false), (1, 'market_day', true, false), (2, 'signal', false, false)
)
SELECT level, country, CASE WHEN by_day THEN day END AS weekday, bhs,
    CASE WHEN by_month THEN to_char(trade_date, 'YYYY-MM') END AS month,
    sum(n), sum(worked), sum(didnt_work), sum(expired), sum(no_entry), sum(error), sum(pending), sum(gap),
    sum(bar_only), sum(pnl_usd), sum(elapsed_sec), sum(base), sum(base_after_spread),
    count(*) FILTER (WHERE d > 0), sum(w), sum(d), sum(w * w), sum(w * d), sum(d * d),
    count(*) FILTER (WHERE e > 0), sum(p), sum(e), sum(p * p), sum(p * e), sum(e * e)
FROM days JOIN levels USING (kept)
GROUP BY level, country, weekday, bhs, month
