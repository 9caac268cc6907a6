"""What tests of replays share: a Thor with calendars on a database of its own, a made recording, what a replay left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import redis
from psycopg import sql

from tests.support import CHECKOUT, create_database, create_migrated, run_thor
from thor.market_open.capture import OUTCOME_COLUMNS, CapturedRow

FIRST = datetime(2025, 10, 9, 21, 30, tzinfo=UTC)
SPAN = timedelta(hours=17)
#: What opens and closes from the first row to the end of its trade date, by the exchanges' hours of that day.
TRANSITIONS = [
    ("CME_Futures", "OPEN", "22:00"), ("Japan", "OPEN", "00:00"), ("China", "OPEN", "01:30"),
    ("India", "OPEN", "03:45"),
    ("Japan", "CLOSE", "06:30"), ("China", "CLOSE", "07:00"), ("Germany", "OPEN", "07:00"),
    ("Netherlands", "OPEN", "07:00"), ("United Kingdom", "OPEN", "07:00"), ("India", "CLOSE", "10:00"),
    ("Pre_USA", "OPEN", "12:30"), ("Pre_USA", "CLOSE", "13:30"), ("Canada", "OPEN", "13:30"),
    ("Mexico", "OPEN", "13:30"),
    ("USA", "OPEN", "13:30"), ("Germany", "CLOSE", "15:30"), ("Netherlands", "CLOSE", "15:30"),
    ("United Kingdom", "CLOSE", "15:30"), ("Canada", "CLOSE", "20:00"), ("Mexico", "CLOSE", "20:00"),
    ("USA", "CLOSE", "20:00"), ("CME_Futures", "CLOSE", "21:00"),
]  # fmt: skip

SYMBOLS = ("YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB")
_IDS = ("quote_stream_id", "deciding_stream_id")
#: What a row of an open says, but for its number and the ids of entries, of which it says the ticks.
SESSION_COLUMNS = [
    name
    for name in dict.fromkeys((*(each.name.removesuffix("_us") for each in fields(CapturedRow)), *OUTCOME_COLUMNS))
    if name not in _IDS
]
_SESSION = ", ".join(f"s.{name}" for name in SESSION_COLUMNS)


def _tick(what: str) -> str:
    """The tick of an entry as text, in the place of its id."""
    table = what[0]
    return f"(extract(epoch FROM {table}.ts) * 1000000)::bigint || '/' || {table}.seq AS {what}_stream_id"


#: What a replay must leave the same at any speed and over any crash. Stream ids are the server's: the entry before a
#: transition is named by its tick.
_LEFT: Mapping[str, str] = {
    "ticks": "SELECT symbol, ts, source, seq, last, bid, ask, last_size, bid_size, ask_size, volume, cond, venue,"
    " trade_date, extra FROM {n}.ticks ORDER BY symbol, ts, source, seq",
    "transitions": "SELECT r.market, r.kind, r.at, r.trade_date, r.told_at, t.symbol, t.ts, t.seq"
    " FROM {n}.desk_transitionrecord r LEFT JOIN {n}.ticks t ON t.stream_id = r.after_id ORDER BY r.at, r.market",
    "timers": "SELECT f.at_us, f.told_us, t.symbol, t.ts, t.seq FROM {n}.desk_firedtimer f"
    " LEFT JOIN {n}.ticks t ON t.stream_id = f.after_id ORDER BY f.at_us",
    "snapshots": "SELECT m.country, s.trade_date, s.opened_at, s.baseline, s.closed_at, s.tick_count,"
    " s.symbols, s.quality"
    " FROM {n}.markets_marketdatasnapshot s JOIN {n}.markets_market m ON m.id = s.market_id"
    " ORDER BY s.opened_at, m.country",
    "alerts": "SELECT alert, severity, text, started_at, ended_at FROM {n}.desk_alert ORDER BY started_at, alert",
    # Without the ids of entries.
    "reactors": "SELECT reactor, part, regexp_replace(state::text, '\"[0-9]+-[0-9]+\"', '\"id\"', 'g')"
    " FROM {n}.desk_reactorstate ORDER BY reactor, part",
    "baselines": "SELECT b.symbol, b.trade_date, b.source, b.settlement, b.previous_close, b.open, b.at, t.ts, t.seq"
    " FROM {n}.signals_sessionbaseline b LEFT JOIN {n}.ticks t ON t.stream_id = b.from_stream_id ORDER BY b.id",
    "signals": "SELECT c.symbol, c.at, c.signal_from, c.signal_to, c.net_change, t.ts, t.seq"
    " FROM {n}.signals_signalchange c LEFT JOIN {n}.ticks t ON t.stream_id = c.entry_id ORDER BY c.id",
    "days": "SELECT symbol, trade_date, baseline, baseline_from, net_change, signal, quotes, updated_at"
    " FROM {n}.signals_signalday ORDER BY symbol, trade_date",
    "quality": "SELECT symbol, trade_date, good, suspect, crossed, zero, negative, spike, out_of_order, stale, levels,"
    " last_suspect, last_reasons FROM {n}.quotes_quotequality ORDER BY symbol, trade_date",
    "vwap": "SELECT symbol, minute, trade_date, last_price, cumulative_volume, delta_volume, vwap, is_restart"
    " FROM {n}.indicators_vwapminute ORDER BY symbol, trade_date, minute",
    "metrics": "SELECT market, trade_date, symbol, opened, updated, market_open, market_high_open,"
    " market_high_pct_open, market_low_open, market_low_pct_open, closed, market_close, market_high_pct_close,"
    " market_low_pct_close, market_close_vs_open_pct, market_range, market_range_pct, session_volume"
    " FROM {n}.indicators_intradaymetric ORDER BY market, trade_date, symbol",
    "ranges": "SELECT symbol, trade_date, high, low, last FROM {n}.indicators_dailyrange ORDER BY symbol, trade_date",
    "sessions": f"SELECT s.session_number, {_SESSION}, {_tick('quote')}, {_tick('deciding')}"
    " FROM {n}.market_open_marketsession s LEFT JOIN {n}.ticks q ON q.stream_id = s.quote_stream_id"
    " LEFT JOIN {n}.ticks d ON d.stream_id = s.deciding_stream_id ORDER BY s.country, s.session_number, s.id",
    "counts": "SELECT country, session_number, symbol, signal_counts FROM {n}.market_open_marketsession ORDER BY id",
    "misses": "SELECT country, trade_date, opened_at, noted_at, error FROM {n}.market_open_missedcapture"
    " ORDER BY opened_at, country",
    # Their bodies hold the server's ids.
    "records": "SELECT number, at, kind, session_id, symbol FROM {n}.market_open_auditrecord ORDER BY number",
    "year": "SELECT symbol, high_52w, high_52w_date, low_52w, low_52w_date, last_price_checked, all_time_high,"
    " all_time_high_date, all_time_low, all_time_low_date, last_updated"
    " FROM {n}.indicators_rolling52weekstats ORDER BY symbol",
    "jobs": "SELECT task_name, args - 'after_id', status, queueing_lock FROM {n}.procrastinate_jobs"
    " ORDER BY task_name, queueing_lock",
}


@contextmanager
def made_site(database_url: str, valkey_url: str, home: Path, first_year: int = 2025) -> Iterator[Site]:
    """A Thor on a database of its own, with instruments, markets and calendars from a year on."""
    live = f"t{uuid.uuid4().hex[:12]}"
    url = create_database(database_url, live, with_calendars(database_url, valkey_url, first_year))
    addresses = {"THOR_HOME": str(home), "DATABASE_URL": url, "REDIS_URL": valkey_url, "THOR_NAMESPACE": live}
    environ = {**os.environ, **addresses}
    client = redis.Redis.from_url(valkey_url)
    with psycopg.connect(url, autocommit=True) as database:
        yield Site(environ, live, client, database)
    client.close()


@cache
def with_calendars(database_url: str, valkey_url: str, first_year: int) -> str:
    """The name of a database to copy: calendars are compiled once."""
    name = f"thor_since_{first_year}"
    addresses = {"DATABASE_URL": create_migrated(database_url, name), "REDIS_URL": valkey_url}
    environ = {**os.environ, **addresses, "THOR_NAMESPACE": name}
    for words in (["seed_stat_values", "--create-instruments"], ["seed_markets"]):
        run_thor(environ, *words)
    run_thor(environ, "sync_calendars", "--from", str(first_year), "--years-ahead", "0")
    return name


@dataclass
class Site:
    """A Thor with calendars whose live namespace is ``live``."""

    environ: dict[str, str]
    live: str
    client: redis.Redis
    database: psycopg.Connection[tuple[Any, ...]]

    def replay(self, *args: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        return run_thor(self.environ, "replay", *map(str, args), check=check)

    @contextmanager
    def replaying(self, *args: object) -> Iterator[subprocess.Popen[str]]:
        """A replay that runs; it is asked to end afterwards."""
        child = subprocess.Popen(
            [sys.executable, "-m", "thor", "replay", *map(str, args)], env=self.environ, cwd=CHECKOUT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield child
        finally:
            child.send_signal(signal.SIGTERM)
            child.communicate(timeout=30)

    def left(self, name: str, *parts: str) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that a replay left, or some parts of it."""
        return {what: self.rows(name, _LEFT[what]) for what in parts or _LEFT}

    def rows(self, name: str, text: str) -> list[tuple[Any, ...]]:
        """The rows of a query in which ``{n}`` is the replay's schema."""
        return self.database.execute(sql.SQL(text).format(n=sql.Identifier(name))).fetchall()  # type: ignore[arg-type]

    def state(self, name: str) -> dict[str, str]:
        found = self.client.hgetall(f"{name}:replay")
        return {key.decode(): value.decode() for key, value in found.items()}

    def live_things(self) -> dict[str, object]:
        """All live tables and keys, as checksums."""
        tables = self.database.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
        ).fetchall()
        found: dict[str, object] = {}
        for (table,) in tables:
            query = sql.SQL("SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} AS t")
            found[table] = self.database.execute(query.format(sql.Identifier("public", table))).fetchone()
        for key in self.client.scan_iter(match=f"{self.live}:*"):
            found[key.decode()] = self.client.dump(key)
        return found


