-- The times of a symbol's oldest and newest stored tick: an index probe a partition; over the whole table it would read
-- all.
SELECT
    (SELECT t.ts FROM ticks AS t WHERE t.symbol = %(symbol)s ORDER BY t.ts LIMIT 1),
    (SELECT t.ts FROM ticks AS t WHERE t.symbol = %(symbol)s ORDER BY t.ts DESC LIMIT 1)
