"""Several processes ask for a capture of the same market at once, again and again; askers and desks are killed (-9).

python -m tests.faults.captures --copies 8 --rounds 200 --seed 3

After every round there are 12 rows or none, one session of the market and date, a whole chain of records, and every
wish is answered or taken back; nobody ever sees anything in between. Two desks run at all times. Exit code 0 or 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import redis

from tests.desk_support import CYCLE_US, openings, payload
from tests.faults.desk import NAMESPACE, PATIENCE_SECONDS, SYMBOLS, Desks
from tests.support import CHECKOUT, run_thor, wait_until
from thor.quotes.keys import Keys
from thor.runtime.servers import embedded_servers

REASON: Final = "all at once"
#: Some wait for a moment only, and in every third round all do: they take their wish back while the desk is at it.
PATIENCE: Final = (8.0, 8.0, 8.0, 0.6, 0.4)
HASTE: Final = (0.05, 0.7)
_PREPARE: Final = """
import django; django.setup()
from tests.desk_support import save_calendars
from thor.instruments.services import seed_instruments
from thor.markets.models import Market
from thor.signals.services import seed_signals
save_calendars({rounds}, captured=True)
# They open, and nobody captures them but who is asked to.
Market.objects.update(enable_open_capture=False)
seed_instruments()
seed_signals()
"""


@dataclass
class Result:
    """What was done, and what is wrong. ``answers``: what askers were told; ``ends``: what became of wishes."""

    rounds: int = 0
    killed_copies: int = 0
    killed_desks: int = 0
    looks: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    captured: int = 0
    wrong: list[str] = field(default_factory=list)

    def line(self, seed: int) -> str:
        return (
            f"captures seed={seed} rounds={self.rounds} captured={self.captured} killed_copies={self.killed_copies} "
            f"killed_desks={self.killed_desks} looks={self.looks} wrong={len(self.wrong)} "
            f"told={dict(sorted(self.answers.items()))} wishes={dict(sorted(self.ends.items()))}"
        )


class Copies:
    """Processes that ask at once, forked from this one; what each is told comes through a pipe."""

    def __init__(self, country: str, patiences: list[float]) -> None:
        self._answers: dict[int, int] = {}
        for number, patience in enumerate(patiences):
            read, write = os.pipe()
            pid = os.fork()
            if not pid:
                os.close(read)
                _ask(country, number, patience, write)
            os.close(write)
            self._answers[pid] = read

    @property
    def pids(self) -> list[int]:
        return list(self._answers)

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    def end(self) -> list[Mapping[str, Any]]:
        """What everyone who lived was told."""
        told = []
        for pid, read in self._answers.items():
            with os.fdopen(read) as answer:
                text = answer.read()
            os.waitpid(pid, 0)
            if text:
                told.append(json.loads(text))
        return told


def _ask(country: str, number: int, patience: float, write: int) -> None:
    """In the process of a copy, which ends here."""
    from thor.market_open.requests import ask
    from thor.runtime.problem import Problem

    status = 1
    try:
        try:
            found = ask(country, f"copy {number}", REASON, patience)
            told = {"who": f"copy {number}", "status": found.status.value, "session": found.session_id}
        except Problem as error:
            told = {"who": f"copy {number}", "status": str(error.status), "session": ""}
        os.write(write, json.dumps(told).encode())
        status = 0
    finally:
        os._exit(status)


class Bench:
    """Two desks in the time of a recording that stands where a round puts it."""

    def __init__(self, environ: dict[str, str], home: Path, client: redis.Redis, database: Any) -> None:
        self.desks = Desks(environ, home, client)
        self.database = database
        self._client, self._keys = client, Keys(NAMESPACE)
        self._seq = 0

    def begin(self, from_us: int) -> None:
        fields = {"from_us": from_us, "watermark_us": from_us - 1, "last_id": "0-0"}
        self._client.hset(self._keys.replay, mapping=fields)
        self.desks.start()
        self.desks.start()

    def open(self, opened_us: int) -> None:
        """A market has been open for half a minute; everybody has just quoted."""
        at_us = opened_us + 30_000_000
        last_id: Any = b"0-0"
        for symbol in SYMBOLS:
            self._seq += 1
            event = payload(symbol, at_us, self._seq, last=104, bid=103.95, ask=104, settlement=100)
            fields: dict[Any, Any] = {"s": symbol, "e": event}
            last_id = self._client.xadd(self._keys.unified, fields)
        self._client.hset(self._keys.replay, mapping={"watermark_us": at_us, "last_id": last_id})

        def there() -> bool:
            position = self._client.hget(self._keys.desk_health, "cursor")
            return position == last_id

        wait_until(there, PATIENCE_SECONDS, lambda: f"no desk hears: {self._client.hgetall(self._keys.desk_health)}")

    def one(self, query: str, *values: object) -> Any:
        row = self.database.execute(query, values).fetchone()
        return row[0]

    def rows(self, country: str) -> int:
        found: int = self.one("SELECT count(*) FROM market_open_marketsession WHERE country = %s", country)
        return found

    def waits(self) -> int:
        found: int = self.one("SELECT count(*) FROM market_open_capturerequest WHERE status = 'WAITING'")
        return found


def play(bench: Bench, country: str, opened_us: int, copies: int, chance: random.Random, result: Result) -> None:
    """A round: everybody asks, some are killed, and so is the desk that leads now and then."""
    bench.desks.await_leader()
    bench.open(opened_us)
    hasty = chance.uniform(*HASTE) if result.rounds % 3 == 2 else 0.0
    asking = Copies(country, [hasty or chance.choice(PATIENCE) for _ in range(copies)])
    doomed = chance.sample(asking.pids, chance.randrange(0, 1 + copies // 3))
    blows = sorted((chance.uniform(0.0, 0.8), pid) for pid in doomed)
    if chance.random() < 0.25:
        blows.append((chance.uniform(0.05, 0.9), 0))
    began = time.monotonic()
    while blows or bench.waits() or time.monotonic() - began < 0.2:
        _look(bench, country, result)
        if blows and time.monotonic() - began >= blows[0][0]:
            _strike(bench, asking, blows.pop(0)[1], result)
        if time.monotonic() - began > PATIENCE_SECONDS:
            result.wrong.append(f"{country}: {bench.waits()} wishes are neither answered nor taken back")
            break
    told = asking.end()
    result.rounds += 1
    judge(bench, country, told, result)


def _look(bench: Bench, country: str, result: Result) -> None:
    result.looks += 1
    if (found := bench.rows(country)) not in (0, 12):
        result.wrong.append(f"{country}: {found} rows are seen")
    time.sleep(0.005)


def _strike(bench: Bench, asking: Copies, pid: int, result: Result) -> None:
    if pid:
        asking.kill(pid)
        result.killed_copies += 1
        return
    if (leader := bench.desks.leader()) is not None:
        bench.desks.kill(leader)
        bench.desks.start()
        result.killed_desks += 1


def judge(bench: Bench, country: str, told: list[Mapping[str, Any]], result: Result) -> None:
    """12 rows where a wish was fulfilled, else none; and everybody was told what is so."""
    wishes = bench.database.execute(
        "SELECT requested_by, status, answer, session_id FROM market_open_capturerequest WHERE country = %s", (country,)
    ).fetchall()
    result.ends.update(status for _, status, *_ in wishes)
    result.answers.update(each["status"] for each in told)
    rows, sessions, numbers = bench.database.execute(
        "SELECT count(*), count(DISTINCT (session_id, captured_at)), max(session_number)"
        " FROM market_open_marketsession WHERE country = %s", (country,)
    ).fetchone()  # fmt: skip
    fulfilled = [who for who, _, answer, _ in wishes if answer == "captured"]
    if (rows, sessions, numbers) != ((12, 1, 1) if fulfilled else (0, 0, None)):
        ends = sorted(Counter((status, answer) for _, status, answer, _ in wishes).items())
        result.wrong.append(f"{country}: {rows} rows of {sessions} sessions, wishes {ends}")
    result.captured += rows == 12
    status_of = {who: (status, session) for who, status, _, session in wishes}
    for each in told:
        status, session = status_of[each["who"]]
        wanted = "WITHDRAWN" if each["status"] == "503" else "CAPTURED"
        if (status, session) != (wanted, each["session"]):
            result.wrong.append(f"{country}: {each} was told, and {status} of {session!r} is kept")
    result.wrong += [f"after {country}: {fault}" for fault in chain_faults()]


def chain_faults() -> list[str]:
    """Of the records; on a connection that no copy inherits."""
    from django.db import connections

    from thor.market_open.audit import faults
    from thor.market_open.chain import links

    try:
        return list(faults(links()))
    finally:
        connections.close_all()


def run(seed: int, rounds: int, copies: int, home: Path) -> Result:
    """One run on servers of its own."""
    result, chance = Result(), random.Random(seed)
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
        prepare = [sys.executable, "-c", _PREPARE.format(rounds=rounds)]
        subprocess.run(prepare, env=environ, cwd=CHECKOUT, check=True, timeout=60)
        os.environ.update(environ)
        _set_up_django()
        client = redis.Redis.from_url(addresses.redis_url)
        schema = f"-c search_path={NAMESPACE},public"
        with psycopg.connect(addresses.database_url, autocommit=True, options=schema) as database:
            bench = Bench(environ, home, client, database)
            opens = openings(rounds)
            try:
                bench.begin(min(own.open_us for own in opens.values()) - CYCLE_US // 2)
                for country, own in opens.items():
                    play(bench, country, own.open_us, copies, chance, result)
            finally:
                bench.desks.end()
        client.close()
        verified = run_thor(environ, "audit", "verify", check=False)
        if verified.returncode:
            result.wrong.append(f"audit verify: {verified.stdout.strip() or verified.stderr.strip()}")
    return result


def _set_up_django() -> None:
    import django

    django.setup()


def main(words: list[str] | None = None) -> int:
    made = argparse.ArgumentParser(prog="captures", description=(__doc__ or "").splitlines()[0])
    made.add_argument("--seed", type=int, default=3)
    made.add_argument("--rounds", type=int, default=200)
    made.add_argument("--copies", type=int, default=8)
    options = made.parse_args(words)
    home = Path(tempfile.mkdtemp(prefix="thor-captures-"))
    try:
        result = run(options.seed, options.rounds, options.copies, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    for line in result.wrong[:50]:
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(result.line(options.seed) + "\n")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
