-- Every accepted quote, once and for good. Prices are numeric without a scale: 5342.00 stays 5342.00.
-- The key also serves scans by (symbol, ts): a second index would cost 1.7 times the insert time.
-- seq is null for foreign events, which (symbol, ts, source) then identifies: nulls must be equal in the key.
CREATE TABLE ticks (
    symbol     text        NOT NULL,
    ts         timestamptz NOT NULL,
    last       numeric,
    bid        numeric,
    ask        numeric,
    last_size  bigint,
    bid_size   bigint,
    ask_size   bigint,
    volume     bigint,
    source     text        NOT NULL,
    cond       text,
    venue      text,
    seq        bigint,
    trade_date date        NOT NULL,
    stream_id  text,
    extra      jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ticks_event UNIQUE NULLS NOT DISTINCT (symbol, ts, source, seq)
) PARTITION BY RANGE (ts);

COMMENT ON TABLE ticks IS 'Every accepted quote exactly once; docs/reference/ticks.md';

-- Events that came under the key of a stored tick with other values. The first one wins; the others are kept here, so
-- that nothing is dropped without a record, and a redelivered one is not counted twice.
CREATE TABLE tick_conflicts (
    LIKE ticks INCLUDING DEFAULTS,
    CONSTRAINT tick_conflicts_event UNIQUE NULLS NOT DISTINCT (symbol, ts, source, seq, stream_id)
);

COMMENT ON TABLE tick_conflicts IS 'Events that lost against a stored tick of the same key; docs/reference/ticks.md';
