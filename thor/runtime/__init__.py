"""Runtime: what every process needs and no market knows: clock, bus connection, worker, logs, errors, servers.

In: settings of the environment. Out: connections, time, supervised work. Listening: every room.
"""
