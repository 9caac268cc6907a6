"""Market opens: what the 11 futures were at each open, the $100 trade that followed, and what became of it.

In: quotes, transitions and settings at the desk. Out: 12 rows a session, graded, and the audit chain. Listening: pages,
analytics, strategies.
"""
