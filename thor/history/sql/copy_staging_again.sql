-- Rows that were stored before, with the time of that.
COPY ticks_staging FROM STDIN
