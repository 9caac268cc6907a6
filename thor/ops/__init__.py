"""Ops: what must run, is it well, and how a person starts and stops it.

In: settings and a terminal. Out: servers, supervised services, their state. Listening: the operator.
"""
