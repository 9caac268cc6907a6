"""What commands of this room share: who gives them, and why."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser, ArgumentTypeError

from thor.market_open.reasons import reason_of
from thor.runtime.problem import Problem


def add_who(parser: ArgumentParser) -> None:
    """``--user``: by default the operating system's."""
    parser.add_argument("--user", default=_account(), metavar="NAME", help="who asks, for the record (you)")


def reason(text: str) -> str:
    """A reason that says something."""
    try:
        return reason_of(text)
    except Problem as problem:
        raise ArgumentTypeError(problem.detail) from None


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        return "unknown"
