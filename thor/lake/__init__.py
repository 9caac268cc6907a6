"""The lake: ticks and bars as Parquet files, for years, and the ways to read them.

In: the rows of ``ticks``. Out: files by trade date and symbol, SQL and frames over them. Listening: research, the web.

    >>> import thor.lake
    >>> thor.lake.connect().sql("SELECT symbol, count(*) FROM ticks GROUP BY symbol")

Needs no Django: a notebook reads a lake with nothing but its root.
"""
