-- Defaults are left out: a staged row gets its created_at when it is stored, unless it brings one.
CREATE TEMPORARY TABLE IF NOT EXISTS ticks_staging (
    symbol text, ts timestamptz, last numeric, bid numeric, ask numeric,
    last_size bigint, bid_size bigint, ask_size bigint, volume bigint,
    source text, cond text, venue text, seq bigint, trade_date date, stream_id text, extra jsonb, created_at timestamptz
) ON COMMIT DELETE ROWS
