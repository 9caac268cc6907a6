"""Kill -9 exporters at random moments, one or two at a time, while ticks come late and a reader opens every file that
it sees; then judge: no file was ever unreadable, short or gone, in the end the lake has every row. Exit code 0 or 1.

python -m tests.faults.lake --rounds 100 --seed 7

Exporters are forks of one process that has everything loaded, so that most kills fall into the work and not into the
start. Each exports all parts again and again, whether they are up to date or not.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.support import run_thor
from thor.runtime.servers import embedded_servers

DAY: Final = date(2025, 10, 9)
SYMBOLS: Final = ("ES", "YM", "NQ", "RTY")
ROWS: Final = 6_000
LATE: Final = 25


@dataclass
class Result:
    """``reads``: files that the reader opened, every row of them; ``looks``: how often it counted all in SQL;
    ``replaced``: how often a file that it knew was another one."""

    rounds: int = 0
    kills: int = 0
    reads: int = 0
    looks: int = 0
    replaced: int = 0
    left_aside: int = 0
    wrong: list[str] = field(default_factory=list)

    def line(self, seed: int) -> str:
        return (
            f"lake seed={seed} rounds={self.rounds} kills={self.kills} reads={self.reads} looks={self.looks} "
            f"replaced={self.replaced} left_aside={self.left_aside} wrong={len(self.wrong)}"
        )


# --- processes ------------------------------------------------------------------------------------------------------


def fork(work: Callable[[], None]) -> int:
    """The pid of a copy of this process that does ``work`` and ends."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def end(pid: int, sign: int = signal.SIGKILL) -> int:
    """Its exit status; -9 when it was killed."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def export_once(*, overwrite: bool) -> float:
    """How many seconds it took."""
    from django.db import connection

    from thor.lake.export import Wish, export
    from thor.lake.root import own_store
    from thor.lake.runs import Silent

    done = export(own_store(), Wish(DAY, DAY, overwrite=overwrite), Silent())
    connection.close()  # none is open at a fork
    return done.seconds


def export_for_ever() -> None:
    """Every part, again and again."""
    while True:
        export_once(overwrite=True)


_COUNT: Final = "SELECT count(*), count(last) FROM read_parquet(?, union_by_name = true)"


# --- the reader -----------------------------------------------------------------------------------------------------


class Reader:
    """Opens everything again and again; what is wrong goes to a file, line by line."""

    def __init__(self, root: Path, told: Path) -> None:
        self._root, self._told = root, told
        self._known: dict[str, tuple[str, int]] = {}
        self._total = 0
        self.counts = {"reads": 0, "looks": 0, "replaced": 0}
        self._is_ending = False

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._end)
        while not self._is_ending:
            self._read_files()
            self._count_in_sql()
        self._told.with_suffix(".counts").write_text(json.dumps(self.counts))

    def _end(self, *_signal: object) -> None:
        self._is_ending = True

    def _wrong(self, line: str) -> None:
        with self._told.open("a") as file:
            file.write(line + "\n")

    def _read_files(self) -> None:
        there = sorted(path.relative_to(self._root).as_posix() for path in self._root.glob("*/*/*/*.parquet"))
        for gone in self._known.keys() - set(there):
            self._wrong(f"{gone} is gone")
        for key in there:
            try:
                self._read(key)
            except Exception as error:
                self._wrong(f"{key} cannot be read: {error!r}")

    def _read(self, key: str) -> None:
        """All rows: as many as the file says, of the hash that it says, and no fewer than before."""
        import pyarrow.parquet as pq

        from thor.lake.line_kernel import rows_sha256

        with (self._root / key).open("rb") as file:  # as a reader that keeps what it has open
            found = pq.ParquetFile(file)
            said = {name.decode(): value.decode() for name, value in found.metadata.metadata.items()}
            batches = list(found.iter_batches())
        rows, digest = sum(map(len, batches)), said["thor.sha256"]
        if str(rows) != said["thor.rows"] or rows_sha256(batches) != digest:
            self._wrong(f"{key} has other rows than it says: {rows} of {said['thor.rows']}")
        before = self._known.get(key, ("", 0))
        if rows < before[1]:
            self._wrong(f"{key} has {rows} rows and had {before[1]}")
        self.counts["replaced"] += before[0] not in ("", said["thor.exported_at"])
        self._known[key] = said["thor.exported_at"], rows
        self.counts["reads"] += 1

    def _count_in_sql(self) -> None:
        import duckdb

        if not self._known:
            return
        try:
            with duckdb.connect() as connection:
                # DuckDB opens a file again by its name after it read its end, unless it is told otherwise.
                connection.execute("SET enable_external_file_cache = false")
                glob = (self._root / "ticks/*/*/ticks.parquet").as_posix()
                row = connection.execute(_COUNT, [glob]).fetchone()
        except Exception as error:
            self._wrong(f"SQL over all files: {error!r}")
            return
        assert row is not None
        if row[0] < self._total:
            self._wrong(f"SQL over all files: {row[0]} rows after {self._total}")
        self._total = row[0]
        self.counts["looks"] += 1


# --- a run ----------------------------------------------------------------------------------------------------------


def torment(rounds: int, chance: random.Random, result: Result, late: Callable[[], None], seconds: float) -> None:
    """Start one or two, let them work for a moment, at most twice as long as an export of all takes, add late ticks,
    kill them."""
    for number in range(rounds):
        pids = [fork(export_for_ever) for _ in range(1 + number % 2)]
        time.sleep(chance.uniform(0.0, 2 * seconds))
        if number % 4 == 3:
            late()
        for pid in pids:
            status = end(pid)
            result.kills += status == -signal.SIGKILL
            if status != -signal.SIGKILL:
                result.wrong.append(f"an exporter ended by itself with {status}")
        result.rounds += 1


def judge(root: Path, result: Result) -> None:
    """After one more export the lake has every row, and nothing else is in it."""
    from tests.ticks_support import stored_rows
    from thor.lake.files import batches_of
    from thor.lake.layout import ticks_part
    from thor.lake.root import own_store
    from thor.lake.runs import Silent
    from thor.lake.verify import verify

    store = own_store()
    export_once(overwrite=False)
    found = verify(store, None, None, rows=True, progress=Silent())
    result.wrong += [*(each.said() for each in found.damaged), *found.unlisted, *found.lost]
    result.wrong += [f"{each.part.key} is not exported" for each in found.behind]
    for symbol in SYMBOLS:
        rows = [row for batch in batches_of(store, ticks_part(DAY, symbol).key) for row in batch.to_pylist()]
        if rows != stored_rows(symbol):
            result.wrong.append(f"{symbol}: the file has other rows than PostgreSQL")
    result.left_aside = len(list(root.glob(".aside/*")))


@contextlib.contextmanager
def site(home: Path) -> Iterator[Path]:
    """Servers with ticks, Django on them, and everything loaded that works will need. Gives the lake's root."""
    with embedded_servers(home) as addresses:
        os.environ |= {
            "THOR_HOME": str(home), "DATABASE_URL": str(addresses.database_url), "THOR_DATA_DIR": str(home / "lake"),
            "REDIS_URL": str(addresses.redis_url), "THOR_NAMESPACE": "",
            "DJANGO_SETTINGS_MODULE": "thor.config.settings",
        }  # fmt: skip
        run_thor(dict(os.environ), "migrate", "-v", "0")
        import django

        django.setup()
        _prepare()
        yield home / "lake"


