DROP TABLE tick_conflicts;
DROP TABLE ticks;
