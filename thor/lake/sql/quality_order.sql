-- Ticks that arrived after one of a later time. Ids compare as their two numbers; rows without one never arrived.
WITH told AS (
    SELECT epoch_us(ts) AS ts_us,
        split_part(stream_id, '-', 1)::BIGINT AS ms,
        split_part(stream_id, '-', 2)::BIGINT AS number
    FROM read_parquet($path)
    WHERE regexp_full_match(stream_id, '[0-9]{1,18}-[0-9]{1,18}')
),
beside AS (
    SELECT ts_us, max(ts_us) OVER (
        ORDER BY ms, number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS newest_before_us
    FROM told
)
SELECT count(*) FILTER (WHERE ts_us < newest_before_us) FROM beside
