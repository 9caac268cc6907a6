"""The operator's commands. Everything else that `thor` is asked is a Django command."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence

from thor.runtime.environment import read_environment
from thor.runtime.home import thor_home

Command = Callable[[argparse.Namespace], int]


def parser() -> argparse.ArgumentParser:
    """The command line of the operator's commands."""
    top = argparse.ArgumentParser(prog="thor", description="Run and look after Thor.", allow_abbrev=False)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start everything, with PostgreSQL and Valkey, until Ctrl-C")
    stack = commands.add_parser("stack", help="the same on servers that are already there, as plain lines")
    for each in (up, stack):
        each.add_argument("--port", type=_port, help="of the page; 0 takes a free one (default: THOR_PORT)")
        each.add_argument("--without", action="append", default=[], metavar="SERVICE", help="leave a service out")
        each.set_defaults(run=_up)
    up.add_argument("--no-view", action="store_true", help="plain lines instead of the live view")
    up.add_argument("--dev", action="store_true", help="hot reload, with the page from Vite at port 5173")
    stack.set_defaults(no_view=True, dev=False)

    commands.add_parser("doctor", help="look at everything Thor needs").set_defaults(run=_doctor)
    commands.add_parser("env", help="print the addresses as export lines").set_defaults(run=_env)
    status = commands.add_parser("status", help="what runs, since when, how far behind")
    status.add_argument("--json", action="store_true", help="as one JSON object")
    status.set_defaults(run=_status)
    logs = commands.add_parser("logs", help="what the services wrote")
    logs.add_argument("service", nargs="?", help="one service (default: all)")
    logs.add_argument("-f", "--follow", action="store_true", help="go on with every new line")
    logs.set_defaults(run=_logs)
    reset = commands.add_parser("reset", help="delete all data of this THOR_HOME")
    reset.add_argument("--yes", action="store_true", help="really delete")
    reset.set_defaults(run=_reset)
    return top


def command_names() -> frozenset[str]:
    return frozenset({"up", "stack", "doctor", "env", "status", "logs", "reset"})


def main(argv: Sequence[str]) -> int:
    """Run one operator's command; returns the exit code. Raises Problem."""
    arguments = parser().parse_args(argv)
    run: Command = arguments.run
    return run(arguments)


def _up(arguments: argparse.Namespace) -> int:
    from thor.ops.up import Options, run

    options = Options(
        embedded=arguments.command == "up",
        port=arguments.port,
        view=not arguments.no_view,
        without=tuple(arguments.without),
        dev=arguments.dev,
    )
    return run(options, read_environment(), os.environ)


def _doctor(_arguments: argparse.Namespace) -> int:
    from thor.ops import doctor

    findings = doctor.examine(os.environ)
    _print(doctor.lines(findings))
    return doctor.exit_code(findings)


def _env(_arguments: argparse.Namespace) -> int:
    from thor.ops.status import env_lines

    _print(env_lines(read_environment()))
    return 0


def _status(arguments: argparse.Namespace) -> int:
    from thor.ops.status import collect_status, status_lines

    status = collect_status(read_environment())
    _print([json.dumps(status, indent=2)] if arguments.json else status_lines(status))
    return 0 if status["running"] else 1


def _logs(arguments: argparse.Namespace) -> int:
    from thor.ops.status import log_lines

    for line in log_lines(read_environment(), arguments.service, follow=arguments.follow):
        _print([line])
    return 0


def _reset(arguments: argparse.Namespace) -> int:
    from thor.ops.reset import reset

    _print(reset(thor_home(), sure=arguments.yes))
    return 0


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give 0 to 65535")
    return port


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
