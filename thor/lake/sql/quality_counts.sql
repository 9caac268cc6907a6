-- How many ticks of a file are odd by themselves. Of equal times, ticks with equal hashes of all that they say are equal;
-- when a collector received one is not what it says.
WITH ticks AS (SELECT * FROM read_parquet($path)),
told AS (
    SELECT ts, hash(
        last, bid, ask, last_size, bid_size, ask_size, volume, source, cond, venue, contract,
        regexp_replace(extra, '"recv": ?"[^"]*"', '')
    ) AS content
    FROM ticks
)
SELECT count(*) AS ticks,
    epoch_us(min(ts)) AS first_us,
    epoch_us(max(ts)) AS last_us,
    count(*) FILTER (WHERE bid > ask) AS crossed,
    count(*) FILTER (WHERE last = 0 OR bid = 0 OR ask = 0) AS zero,
    count(*) FILTER (WHERE NOT $may_be_negative AND (last < 0 OR bid < 0 OR ask < 0)) AS negative,
    (SELECT count(*) FROM told) - (SELECT count(*) FROM (SELECT DISTINCT ts, content FROM told)) AS duplicates
FROM ticks
