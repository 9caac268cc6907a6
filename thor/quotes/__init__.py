"""Quotes: what the market says now.

In: raw rows of the providers (Excel, recordings, the simulator). Out: canonical events on the bus, the latest
quote of each symbol, server-sent events. Listening: history (stores ticks), the browser.
"""
