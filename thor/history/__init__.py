"""History: what the market said then. So far the tick store and its ingestor, and replay.

In: the unified stream, recordings. Out: rows of ``ticks``, replayed quotes. Listening: research, psql.
"""
