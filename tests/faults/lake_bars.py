"""Kill -9 while bars are made: every file that a reader ever sees is whole, and the next run makes what is missing.

    python -m tests.faults.lake_bars [--rounds 100] [--seed 1]

Needs the environment of a Thor with a database of its own (DATABASE_URL, THOR_DATA_DIR). Each round gives all symbols
other ticks, lets a process make bars, reads bar files over and over meanwhile, and kills it at some moment. A file must
be one of those that its symbol's ticks ever gave, to the last row. "between": rounds after which some files were new
and some old.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import signal
import sys
import time
from collections import Counter
from decimal import Decimal

from tests.faults.lake_bars_child import DAY, build

SYMBOLS = ("ES", "NQ", "CL", "ZB")
TICKS = 3_000


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    site = Site(options.seed)
    for number in range(options.rounds):
        site.round(number)
    site.end()
    print(f"{options.rounds} rounds, seed {options.seed}: {dict(site.seen)}")
    return 0


class Site:
    """A lake, what its files may say, and who looks at them."""

    def __init__(self, seed: int) -> None:
        from thor.lake.root import own_store

        self.random, self.store = random.Random(seed), own_store()
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(["tests.faults.lake_bars_child"])
        self.seen: Counter[str] = Counter()
        #: Key -> the hashes of its rows that its ticks ever gave.
        self.allowed: dict[str, set[str]] = {}
        self.newest: dict[str, str] = {}
        self.put()
        #: How long a run takes that may finish, as the first round says.
        self.seconds = 2.0
        assert build() == len(self.allowed)
        self.look()

    def put(self) -> None:
        """Other ticks for all, and what bars they give."""
        for symbol in SYMBOLS:
            self._put(symbol)

    def _put(self, symbol: str) -> None:
        import pyarrow as pa

        from thor.instruments.instrument import BY_SYMBOL
        from thor.lake import columns
        from thor.lake.bar_table import What, make_bars
        from thor.lake.bars import session_of
        from thor.lake.files import list_file, write_table
        from thor.lake.layout import Timeframe, bars_part, ticks_part
        from thor.lake.line_kernel import rows_sha256

        facts, price = BY_SYMBOL[symbol], 5_000 + self.random.randrange(1_000)
        session = session_of(symbol, facts.group, DAY, None)
        step = (session.end_us - session.start_us) // TICKS
        told = {
            "symbol": pa.repeat(symbol, TICKS),
            "ts": pa.array([session.start_us + n * step for n in range(TICKS)], columns.TIME),
            "last": pa.array([Decimal(price + n % 7) for n in range(TICKS)], columns.PRICE),
            "volume": pa.array(range(TICKS)),
        }
        arrays = [told.get(each.name, pa.nulls(TICKS, each.type)) for each in columns.TICKS]
        ticks = pa.Table.from_arrays(arrays, schema=columns.TICKS)
        made = make_bars(ticks.to_batches(), What(symbol, session, facts), tuple(Timeframe)).bars
        for timeframe, bars in made.items():
            key = bars_part(DAY, symbol, timeframe).key
            self.newest[key] = rows_sha256(bars.to_batches())
            self.allowed.setdefault(key, set()).add(self.newest[key])
        list_file(ticks_part(DAY, symbol), write_table(self.store, ticks_part(DAY, symbol), ticks, "made", {}))

    def round(self, number: int) -> None:
        """Every fifth may finish, the first of all."""
        self.put()
        child, ends = self.processes.Process(target=build), number % 5 == 0
        began = time.monotonic()
        child.start()
        kill_at = began + self.seconds * self.random.random()
        while child.is_alive():
            self.look(1)
            if not ends and time.monotonic() >= kill_at:
                child.kill()
                child.join()
        if ends:
            self.seconds = time.monotonic() - began
        assert child.exitcode in (0, -signal.SIGKILL), "it ended by itself, and badly"
        self.seen["finished" if child.exitcode == 0 else "killed"] += 1
        self.look()
        newest = sum(self.check(key) == self.newest[key] for key in self.allowed)
        self.seen["between"] += 0 < newest < len(self.allowed)

    def look(self, count: int | None = None) -> None:
        """Read files as anybody would, some by chance or all: none is unreadable, short or of two minds."""
        keys = sorted(self.allowed) if count is None else self.random.sample(sorted(self.allowed), count)
        for key in keys:
            self.seen["read"] += 1
            self.check(key)

    def check(self, key: str) -> str:
        import pyarrow.parquet as pq

        from thor.lake.line_kernel import rows_sha256

        with self.store.open(key) as opened:
            file = pq.ParquetFile(opened)
            about = {name.decode(): value.decode() for name, value in (file.metadata.metadata or {}).items()}
            table = file.read()
        assert table.num_rows == int(about["thor.rows"]), f"{key} is short"
        digest = rows_sha256(table.to_batches())
        assert digest == about["thor.sha256"], f"{key} says another hash than its rows have"
        assert digest in self.allowed[key], f"{key} is of no ticks that ever were"
        return digest

    def end(self) -> None:
        """The next run makes all that is missing; files and list agree; one more has nothing to do."""
        from thor.lake.files import stored_sha256
        from thor.lake.models import LakeFile

        build()
        stood = {found.key: found.modified_at for found in self.store.list("bars/")}
        assert sorted(stood) == sorted(self.allowed)
        for file in LakeFile.objects.filter(kind="bars"):
            digest = self.check(file.key)
            assert digest == self.newest[file.key], f"{file.key} is not of the newest ticks"
            assert (file.rows_sha256, file.file_sha256) == (digest, stored_sha256(self.store, file.key)), file.key
        assert LakeFile.objects.filter(kind="bars").count() == len(self.allowed)
        assert build() == 0
        assert stood == {found.key: found.modified_at for found in self.store.list("bars/")}


if __name__ == "__main__":
    sys.exit(main())
