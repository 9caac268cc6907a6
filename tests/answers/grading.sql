-- What becomes of a $100 trade, a second time, written from SPEC 8 and SPEC 6's table. Prices are whole millionths of a
-- point, times microseconds. Input: quotes(walk, n, ts_us, bid, ask, last), good ones in the order in which they came, null
-- is unknown; trades(id, walk, symbol, side, bid, ask, seen_us, start_us, until_us): what its open saw, and when.
-- Output, per trade: id, entry, target, stop, outcome, at_us, cents, quality, observations, price, mark_cents, n of the
-- deciding quote.
WITH facts (symbol, tick, cents) AS (VALUES
    ('YM', 1000000, 500), ('ES', 250000, 1250), ('NQ', 250000, 500), ('RTY', 100000, 500), ('CL', 10000, 1000),
    ('SI', 5000, 2500), ('HG', 500, 1250), ('GC', 100000, 1000), ('VX', 50000, 5000), ('DX', 5000, 500),
    ('ZB', 31250, 3125)
),
entered AS (
    SELECT t.*, f.tick, f.cents, if(side = 'BUY', 1, -1) AS sign, if(side = 'BUY', ask, bid) AS entry,
        greatest(1, (20000 + f.cents) // (2 * f.cents)) AS ticks            -- the nearest number of ticks, half up
    FROM trades t JOIN facts f USING (symbol)
),
levelled AS (
    SELECT *, entry + sign * ticks * tick AS target, entry - sign * ticks * tick AS stop FROM entered
),
seen AS (                                                                   -- where the trade could be closed
    SELECT t.id, q.n, q.ts_us, if(side = 'BUY', q.bid, q.ask) AS price,
        sign * (price - target) >= 0 AS at_target, sign * (stop - price) >= 0 AS at_stop,
        lag(q.ts_us, 1, t.seen_us) OVER path AS before_us, row_number() OVER path AS number
    FROM levelled t JOIN quotes q ON q.walk = t.walk AND q.ts_us > t.start_us AND q.ts_us <= t.until_us
    WHERE price IS NOT NULL
    WINDOW path AS (PARTITION BY t.id ORDER BY q.n)
),
touched AS (
    SELECT id, min(number) AS first FROM seen WHERE at_target OR at_stop GROUP BY id
),
ended AS (
    SELECT s.* FROM seen s JOIN touched t ON t.id = s.id AND t.first = s.number
),
gone AS (                                                                   -- of those that touched nothing
    SELECT id, max(number) AS observations, arg_max(price, number) AS price, arg_max(n, number) AS n,
        max(ts_us - before_us) AS longest, max(ts_us) AS last_us
    FROM seen WHERE id NOT IN (SELECT id FROM touched) GROUP BY id
)
SELECT t.id, t.entry, t.target, t.stop,
    CASE WHEN e.at_stop THEN 'DIDNT_WORK' WHEN e.at_target THEN 'WORKED' WHEN g.id IS NOT NULL THEN 'EXPIRED'
        ELSE 'ERROR' END AS outcome,
    coalesce(e.ts_us, t.until_us) AS at_us,
    CASE outcome WHEN 'WORKED' THEN t.ticks * t.cents WHEN 'DIDNT_WORK' THEN -t.ticks * t.cents WHEN 'EXPIRED' THEN 0
        END AS cents,
    CASE WHEN outcome = 'ERROR' THEN NULL
        WHEN coalesce(e.ts_us - e.before_us, greatest(g.longest, t.until_us - g.last_us)) > 5000000 THEN 'gap'
        ELSE 'exact' END AS quality,
    coalesce(e.number, g.observations, 0) AS observations,
    coalesce(e.price, g.price) AS price,
    t.sign * (g.price - t.entry) * t.cents // t.tick AS mark_cents,
    coalesce(e.n, g.n) AS n
FROM levelled t LEFT JOIN ended e ON e.id = t.id LEFT JOIN gone g ON g.id = t.id
ORDER BY t.id
