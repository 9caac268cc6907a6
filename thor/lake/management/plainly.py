"""What went wrong with a command, as one line and exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.core.management.base import CommandError
from django.db import Error as DatabaseError

from thor.runtime.problem import Problem


@contextmanager
def plainly() -> Iterator[None]:
    try:
        yield
    except Problem as problem:
        raise CommandError(problem.detail, returncode=2) from problem
    except (psycopg.Error, DatabaseError) as error:
        raise CommandError(f"database: {str(error).splitlines()[0]}; check DATABASE_URL", returncode=2) from error