def _prepare() -> None:
    import duckdb  # noqa: F401 - loaded before the forks
    import pyarrow as pa
    from django.db import connection

    from tests.ticks_support import make_week, put_stored
    from thor.instruments.services import seed_instruments
    from thor.lake.line_kernel import rows_sha256

    seed_instruments()
    make_week(DAY)
    for symbol in SYMBOLS:
        put_stored(symbol, count=ROWS)
    rows_sha256([pa.RecordBatch.from_pydict({"n": [1]})])
    connection.close()


def run(rounds: int, seed: int, home: Path) -> Result:
    """One run on servers of its own."""
    result, chance = Result(), random.Random(seed)
    with site(home) as root:
        from tests.ticks_support import put_stored  # needs Django

        told = home / "reader"
        seconds = export_once(overwrite=False)
        reader = fork(Reader(root, told).run)
        firsts = iter(range(200_000, 10_000_000, LATE))

        def late() -> None:
            start = datetime(DAY.year, DAY.month, DAY.day, 13, tzinfo=UTC)
            first = next(firsts)
            put_stored(chance.choice(SYMBOLS), count=LATE, first=first, start=start + timedelta(milliseconds=first))

        try:
            torment(rounds, chance, result, late, seconds)
        finally:
            status = end(reader, signal.SIGTERM)
        if status:
            result.wrong.append(f"the reader ended with {status}")
        else:
            for name, count in json.loads(told.with_suffix(".counts").read_text()).items():
                setattr(result, name, count)
        result.wrong += told.read_text().splitlines() if told.exists() else []
        judge(root, result)
        from django.db import connection

        connection.close()
    return result


def main(words: list[str] | None = None) -> int:
    made = argparse.ArgumentParser(prog="lake", description=(__doc__ or "").splitlines()[0])
    made.add_argument("--rounds", type=int, default=100)
    made.add_argument("--seed", type=int, default=7)
    options: Any = made.parse_args(words)
    home = Path(tempfile.mkdtemp(prefix="thor-lake-kills-"))
    try:
        result = run(options.rounds, options.seed, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    for line in result.wrong:
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(result.line(options.seed) + "\n")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
