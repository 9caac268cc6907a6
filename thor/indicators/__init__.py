"""Indicators: what the quotes of a session come to: highs and lows at each market, VWAP, 52 weeks.

In: good quotes, transitions, minutes. Out: rows, and figures for the board. Listening: signals, the desk.
"""
