"""What options of the desk's commands hold."""

from __future__ import annotations

from argparse import ArgumentTypeError


def seconds(text: str) -> float:
    """0 or more."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no number of seconds: give 0 or more")
    return found
