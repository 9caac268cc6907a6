"""A day of ticks from PostgreSQL to Parquet: Thor's export against the limit and against what a user would write.

    python benchmarks/export.py [--rows 5000000] [--rounds 3] [--peer-python VENV/bin/python] [--json]

- limit: psql COPY TO STDOUT, binary, of nine columns with prices as float8, and of all that Thor writes; to /dev/null
- naive: Django's cursor, all columns of one symbol, Python rows, a pyarrow table, one file
- connectorx (of another Python that has it and pyarrow): all columns of the day as one Arrow table, written by pyarrow;
  prices as floats, nothing checked; and the same of nine columns
- thor: ``thor export_to_parquet --overwrite``: all columns, prices to the last digit, in order, hashed, read back,
  published

Each runs in a process of its own whose seconds (its start included) and peak memory are the operating system's. Ticks
of the 11 instruments at random times, as live ones are: no extra, each with its stream id. Servers: the embedded ones
in a throw-away home. Rates are medians of rounds.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from thor.runtime.servers import Servers, embedded_servers

DAY: Final = "2025-10-09"
NINE: Final = "symbol, ts, last::float8, bid::float8, ask::float8, last_size, bid_size, ask_size, volume"
ALL: Final = (
    "symbol, ts, last::float8 AS last, bid::float8 AS bid, ask::float8 AS ask, last_size, bid_size, ask_size, volume,"
    " source, cond, venue, seq, stream_id, extra->'meta'->>'contract' AS contract, extra::text AS extra, created_at"
)
_OF_DAY: Final = f"FROM ticks WHERE trade_date = '{DAY}' AND ts >= '2025-10-08' AND ts < '2025-10-10'"
_FILL: Final = """
INSERT INTO ticks (symbol, ts, last, bid, ask, last_size, bid_size, ask_size, volume, source, seq, trade_date,
    stream_id, created_at)
SELECT symbol, ts, last, last - tick, last + tick, 1 + floor(-3 * ln(1 - random()))::int,
    1 + floor(-30 * ln(1 - random()))::int, 1 + floor(-30 * ln(1 - random()))::int, n / 11 * 2, 'TOS',
    (extract(epoch FROM ts) * 1000000)::bigint, %(day)s,
    (extract(epoch FROM ts) * 1000)::bigint + 2 || '-' || n %% 3, date_trunc('second', ts) + interval '1 second'
FROM (
    SELECT n, (%(symbols)s::text[])[1 + n %% 11] AS symbol, tick,
        timestamptz '2025-10-08 22:00+00' + (n + random()) * %(every)s * interval '1 second' AS ts,
        tick * (20000 + round(200 * sin(n / 9e4) + 20 * sin(n / 1.7e3) + 4 * random())::int) AS last
    FROM generate_series(0::bigint, %(rows)s - 1) AS n,
        LATERAL (SELECT (%(ticks)s::numeric[])[1 + n %% 11] AS tick) AS of_it
) AS made
"""
_PEER: Final = """
import os, sys, connectorx, pyarrow.parquet
table = connectorx.read_sql(os.environ["DATABASE_URL"].partition("?")[0], sys.argv[1], return_type="arrow")
pyarrow.parquet.write_table(table, sys.argv[2], compression="zstd", compression_level=1)
assert len(table) == int(sys.argv[3])
"""
_NAIVE: Final = """
import sys, django
django.setup()
from django.db import connection
import pyarrow, pyarrow.parquet
with connection.cursor() as cursor:
    cursor.execute(sys.argv[1])
    names = [each[0] for each in cursor.description]
    rows = cursor.fetchall()
