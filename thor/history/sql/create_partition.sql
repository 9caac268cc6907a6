-- Made aside, then attached: CREATE TABLE ... PARTITION OF would lock every reader and writer of ticks out.
CREATE TABLE {partition} (LIKE ticks INCLUDING ALL);
ALTER TABLE ticks ATTACH PARTITION {partition} FOR VALUES FROM ({start}) TO ({end});
