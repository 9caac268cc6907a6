"""A day's opens over and over, at full speed, in real time x60, and with kill -9 of the desk: always the same rows.

python -m tests.faults.opens --runs 20 --kills 50 --speed 60 [--real]

A made morning of all 11 instruments in which five markets open; ``--real``: ES and GC as a real exchange had them on
2013-10-08 (``../shared``), with companions made for the other nine. Everything that the tables hold of opens, outcomes
and misses, the entries' ids replaced by their ticks, is one digest: of ``--runs`` replays at full speed, of one at full
speed and one at ``--speed`` whose desk is killed again and again. Exit code 0 or 1.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from tests.faults.desk import PATIENCE_SECONDS, Desks
from tests.replay_support import SESSION_COLUMNS, Site, made_site
from tests.support import CHECKOUT, wait_until
from thor.instruments.instrument import BY_SYMBOL
from thor.markets.trade_date import epoch_us
from thor.quotes.keys import Keys
from thor.runtime.servers import embedded_servers

#: What is compared.
PARTS: Final = ("sessions", "misses", "counts", "records", "transitions")
#: A usual price of each, and how many of its ticks go with one of ES.
COMPANIONS: Final = {
    "YM": (14_900, 2.0), "ES": (1_665, 1.0), "NQ": (3_215, 0.6), "RTY": (1_070, 1.2), "CL": (103, 0.7),
    "SI": (22, 0.4), "HG": (3, 0.8), "GC": (1_320, -0.5), "VX": (18, -0.15), "DX": (80, -0.2), "ZB": (132, -0.3),
}  # fmt: skip
WINDOW: Final = timedelta(minutes=31)
#: After the last kill the rest is played.
STALLED_SECONDS: Final = 1_200
_ONE_SCHEMA: Final = "?options=-c%20search_path%3Dpublic"


class Day(NamedTuple):
    """What is replayed: files, from and until when, and when markets open. ``first_year``: of the calendars."""

    files: tuple[Path, ...]
    begin: datetime
    until: datetime
    opens: tuple[datetime, ...]
    first_year: int


@dataclass
class Result:
    """Digest -> how many replays came to it."""

    digests: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    rows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    misses: int = 0
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        return (
            f"opens replays={self.digests.total()} digests={len(self.digests)} kills={self.kills} rows={self.rows} "
            f"outcomes={dict(sorted(self.outcomes.items()))} misses={self.misses} md5={next(iter(self.digests), '')}"
        )


# --- what is replayed ------------------------------------------------------------------------------------------------


def made_day(folder: Path, pace: float, seed: int) -> Day:
    """Friday 2025-10-10, 07:00 (Germany, Netherlands, United Kingdom), 12:30 (Pre_USA) and 13:30 (USA) UTC."""
    day = datetime(2025, 10, 10, tzinfo=UTC)
    opens = tuple(day + timedelta(hours=hour) for hour in (7, 12.5, 13.5))
    path = folder / "made.parquet"
    _write(path, companions(opens, sorted(COMPANIONS), [], pace, random.Random(seed)))
    return Day((path,), opens[0] - timedelta(minutes=1), opens[-1] + timedelta(minutes=35), opens, 2025)


def real_day(folder: Path, pace: float, seed: int) -> Day:
    """2013-10-08 as it was in ES and GC. Raises SystemExit where the recordings are absent."""
    ticks = CHECKOUT.parent / "shared" / "data" / "ticks"
    files = tuple(ticks / f"{name}_20131008.parquet" for name in ("snapshots", "gc_trades"))
    if not all(path.exists() for path in files):
        raise SystemExit(f"--real needs the shared market data, and {ticks} is absent")
    day = datetime(2013, 10, 8, tzinfo=UTC)
    opens = tuple(day + timedelta(hours=hour) for hour in (7, 12.5, 13.5))
    table = pl.read_parquet(files[0]).filter((pl.col("symbol") == "ES") & pl.col("bid").is_not_null())
    leader = list(zip(table["ts"].cast(pl.Datetime("us", "UTC")), table["bid"], strict=True))
    path = folder / "companions.parquet"
    symbols = sorted(COMPANIONS.keys() - {"ES", "GC"})
    _write(path, companions(opens, symbols, leader, pace, random.Random(seed)))
    return Day((*files, path), opens[0] - timedelta(minutes=1), opens[-1] + timedelta(minutes=35), opens, 2013)


Row = tuple[datetime, str, Decimal, Decimal, Decimal, int, Decimal]


def companions(
    opens: Sequence[datetime], symbols: Sequence[str], leader: Sequence[tuple[datetime, float]], pace: float,
    chance: random.Random,
) -> Iterator[Row]:  # fmt: skip
    """(ts, symbol, last, bid, ask, volume, close) around opens: walks on each one's grid that go with the leader, or
    with one that is made; a quote of each every ``pace`` seconds or so."""
    for opened in opens:
        start, ticks = opened - timedelta(seconds=12), round((WINDOW.total_seconds() + 12) / pace)
        moves = _moves(leader, start, ticks, pace, chance)
        for symbol in symbols:
            price, share = COMPANIONS[symbol]
            tick, at, volume = BY_SYMBOL[symbol].tick_size, round(price / BY_SYMBOL[symbol].tick_size), 0
            close = (at + round(chance.gauss(0, 1) * 60 * abs(share) / 2)) * tick
            for number, move in enumerate(moves):
                at += round(move * share + chance.gauss(0, 0.6))
                late = timedelta(microseconds=chance.randrange(round(pace * 900_000)))
                volume += chance.randrange(1, 30)
                bid = at * tick
                yield start + timedelta(seconds=number * pace) + late, symbol, bid, bid, bid + tick, volume, close


def _moves(
    leader: Sequence[tuple[datetime, float]], start: datetime, count: int, pace: float, chance: random.Random
) -> list[float]:
    """The leader's steps in ticks of ES; between two of its quotes it is as it was."""
    if not leader:
        return [chance.gauss(0, 0.9) for _ in range(count)]
    found, place, before = [], 0, None
    for number in range(count):
        now = start + timedelta(seconds=number * pace)
        while place + 1 < len(leader) and leader[place + 1][0] <= now:
            place += 1
        price = leader[place][1]
        found.append(0.0 if before is None else (price - before) / 0.25)
        before = price
    return found