columns = [pyarrow.array(values) for values in zip(*rows)]
pyarrow.parquet.write_table(pyarrow.Table.from_arrays(columns, names), sys.argv[2], compression="zstd")
"""


def prepare(servers: Servers, rows: int, home: Path) -> None:
    """A migrated Thor with a day of ticks, vacuumed."""
    os.environ.update(
        DATABASE_URL=str(servers.database_url), REDIS_URL=str(servers.redis_url), THOR_DATA_DIR=str(home / "lake"),
        DJANGO_SETTINGS_MODULE="thor.config.settings",
    )  # fmt: skip
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("seed_instruments", stdout=io.StringIO())
    from thor.history.services import connect_database
    from thor.history.store import TickStore
    from thor.history.week import week_number
    from thor.instruments.instrument import INSTRUMENTS
    from thor.markets.trade_date import epoch_us

    store = TickStore(connect_database)
    store.make_partitions([week_number(epoch_us(datetime(2025, 10, 9, tzinfo=UTC)))])
    store.close()
    values = {
        "day": DAY, "rows": rows, "every": 82_000 / rows, "symbols": [each.symbol for each in INSTRUMENTS],
        "ticks": [each.tick_size for each in INSTRUMENTS],
    }  # fmt: skip
    with connect_database() as database:
        database.execute("SET synchronous_commit = off")
        database.execute(_FILL, values)  # type: ignore[arg-type]
    with connect_database() as database:
        database.autocommit = True
        database.execute("VACUUM ANALYZE ticks")
        database.execute("CHECKPOINT")


def timed(words: list[str]) -> tuple[float, float, float]:
    """Seconds of a process, MiB of its peak, and seconds of processor time: its own, not the database's."""
    began = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(words)[:200]} ended with {child.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def copy(columns: str, at_once: int = 1) -> list[str]:
    """psql, once or half a day each at the same time."""
    url = os.environ["DATABASE_URL"]
    halves = [""] if at_once == 1 else ["AND symbol <= 'HG'", "AND symbol > 'HG'"]
    copies = [f"COPY (SELECT {columns} {_OF_DAY} {half}) TO STDOUT BINARY" for half in halves]
    runs = [f"psql {shlex.quote(url)} -qc {shlex.quote(each)} > /dev/null &" for each in copies]
    return ["sh", "-c", "\n".join([*runs, "wait"])]


def measure(rows: int, rounds: int, peer: str | None, home: Path) -> dict[str, Any]:
    """Rows a second and peak memory of each."""
    target = str(home / "peer.parquet")
    one_symbol = f"SELECT {ALL} {_OF_DAY} AND symbol = 'ES' ORDER BY ts"
    ways: dict[str, tuple[list[str], int]] = {
        "limit: psql COPY binary, 9 columns": (copy(NINE), rows),
        "limit: psql COPY binary, all columns": (copy(ALL), rows),
        "limit: two of them, half a day each": (copy(ALL, 2), rows),
        "naive: Django's cursor, one symbol": ([sys.executable, "-c", _NAIVE, one_symbol, target], rows // 11),
        "thor": ([sys.executable, "-m", "thor", "export_to_parquet", f"--date={DAY}", "--overwrite"], rows),
    }
    if peer:
        for name, columns in (("9 columns", NINE), ("all columns", ALL)):
            asked = f"SELECT {columns} {_OF_DAY} ORDER BY symbol, ts"
            ways[f"connectorx, {name}"] = ([peer, "-c", _PEER, asked, target, str(rows)], rows)
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in list(ways) if number % 2 == 0 else reversed(list(ways)):
            words, count = ways[name]
            seconds, peak, used = timed(words)
            found[name].append((count / seconds, peak, used / count * 1e6))
    return {
        name: {
            "rows_per_second": round(statistics.median(rate for rate, *_ in each)),
            "peak_mib": round(max(peak for _, peak, _ in each)),
            "client_us_a_row": round(min(used for *_, used in each), 2),
            "all_rounds": [round(rate) for rate, *_ in each],
        }
        for name, each in found.items()
    }


def size_of(lake: Path, rows: int) -> float:
    """Bytes a row."""
    return sum(path.stat().st_size for path in lake.rglob("*.parquet")) / rows


def print_table(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"export of {found['rows']:,} ticks, median of {found['rounds']} rounds")
    for name in ("way", "rows/s", "of thor", "peak MiB", "client us a row"):
        table.add_column(name, justify="left" if name == "way" else "right")
    own = found["ways"]["thor"]["rows_per_second"]
    for name, each in found["ways"].items():
        rate = each["rows_per_second"]
        peak = "" if name.startswith("limit") else f"{each['peak_mib']:,}"  # a shell's is not worth telling
        table.add_row(name, f"{rate:,}", f"{rate / own:.2f}", peak, f"{each['client_us_a_row']:.2f}")
    Console(width=110).print(table)
    print(f"{found['bytes_a_row']:.1f} bytes a row")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-python", metavar="PYTHON", help="one that has connectorx and pyarrow")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="thor-bench-"))
    os.environ["THOR_HOME"] = str(home)
    try:
        with embedded_servers(home) as servers:
            prepare(servers, arguments.rows, home)
            ways = measure(arguments.rows, arguments.rounds, arguments.peer_python, home)
            size = size_of(home / "lake", arguments.rows)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    found = {"rows": arguments.rows, "rounds": arguments.rounds, "bytes_a_row": size, "ways": ways}
    print(json.dumps(found)) if arguments.json else print_table(found)


if __name__ == "__main__":
    main()
