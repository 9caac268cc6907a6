"""Markets: when the world trades. So far only the trade date; calendars and the world clock come with their own work.

In: an instant. Out: the exchange's session date. Listening: history, and every room that groups by day.
"""
