"""Markets: when the world trades: compiled calendars, trade dates, the markets that the clock follows.

In: an instant. Out: the exchange's session date. Listening: history, and every room that groups by day.
"""