def make_recording(path: Path, rows: int = 3_000, seed: int = 4, *, opens: bool = False) -> Path:
    """Rows of three symbols over a day in which every market opens: some at one instant, some out of order, some
    crossed, some far from the price; the volume rises, and begins anew once. ``opens``: some of them are of all 11
    instruments around the opens, so that these are captured and graded, but for India's, of which YM knows nothing."""
    chance = random.Random(seed)
    around = _around_opens(random.Random(seed + 1)) if opens else []
    times = sorted(chance.randrange(0, int(SPAN.total_seconds() * 1e6), 250) for _ in range(rows - len(around)))
    symbols = [chance.choice(("ES", "CL", "ZB")) for _ in times]
    last = [5000 + chance.randrange(400) / 4 for _ in times]
    if around:
        mixed = sorted([*around, *zip(times, symbols, last, strict=True)])
        times, symbols, last = ([row[n] for row in mixed] for n in range(3))  # type: ignore[assignment]
    for at in range(5, rows, 50):
        times[at] = times[at - 1]
    for at in range(20, rows, 400):
        times[at], times[at - 7] = times[at - 7], times[at]
    sizes = [chance.randrange(1, 50) for _ in range(rows)]
    for at in chance.sample(range(50, rows), rows // 100):
        last[at] = 5000 + chance.randrange(2000, 4000) / 4  # 10 % up at least: a spike
    volumes: dict[str, int] = {}
    counted = []
    for at, symbol in enumerate(symbols):
        volumes[symbol] = (0 if at == rows // 2 else volumes.get(symbol, 0)) + sizes[at]
        counted.append(volumes[symbol])
    crossed = [0.25 if chance.random() < 0.01 else -0.25 for _ in range(rows)]
    pl.DataFrame(
        {
            "symbol": symbols,
            "ts": pl.Series([FIRST + timedelta(microseconds=each) for each in times], dtype=pl.Datetime("us", "UTC")),
            "last": last,
            "last_size": sizes,
            "bid": [price + width for price, width in zip(last, crossed, strict=True)],
            "ask": last,
            "volume": counted,
            "close": [5050.25 if opens else 5010.25] * rows,
        }
    ).write_parquet(path)
    return path


def _around_opens(chance: random.Random) -> list[tuple[int, str, float]]:
    """(microseconds from the first row, symbol, last) around each open that is captured: everybody just before it, and
    the first half hour; of China's with a YM that hardly moves."""
    found = []
    for market, kind, clock in TRANSITIONS:
        if kind != "OPEN" or market in ("CME_Futures", "Canada", "Mexico", "Netherlands", "United Kingdom"):
            continue
        hour, minute = map(int, clock.split(":"))
        at = FIRST.replace(hour=hour, minute=minute) + timedelta(days=1)
        open_us = int((at - FIRST) / timedelta(microseconds=1))
        for symbol in (each for each in SYMBOLS if (market, each) != ("India", "YM")):
            before = [open_us - chance.randrange(0, 9_000_000, 250)]
            after = (open_us + chance.randrange(0, 1_900_000_000, 250) for _ in range(40 if symbol == "YM" else 8))
            width = 16 if (market, symbol) == ("China", "YM") else 400
            found += [(ts, symbol, 5000 + chance.randrange(width) / 4) for ts in (*before, *after)]
    return found


def expected_ticks(path: Path) -> list[tuple[str, datetime, int, float]]:
    """(symbol, ts, seq, last) of each row by other means than the code under test: its number is its place."""
    table = pl.read_parquet(path).with_row_index("seq")
    return sorted(zip(table["symbol"], table["ts"], table["seq"], table["last"], strict=True))
