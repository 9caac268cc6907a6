"""The desk: the one loop that hears every quote and every transition in order, and hands on what follows from them.

In: the unified stream and the clock. Out: effects, committed with the stream id they rest on, and ``thor:events``.
Listening: the browser, and every room whose reactor sits at the desk.
"""
