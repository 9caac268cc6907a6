"""`thor X`, `python -m thor X` and `manage.py X`: the operator's commands here, all others by Django."""

from __future__ import annotations

import os
import sys

from thor.runtime.environment import load_dotenv, read_environment
from thor.runtime.home import run_dir, thor_home
from thor.runtime.problem import Problem

EXIT_PROBLEM = 2
EXIT_INTERRUPTED = 130
CHANGES_SCHEMA = ("migrate", "flush", "sqlflush")


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code. What is wrong is said in one line each on standard error."""
    words = sys.argv[1:] if argv is None else argv
    try:
        load_dotenv(os.environ)
        return _dispatch(words)
    except Problem as problem:
        for line in problem.detail.splitlines():
            sys.stderr.write(f"thor: {line}\n")
        return EXIT_PROBLEM
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away; keep the interpreter from complaining about it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _dispatch(words: list[str]) -> int:
    from thor.ops import cli

    first = words[0] if words else "help"
    if first in ("--version", "version"):
        return _print_version()
    if first in cli.command_names():
        return cli.main(words)
    if words in ([], ["help"], ["--help"], ["-h"]):
        cli.parser().print_help()
        sys.stdout.write(
            "\nEvery other command is Django's or one of Thor's rooms; `thor help --commands` lists them.\n"
        )
        return 0
    return _django(words)


def _print_version() -> int:
    from importlib.metadata import version

    sys.stdout.write(f"thor {version('thor')}\n")
    return 0


def _django(words: list[str]) -> int:
    """Run a Django command, with the settings checked first and an unreachable server said in one line."""
    environment = read_environment()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor.config.settings")
    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError
    from redis.exceptions import ConnectionError as RedisUnreachable

    from thor.runtime.log import configure_logging

    configure_logging(words[0], environment.log_format)
    if words[0] in CHANGES_SCHEMA:
        _forget_preparation()
    try:
        execute_from_command_line(["thor", *words])
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise Problem(
            f"the database cannot be used: {reason}. Start it with `thor up`, or set DATABASE_URL."
        ) from error
    except RedisUnreachable as error:
        raise Problem(f"the bus cannot be reached: {error}. Start it with `thor up`, or set REDIS_URL.") from error
    return 0


def _forget_preparation() -> None:
    """A schema changed by hand is looked at again by the next `thor up`."""
    from thor.ops.prepared import forget_preparation
    from thor.runtime.servers import data_root

    home = thor_home()
    if run_dir(home).is_dir():
        forget_preparation(data_root(home, None))


if __name__ == "__main__":
    sys.exit(main())
