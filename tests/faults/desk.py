"""Kill -9 the leading desk at random moments while simulated time runs, and judge what was done: every transition's
effects once, the rows of all reactors and of all opens those of a desk that nobody killed, the chain of records whole.
Exit code 0 or 1.

python -m tests.faults.desk --seed 7 --transitions 200 --kills 40

Two desks run at all times; a killed one is started again and waits. The time of a recording is played at a steady pace
over all of it, so that kills fall before, in and between commits, and the next desk takes up what was missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import redis

from tests.desk_support import BEGIN_US, CYCLE_US, decoded, openings, payload, wanted_transitions
from tests.support import CHECKOUT, run_thor, wait_until
from thor.quotes.keys import Keys
from thor.runtime.servers import embedded_servers

TICK_SECONDS: Final = 0.02
PATIENCE_SECONDS: Final = 30.0
NAMESPACE: Final = "desk_kills"
_PREPARE: Final = """
import django; django.setup()
from tests.desk_support import save_calendars
from thor.instruments.models import Instrument
from thor.instruments.services import seed_instruments
from thor.market_open.models import GlobalConfig, TargetHighLowConfig
from thor.signals.services import seed_signals
save_calendars({cycles}, captured=True)
seed_instruments()
seed_signals()
GlobalConfig.objects.update_or_create(id=1, defaults=dict(default_evaluation_window_sec=240))
YM = Instrument.objects.get(symbol="YM")
TargetHighLowConfig.objects.create(instrument=YM, mode="POINTS", high=1, low=1)
"""
#: Heard in turn, so that TOTAL has enough to go by; all of them just before an open, and YM between all others.
SYMBOLS: Final = ("ES", "YM", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB")


@dataclass
class Result:
    """What was done to the desks, and what is wrong. ``takeovers``: seconds from a kill to another desk's lead."""

    kills: int = 0
    pauses: int = 0
    takeovers: list[float] = field(default_factory=list)
    told_again: int = 0
    wrong: list[str] = field(default_factory=list)
    #: What was compared with a desk that nobody killed.
    rows: str = ""

    def line(self, seed: int, transitions: int) -> str:
        found = sorted(self.takeovers) or [0.0]
        return (
            f"desk seed={seed} transitions={transitions} kills={self.kills} pauses={self.pauses} "
            f"wrong={len(self.wrong)} told_again={self.told_again} "
            f"compared={self.rows!r} takeover_p50={statistics.median(found):.1f} takeover_max={found[-1]:.1f}"
        )


