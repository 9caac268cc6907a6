"""Users: people, login, tokens.

In: credentials. Out: who is asking and what they may do. Listening: every door.
"""
