-- Defaults are left out: a staged row gets its created_at when it is stored.
CREATE TEMPORARY TABLE IF NOT EXISTS ticks_staging (
    symbol text, ts timestamptz, last numeric, bid numeric, ask numeric,
    last_size bigint, bid_size bigint, ask_size bigint, volume bigint,
    source text, cond text, venue text, seq bigint, trade_date date, stream_id text, extra jsonb
) ON COMMIT DELETE ROWS
