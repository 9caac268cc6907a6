-- Two processes that make the same partition would meet in a unique violation of the catalogue: one waits instead.
SELECT pg_advisory_xact_lock(hashtext('thor.ticks.partitions'), hashtext(current_schema()))
