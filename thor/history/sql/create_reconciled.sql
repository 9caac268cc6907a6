-- A page of the stream as rows, in the order of a tick's columns.
CREATE TEMPORARY TABLE IF NOT EXISTS reconciled (
    symbol text, ts timestamptz, last numeric, bid numeric, ask numeric,
    last_size bigint, bid_size bigint, ask_size bigint, volume bigint,
    source text, cond text, venue text, seq bigint, trade_date date, stream_id text, extra jsonb
) ON COMMIT DELETE ROWS
