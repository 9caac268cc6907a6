"""A service's log line, made readable: JSON becomes time, level, event and the rest; anything else stays as it is."""

from __future__ import annotations

import json
from datetime import datetime

FIRST_KEYS = ("timestamp", "level", "event", "service", "logger", "exception")


def readable(line: str) -> str:
    """One line for a person. `{"timestamp":..., "level":"info", "event":"x", "n":1}` -> `12:00:01 info x n=1`."""
    if not line.startswith("{"):
        return line
    try:
        fields = json.loads(line)
    except ValueError:
        return line
    if not isinstance(fields, dict) or "event" not in fields:
        return line
    rest = [f"{name}={_value(value)}" for name, value in fields.items() if name not in FIRST_KEYS]
    words = [_clock(str(fields.get("timestamp", ""))), str(fields.get("level", "")), str(fields["event"]), *rest]
    text = " ".join(word for word in words if word)
    return f"{text}\n{fields['exception']}" if fields.get("exception") else text


def _clock(timestamp: str) -> str:
    """The local time of day of an ISO instant ('' when it is none)."""
    try:
        return datetime.fromisoformat(timestamp).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return ""


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