def _write(path: Path, rows: Iterator[Row]) -> None:
    schema = ["ts", "symbol", "last", "bid", "ask", "volume", "close"]
    pl.DataFrame(sorted(rows, key=lambda row: row[0]), schema, orient="row").write_parquet(path)


# --- replays ---------------------------------------------------------------------------------------------------------


def digest(site: Site, name: str, result: Result) -> str:
    """Of everything that a replay left of opens."""
    left = site.left(name, *PARTS)
    sessions = left["sessions"]
    result.rows, result.misses = len(sessions), len(left["misses"])
    result.outcomes = Counter(row[1 + SESSION_COLUMNS.index("wndw")] for row in sessions)
    found = hashlib.md5(repr([left[part] for part in PARTS]).encode(), usedforsecurity=False).hexdigest()
    result.digests[found] += 1
    return found


def words(day: Day, speed: str, name: str) -> list[object]:
    span = ("--from", day.begin.isoformat(), "--until", day.until.isoformat())
    symbols = ",".join(COMPANIONS)
    return ["--file", *day.files, "--symbols", symbols, "--as-recorded", "--speed", speed, "--into", name, *span]


def replay(site: Site, day: Day, name: str, result: Result) -> None:
    """At full speed, and nobody is killed."""
    site.replay(*words(day, "max", name))
    _count(site, name, result)
    site.replay("--drop", name)


