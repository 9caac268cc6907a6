-- Silences within pieces of open hours that are longer than a limit: from the open to the first tick, between ticks, from
-- the last to the close.
WITH pieces AS (
    SELECT unnest($opens) AS open_us, unnest($closes) AS close_us
),
heard AS (
    SELECT DISTINCT epoch_us(ts) AS at_us FROM read_parquet($path)
),
told AS (
    SELECT open_us, at_us FROM heard JOIN pieces ON at_us >= open_us AND at_us < close_us
    UNION ALL SELECT open_us, open_us FROM pieces
    UNION ALL SELECT open_us, close_us FROM pieces
),
beside AS (
    SELECT at_us, lead(at_us) OVER (PARTITION BY open_us ORDER BY at_us) AS next_us FROM told
)
SELECT at_us, next_us FROM beside WHERE next_us - at_us > $gap_us ORDER BY at_us
