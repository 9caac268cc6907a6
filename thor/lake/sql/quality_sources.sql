SELECT source, count(*) FROM read_parquet($path) GROUP BY source ORDER BY source
