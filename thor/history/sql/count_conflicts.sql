SELECT count(*) FROM tick_conflicts
