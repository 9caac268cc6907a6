"""A made lake into the home that Thor's settings name, for pages to be looked at: some trade dates of ES over a roll, tick
by tick, through import, export, bars and quality as they are; and a list of files, with their quality, of a year of all
instruments, behind which there are none.

    python -m tests.fill_lake [--dates 250]

The last date is the weekday before today; it is not exported.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any, Final

#: So many dates of ES have ticks.
REAL_DATES: Final = 5
OLD, NEW = "ESZ26", "ESH27"
DIFFERENCE: Final = Decimal("48.75")
_STEP_SECONDS: Final = 20
#: A gap, hours from the beginning of the date, of the one before the last.
_SILENCE: Final = (9.0, 9.75)


def weekdays(last: date, count: int) -> list[date]:
    """The newest last."""
    days = (last - timedelta(days=back) for back in range(count * 2))
    return [day for day in days if day.weekday() < 5][:count][::-1]


def fill(count: int) -> str:
    """Returns what was made, in a line."""
    dates = weekdays(datetime.now(UTC).date() - timedelta(days=1), count)
    real = dates[-REAL_DATES:]
    _decide_roll(real[2])
    said = _real(real)
    _list_others(dates[:-1], set(real))
    _runs(real[-2])
    return said


def _decide_roll(day: date) -> None:
    from thor.instruments.models import Instrument, Roll
    from thor.lake.models import RollDifference

    Roll.objects.update_or_create(
        instrument=Instrument.objects.get(symbol="ES"),
        from_contract=OLD,
        defaults={"to_contract": NEW, "effective": day},
    )
    RollDifference.objects.update_or_create(
        symbol="ES", from_contract=OLD, to_contract=NEW,
        defaults={"trade_date": day - timedelta(days=1), "difference": DIFFERENCE, "measured": "made", "by_hand": True},
    )  # fmt: skip


def _real(days: list[date]) -> str:
    """All but the last are exported."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from django.core.management import call_command

    from thor.lake import columns
    from thor.lake.export import Wish
    from thor.lake.root import own_store
    from thor.lake.runs import Silent
    from thor.lake.session import keep

    rows = [row for number, day in enumerate(days) for row in _ticks(day, number)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ticks.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema=columns.TICKS), file)
        call_command("import_ticks", str(file), stdout=StringIO(), stderr=StringIO())
    return "; ".join(keep(own_store(), Wish(days[0], days[-2]), Silent()))


def _ticks(day: date, number: int) -> Iterator[dict[str, Any]]:
    """A drawn walk with a busy day and a quiet night, from 18:00 of the day before to 17:00 in New York."""
    draw = random.Random(number)
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=1)
    contract, price = (OLD, 6700.0) if number < 2 else (NEW, 6700.0 + float(DIFFERENCE))
    price += 12 * math.sin(number)
    volume = 0
    for second in range(0, 23 * 3600, _STEP_SECONDS):
        hour = second / 3600
        if number == REAL_DATES - 2 and _SILENCE[0] < hour < _SILENCE[1]:
            continue
        busy = 1.0 if 15.5 <= hour <= 22 else 0.35
        price += draw.gauss(0, 0.55 * busy)
        last, size = Decimal(round(price * 4)) / 4, 1 + int(draw.expovariate(0.05) * busy)
        volume += size * 4
        yield {
            "symbol": "ES", "ts": begins + timedelta(seconds=second), "last": last, "bid": last - Decimal("0.25"),
            "ask": last + Decimal("0.25"), "last_size": size, "bid_size": 20, "ask_size": 20, "volume": volume,
            "source": "TOS", "seq": second, "contract": contract, "created_at": begins,
        }  # fmt: skip


def _list_others(dates: list[date], real: set[date]) -> None:
    from thor.instruments.instrument import INSTRUMENTS
    from thor.lake.models import LakeFile, QualityDay

    draw = random.Random(7)
    files, quality = [], []
    for number, day in enumerate(dates):
        for facts in INSTRUMENTS:
            state = _state_of(facts.symbol, number, len(dates), draw)
            if state is None or (facts.symbol == "ES" and day in real):
                continue
            ticks = int(draw.gauss(300_000, 40_000))
            files += [_file(day, facts.symbol, state, ticks, timeframe) for timeframe in ("", "1m", "1h", "1d")]
            if number % 50 > 3:
                quality.append(_quality(day, facts.symbol, ticks, draw))
    LakeFile.objects.bulk_create(files, ignore_conflicts=True)
    QualityDay.objects.bulk_create(quality, ignore_conflicts=True)


def _state_of(symbol: str, number: int, count: int, draw: random.Random) -> str | None:
    """Mostly well. An outage of all on two dates; DX begins late."""
    if number in (count // 3, count // 3 + 1) or (symbol == "DX" and number < count // 4):
        return None
    chance = draw.random()
    if chance < 0.004:
        return "damaged" if chance < 0.002 else "missing"
    if chance > 0.997:
        return None
    return "archived" if number < count // 2 else "ok"


def _file(day: date, symbol: str, state: str, ticks: int, timeframe: str) -> Any:
    from thor.lake.layout import Timeframe, bars_part, ticks_part
    from thor.lake.models import LakeFile

    at = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
    part = bars_part(day, symbol, Timeframe(timeframe)) if timeframe else ticks_part(day, symbol)
    rows, size = (1_380, 60_000) if timeframe else (ticks, ticks * 11)
    return LakeFile(
        key=part.key, kind=part.kind.value, trade_date=day, symbol=symbol, timeframe=timeframe, rows=rows, size=size,
        rows_sha256="0" * 64, file_sha256="0" * 64, exported_at=at, verified_at=at,
        state="ok" if timeframe and state == "archived" else state,
    )  # fmt: skip


def _quality(day: date, symbol: str, ticks: int, draw: random.Random) -> Any:
    from thor.lake.models import QualityDay

    at = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
    share = 1.0 if draw.random() < 0.85 else max(0.4, 1 - draw.expovariate(20))
    gaps = 0 if share == 1.0 else draw.randrange(1, 6)
    return QualityDay(
        symbol=symbol, trade_date=day, ticks=ticks, first_at=at - timedelta(hours=24), last_at=at - timedelta(hours=1),
        gaps=gaps, gap_seconds=60, longest_gap_seconds=(1 - share) * 82_800 / max(gaps, 1), open_seconds=82_800,
        covered_seconds=share * 82_800, crossed=draw.randrange(4), spikes=draw.randrange(2), sources={"TOS": ticks},
        made_of="0" * 64, made_at=at,
    )  # fmt: skip


def _runs(day: date) -> None:
    from thor.lake.models import LakeRun

    now = datetime.now(UTC)
    rows = (
        ("session", f"Export, bars and quality, {day}", "done", 88, 88, "files", "88 files, 3,411,204 rows in 21.4 s", 22),
        ("verify", f"Verify, {day}", "failed", 4, 9, "files", "ticks of CL: its bytes are not those that were written", 3),
    )  # fmt: skip
    for back, (kind, title, status, done, total, unit, note, seconds) in enumerate(rows):
        asked = now - timedelta(hours=3 * (back + 1))
        LakeRun.objects.create(
            kind=kind, title=title, arguments={}, status=status, done=done, total=total, unit=unit, note=note,
            asked_by="" if back == 0 else "anna", asked_at=asked, started_at=asked, heard_at=asked,
            ended_at=asked + timedelta(seconds=seconds),
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="A made lake for pages to be looked at.")
    parser.add_argument("--dates", type=int, default=250)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor.config.settings")
    import django

    django.setup()
    print(fill(parser.parse_args().dates))


if __name__ == "__main__":
    main()
