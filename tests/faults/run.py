"""Kill, pause and restart everything while events come in, and judge what was kept. One line, exit code 0 or 1.

python -m tests.faults.run --seed 7 --events 200000 --kills 200 --workers 4 --postgres 20 --valkey 20
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.faults.chaos import Chaos, result_line
from tests.faults.schedule import Numbers
from tests.faults.stack import Stack
from tests.support import CHECKOUT
from thor.runtime.problem import Problem


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: wanted a whole number from 0")
    return int(text)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="chaos", description=(__doc__ or "").splitlines()[0])
    made.add_argument("--seed", type=_count, default=7, help="the same seed gives the same events and faults")
    made.add_argument("--events", type=_count, default=20_000)
    made.add_argument("--workers", type=_count, default=4)
    made.add_argument("--kills", type=_count, default=20, help="kill -9 of workers")
    made.add_argument("--postgres", type=_count, default=0, help="kill -9 of PostgreSQL")
    made.add_argument("--valkey", type=_count, default=0, help="kill -9 of Valkey")
    made.add_argument("--pauses", type=_count, default=0, help="workers stopped for longer than the claim idle")
    made.add_argument("--flush", action="store_true", help="FLUSHALL once, when all is stored")
    made.add_argument("--claim-idle", type=_count, default=2, metavar="SECONDS", help="of the workers")
    made.add_argument("--code", type=Path, default=CHECKOUT, help="the folder whose manage.py is run")
    made.add_argument("--keep", action="store_true", help="keep the data and logs, and say where they are")
    return made


def main(words: list[str] | None = None) -> int:
    options = parser().parse_args(words)
    numbers = Numbers(
        seed=options.seed, events=options.events, workers=max(1, options.workers), kills=options.kills,
        postgres=options.postgres, valkey=options.valkey, pauses=options.pauses, flush=options.flush,
        claim_idle=options.claim_idle,
    )  # fmt: skip
    home = Path(tempfile.mkdtemp(prefix="thor-chaos-"))
    try:
        return _run(numbers, home, options.code)
    except Problem as problem:
        sys.stderr.write(f"chaos: {problem.detail}\n")
        return 2
    finally:
        if options.keep:
            sys.stderr.write(f"chaos: kept {home}\n")
        else:
            shutil.rmtree(home, ignore_errors=True)


def _run(numbers: Numbers, home: Path, code: Path) -> int:
    with Stack(home, code, numbers.claim_idle).running() as stack:
        chaos = Chaos(numbers, stack)
        try:
            verdict = chaos.run()
        except RuntimeError as error:
            sys.stdout.write(f"chaos seed={numbers.seed} stalled: {error}\n")
            return 1
        for line in [*verdict.lines, *chaos.tally.complaints]:
            sys.stderr.write(f"{line}\n")
        sys.stdout.write(result_line(numbers, chaos.tally, verdict) + "\n")
        tally = chaos.tally
        return 0 if verdict.good and not tally.self_exits and not tally.slow_stops else 1


if __name__ == "__main__":
    sys.exit(main())
