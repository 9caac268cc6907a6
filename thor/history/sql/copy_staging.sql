COPY ticks_staging FROM STDIN
