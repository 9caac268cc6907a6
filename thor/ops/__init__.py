"""Ops: what must run, and is it well: the one-command start, the supervisor, status, logs, doctor, reset.

In: settings, the programs of the servers, the services' processes and their output. Out: a running stack, its state in
THOR_HOME/run, one clear line for what is wrong. Listening: the person at the terminal, make, the Ops page.
"""
