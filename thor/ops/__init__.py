"""What must run, and is it well: the supervisor, the one-command start, status, logs, doctor, reset.

Enters: settings, the programs of the servers, the services' processes. Leaves: a running stack and its state in
THOR_HOME/run. Listeners: the person at the terminal, `make`, and the Ops page.
"""
