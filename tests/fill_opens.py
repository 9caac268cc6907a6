"""Made opens into the database that Thor's settings name, for pages to be looked at.

    python -m tests.fill_opens [--days 500]

The last day is the weekday before today.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any


def fill(days: int) -> int:
    """Write so many days of every market; answers how many sessions they are."""
    from tests.made_opens import made_opens, weekdays

    today = datetime.now(UTC).date()
    dates = [day for day in weekdays(today - timedelta(days=days * 2), days * 2) if day < today]
    made = made_opens(dates[-days:])
    return _write(chain.from_iterable(each.rows for each in made)) // 12


def _write(rows: Iterable[dict[str, Any]]) -> int:
    """By COPY, because of their number."""
    from django.db import connection

    from thor.market_open.models import MarketSession

    fields = [field for field in MarketSession._meta.concrete_fields if not field.primary_key]
    blank = {field.attname: field.get_default() for field in fields}
    count = 0
    with connection.cursor() as cursor:
        names = ", ".join(f'"{field.column}"' for field in fields)
        with cursor.copy(f"COPY market_open_marketsession ({names}) FROM STDIN") as copy:
            for row in rows:
                whole = blank | row
                copy.write_row([_plain(whole[field.attname]) for field in fields])
                count += 1
        cursor.execute("ANALYZE market_open_marketsession")
    return count


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value


def main() -> None:
    parser = argparse.ArgumentParser(description="Made opens into Thor's database.")
    parser.add_argument("--days", type=int, default=500)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor.config.settings")
    import django

    django.setup()
    print(fill(parser.parse_args().days), "sessions")


if __name__ == "__main__":
    main()