def torment(site: Site, day: Day, speed: str, name: str, kills: int, chance: random.Random, result: Result) -> None:
    """The desk that leads is killed so many times, spread over all of the replay; two of ours wait beside its own."""
    with site.replaying(*words(day, speed, name)) as child:
        wait_until(lambda: bool(site.client.exists(Keys(name).desk_health)), PATIENCE_SECONDS)
        environ = {**site.environ, "THOR_NAMESPACE": name}
        environ["DATABASE_URL"] = environ["DATABASE_URL"].partition("?")[0]  # the namespace has a schema of its own
        desks = Desks(environ, Path(site.environ["THOR_HOME"]), site.client, name)
        try:
            desks.start()
            desks.start()
            _kill_leaders(site, day, name, kills, desks, child, chance, result)
            _, complained = child.communicate(timeout=STALLED_SECONDS)
        finally:
            desks.end()
    if child.returncode:
        result.wrong.append(f"{name}: {complained.strip().splitlines()[-1]}")
    _count(site, name, result)


def _kill_leaders(
    site: Site, day: Day, name: str, kills: int, desks: Desks, child: subprocess.Popen[str], chance: random.Random,
    result: Result,
) -> None:  # fmt: skip
    done, killed = 0, 0
    moments = sorted(chance.random() for _ in range(kills))
    while done < kills and child.poll() is None:
        pid = desks.owner()
        if pid and pid != killed and _share(site, name, day) >= moments[done]:
            os.kill(pid, signal.SIGKILL)
            killed, done = pid, done + 1
            desks.replace(pid)
        time.sleep(0.01)
    result.kills += done
    if done < kills:
        result.wrong.append(f"{name}: it ended after {done} kills of {kills}")


def _share(site: Site, name: str, day: Day) -> float:
    """How much of the day was played."""
    at_us = int(site.state(name).get("watermark_us", 0))
    return (at_us - epoch_us(day.begin)) / (epoch_us(day.until) - epoch_us(day.begin))


def _count(site: Site, name: str, result: Result) -> None:
    found = digest(site, name, result)
    sys.stderr.write(f"{name}: {found}\n")
    if found != next(iter(result.digests)):
        result.wrong.append(f"{name} came to other rows")


class Plan(NamedTuple):
    """How often, and how."""

    runs: int = 20
    kills: int = 50
    kills_at_max: int = 10
    speed: str = "60"
    pace: float = 1.0
    seed: int = 9
    real: bool = False


def run(plan: Plan, home: Path) -> Result:
    """On servers of its own."""
    result, chance = Result(), random.Random(plan.seed)
    day = (real_day if plan.real else made_day)(home, plan.pace, plan.seed)
    with embedded_servers(home) as addresses:
        assert addresses.database_url is not None and addresses.redis_url is not None
        with made_site(addresses.database_url + _ONE_SCHEMA, addresses.redis_url, home, day.first_year) as site:
            for number in range(plan.runs):
                replay(site, day, f"run{number}", result)
            if plan.kills_at_max:
                torment(site, day, "max", "kills_at_max", plan.kills_at_max, chance, result)
            if plan.kills:
                torment(site, day, plan.speed, "kills", plan.kills, chance, result)
    if result.rows % 12 or not {"WORKED", "DIDNT_WORK"} <= result.outcomes.keys():
        result.wrong.append("nothing was decided: the day is no test")
    return result


def main(words: list[str] | None = None) -> int:
    made = argparse.ArgumentParser(prog="opens", description=(__doc__ or "").splitlines()[0])
    made.add_argument("--runs", type=int, default=20, help="replays at full speed that nobody disturbs")
    made.add_argument("--kills", type=int, default=50, help="of the desk in a replay at --speed")
    made.add_argument("--kills-at-max", type=int, default=10, help="of the desk in a replay at full speed")
    made.add_argument("--speed", default="60")
    made.add_argument("--pace", type=float, default=1.0, help="seconds between an instrument's quotes")
    made.add_argument("--seed", type=int, default=9)
    made.add_argument("--real", action="store_true", help="ES and GC of 2013-10-08")
    options = made.parse_args(words)
    home = Path(tempfile.mkdtemp(prefix="thor-opens-"))
    try:
        result = run(Plan(**vars(options)), home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    for line in result.wrong[:50]:
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(result.line() + "\n")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
