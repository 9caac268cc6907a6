"""One desk that nobody kills hears the whole unified stream; says what the tables hold otherwise, a line each.

``python -m tests.faults.unbroken FROM_US UNTIL_US``, with the environment of the Thor whose desks were killed.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any


def differences(from_us: int, until_us: int) -> Iterator[str]:
    """The reactors' rows that are missing, and those that are too many."""
    from thor.desk.handlers import TABLES
    from thor.market_open.audit import faults
    from thor.market_open.chain import links
    from thor.market_open.models import MarketSession, MissedCapture

    tables = {kind.__name__: model for kind, model in TABLES.items()}
    tables |= {model.__name__: model for model in (MarketSession, MissedCapture)}
    own: dict[str, Counter[Any]] = {kind: Counter() for kind in tables}
    names: dict[str, list[str]] = {}
    for kind, values in _heard(from_us, until_us):
        names[kind] = list(values)
        own[kind][tuple(values.values())] += 1
    outcomes = Counter(MarketSession.objects.order_by().values_list("wndw", flat=True))
    said = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
    yield f"{sum(each.total() for each in own.values())} rows of {len(names)} kinds; of opens {said}"
    yield from faults(links())
    for kind, model in tables.items():
        if kind not in names:
            held = Counter(model._default_manager.values_list())
        else:
            held = Counter(model._default_manager.values_list(*names[kind]))
        for what, rows in (("missing", own[kind] - held), ("too many", held - own[kind])):
            if rows:
                yield f"{kind}: {rows.total()} {what}, such as {next(iter(rows))}"


def _heard(from_us: int, until_us: int) -> Iterator[tuple[str, dict[str, Any]]]:
    import redis

    from tests.in_process import opens
    from thor.desk.backfill import new_desk
    from thor.desk.worker import all_reactors
    from thor.quotes.keys import Keys
    from thor.quotes.quote import decode
    from thor.quotes.reactor import Row
    from thor.quotes.rows import columns

    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    desk = new_desk(all_reactors(), from_us - 1)
    entries: Any = client.xrange(Keys(os.environ["THOR_NAMESPACE"]).unified)
    for entry_id, fields in entries:
        quote = decode(fields[b"e"])
        desk.hear(entry_id.decode(), quote, quote.ts_us, 0)
    desk.advance(until_us, 0)
    effects, _ = desk.take()
    newest: dict[Any, Row] = {}
    for number, row in enumerate([*(each for each in effects if isinstance(each, Row)), *desk.rows()]):
        newest[type(row), tuple(getattr(row, name) for name in row.key) or number] = row
    for row in newest.values():
        yield type(row).__name__, columns(row)
    yield from opens(effects)


if __name__ == "__main__":
    import django

    django.setup()
    for line in differences(int(sys.argv[1]), int(sys.argv[2])):
        print(line)
