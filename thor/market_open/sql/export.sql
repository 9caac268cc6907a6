-- Rows of opens with the intraday metrics of their sessions, the oldest first. Empty text is null.
SELECT {columns}
FROM (SELECT * FROM market_open_marketsession WHERE {condition}) AS own
    LEFT JOIN markets_market AS market ON market.country = own.country
    LEFT JOIN indicators_intradaymetric AS metric
        ON metric.market = own.country AND metric.trade_date = own.trade_date AND metric.symbol = own.symbol
            AND metric.opened = own.opened_at
    LEFT JOIN LATERAL (
        SELECT string_agg(other.symbol || ': ' || other.reason, '; ' ORDER BY other.id) AS missing
        FROM market_open_marketsession AS other
        WHERE own.symbol = 'TOTAL' AND other.session_id = own.session_id AND other.symbol <> 'TOTAL' AND other.bhs IS NULL
    ) AS total ON true
ORDER BY own.opened_at, own.id