class Desks:
    """Desk processes over one database and one namespace."""

    def __init__(
        self, environ: dict[str, str], folder: Path, client: redis.Redis, namespace: str = NAMESPACE
    ) -> None:  # fmt: skip
        self._environ = environ
        self._folder = folder
        self._client = client
        self._keys = Keys(namespace)
        self.running: dict[int, subprocess.Popen[bytes]] = {}
        self._started = 0

    def start(self) -> None:
        self._started += 1
        log = (self._folder / f"desk{self._started}.log").open("wb")
        child = subprocess.Popen(
            [sys.executable, "-m", "thor", "market_monitor", "--interval", "0"],
            env=self._environ, cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        log.close()
        self.running[child.pid] = child

    def owner(self) -> int:
        """The pid in the lease, also of a desk that is none of these or is dead; 0: nobody's."""
        owner = self._client.hget(self._keys.desk_lease, "owner") or b""
        return int(owner.split(b":")[1]) if owner.count(b":") == 2 else 0

    def leader(self) -> int | None:
        """The pid that holds the lease; None while nobody or a dead one does."""
        pid = self.owner()
        return pid if pid in self.running and self.running[pid].poll() is None else None

    def await_leader(self, other_than: int = 0) -> int:
        def found() -> int | None:
            pid = self.leader()
            return pid if pid != other_than else None

        return wait_until(found, PATIENCE_SECONDS, lambda: f"nobody leads; logs in {self._folder}")

    def await_standby(self) -> None:
        """Another desk waits: what is measured is the take-over, not how fast a process starts."""

        def waits() -> bool:
            return int(self._client.hget(self._keys.desk_health, "standby") or 0) > 0

        wait_until(waits, PATIENCE_SECONDS, lambda: f"no desk waits; logs in {self._folder}")

    def kill(self, pid: int) -> None:
        child = self.running.pop(pid)
        child.kill()
        child.wait()

    def replace(self, pid: int) -> None:
        """Another in the place of one that was killed; nothing where it was none of these."""
        if (child := self.running.pop(pid, None)) is not None:
            child.wait()
            self.start()

    def end(self) -> None:
        for child in self.running.values():
            child.send_signal(signal.SIGTERM)
        for child in self.running.values():
            child.wait(timeout=10)


class Player:
    """Plays simulated time, a quote a look, at a steady pace over all cycles."""

    def __init__(self, client: redis.Redis, cycles: int) -> None:
        self._client = client
        self._keys = Keys(NAMESPACE)
        self._until_us = BEGIN_US + cycles * CYCLE_US
        self.now_us = BEGIN_US
        self._seq = 0
        self._opens = sorted(own.open_us for own in openings(cycles).values())
        self._chance = random.Random(cycles)
        client.hset(self._keys.replay, mapping={"from_us": BEGIN_US, "watermark_us": BEGIN_US - 1, "last_id": "0-0"})

    @property
    def ended(self) -> bool:
        return self.now_us >= self._until_us

    def play(self, seconds: float, pace: float) -> None:
        """For ``seconds`` of the wall clock, ``pace`` simulated seconds each."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.ended:
            self.step(round(TICK_SECONDS * pace * 1e6))
            time.sleep(TICK_SECONDS)

    def step(self, by_us: int) -> None:
        then_us = min(self.now_us + by_us, self._until_us)
        if self._opens and self._opens[0] <= then_us:
            before_us = self._opens.pop(0) - 1_000_000
            # Now and then YM says nothing: that open is missed.
            symbols = SYMBOLS if len(self._opens) % 7 else SYMBOLS[2:]
            last_id = [self._say(symbol, max(before_us, self.now_us)) for symbol in symbols][-1]
        self.now_us = then_us
        last_id = self._say("YM" if self._seq % 2 else SYMBOLS[self._seq // 2 % len(SYMBOLS)], self.now_us)
        self._client.hset(self._keys.replay, mapping={"watermark_us": self.now_us, "last_id": last_id})

    def _say(self, symbol: str, at_us: int) -> Any:
        """The id of its entry."""
        self._seq += 1
        last = round(100 + self._chance.randrange(60) / 20, 2)
        bid = round(last - 0.05, 2)
        event = payload(symbol, at_us, self._seq, last=last, bid=bid, ask=last, volume=self._seq, settlement=100)
        fields: dict[Any, Any] = {"s": symbol, "e": event}
        return self._client.xadd(self._keys.unified, fields)


def torment(desks: Desks, player: Player, kills: int, chance: random.Random, result: Result, cycles: int) -> None:
    """Kill leaders until there were enough, spread over the time to play; every eighth is paused first."""
    pace = cycles * CYCLE_US / 1e6 / max(1.0, kills * 3.5)
    for number in range(kills):
        leader = desks.await_leader()
        desks.await_standby()
        player.play(chance.uniform(0.0, 1.2), pace)
        if number % 8 == 7:
            os.kill(leader, signal.SIGSTOP)
            result.pauses += 1
            desks.await_leader(other_than=leader)
            os.kill(leader, signal.SIGCONT)  # it does not know that it was deposed
            player.play(0.3, pace)
        desks.kill(leader)
        killed_at = time.monotonic()
        result.kills += 1
        desks.start()
        while desks.leader() is None and time.monotonic() - killed_at < PATIENCE_SECONDS:
            player.play(TICK_SECONDS, pace)
        desks.await_leader(other_than=leader)
        if number % 8 != 7:
            result.takeovers.append(time.monotonic() - killed_at)


def judge(database: psycopg.Connection[Any], client: redis.Redis, cycles: int, result: Result) -> None:
    """Every effect of every transition there once, and nothing else."""
    wanted = wanted_transitions(cycles, captured=True)
    rows = database.execute(
        "SELECT market, kind, (extract(epoch from at) * 1000000)::bigint FROM desk_transitionrecord ORDER BY at, id"
    ).fetchall()
    if rows != wanted:
        result.wrong.append(f"{len(rows)} transitions recorded of {len(wanted)}, or in another order")
    opens = sum(kind == "OPEN" for _, kind, _ in wanted)
    _compare(database, "SELECT count(*) FROM markets_marketdatasnapshot", opens, "snapshots", result)
    instants = sorted({at_us for *_, at_us in wanted})
    fired = {at_us for (at_us,) in database.execute("SELECT at_us FROM desk_firedtimer").fetchall()}
    if missing := [at_us for at_us in instants if at_us not in fired]:
        result.wrong.append(f"{len(missing)} of {len(instants)} transitions without their timer")
    said = Counter(
        (event["market"], event["at"])
        for kind, event in (decoded(fields) for _, fields in client.xrange(Keys(NAMESPACE).events))
        if kind.startswith("market.")
    )
    if len(said) != len(wanted):
        result.wrong.append(f"{len(said)} transitions told of {len(wanted)}")
    result.told_again = said.total() - len(said)


def _compare(database: psycopg.Connection[Any], query: str, wanted: int, what: str, result: Result) -> None:
    row = database.execute(query).fetchone()
    if row is None or row[0] != wanted:
        result.wrong.append(f"{row and row[0]} {what} of {wanted}")


def compare_rows(environ: dict[str, str], until_us: int, result: Result) -> None:
    """Whether highs and lows, VWAP, signals and all else are what one unbroken desk comes to."""
    words = [sys.executable, "-m", "tests.faults.unbroken", str(BEGIN_US), str(until_us)]
    said = subprocess.run(words, env=environ, cwd=CHECKOUT, check=False, capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    result.rows, *differences = said.stdout.splitlines()
    result.wrong += differences


def run(seed: int, transitions: int, kills: int, home: Path) -> Result:
    """One run on servers of its own."""
    cycles = transitions // 4
    result = Result()
    with embedded_servers(home) as addresses:
        assert addresses.database_url is not None and addresses.redis_url is not None
        environ = {
            **os.environ, "THOR_HOME": str(home), "DATABASE_URL": addresses.database_url,
            "REDIS_URL": addresses.redis_url, "THOR_NAMESPACE": NAMESPACE,
            "DJANGO_SETTINGS_MODULE": "thor.config.settings",
        }  # fmt: skip
        with psycopg.connect(addresses.database_url, autocommit=True) as database:
            database.execute(f"CREATE SCHEMA IF NOT EXISTS {NAMESPACE}")
        run_thor(environ, "migrate", "-v", "0")
        subprocess.run(
            [sys.executable, "-c", _PREPARE.format(cycles=cycles)], env=environ, cwd=CHECKOUT, check=True, timeout=60
        )
        client = redis.Redis.from_url(addresses.redis_url)
        player = Player(client, cycles)
        desks = Desks(environ, home, client)
        desks.start()
        desks.start()
        try:
            torment(desks, player, kills, random.Random(seed), result, cycles)
            while not player.ended:
                player.step(CYCLE_US // 4)
            _await_end(client, player)
        finally:
            desks.end()
        compare_rows(environ, player.now_us, result)
        schema = f"-c search_path={NAMESPACE},public"
        with psycopg.connect(addresses.database_url, options=schema) as database:
            judge(database, client, cycles, result)
        client.close()
    return result


def _await_end(client: redis.Redis, player: Player) -> None:
    def there() -> bool:
        position = client.hget(Keys(NAMESPACE).desk_health, "position")
        from thor.quotes.quote import parse_ts

        return position is not None and parse_ts(position.decode()) >= player.now_us

    wait_until(there, PATIENCE_SECONDS, lambda: json.dumps(str(client.hgetall(Keys(NAMESPACE).desk_health))))


def main(words: list[str] | None = None) -> int:
    made = argparse.ArgumentParser(prog="desk", description=(__doc__ or "").splitlines()[0])
    made.add_argument("--seed", type=int, default=7)
    made.add_argument("--transitions", type=int, default=200, help="four a cycle, besides an open that is captured")
    made.add_argument("--kills", type=int, default=40)
    options = made.parse_args(words)
    home = Path(tempfile.mkdtemp(prefix="thor-desk-"))
    try:
        result = run(options.seed, options.transitions, options.kills, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    for line in result.wrong:
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(result.line(options.seed, options.transitions) + "\n")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
