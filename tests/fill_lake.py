"""A made lake into the home that Thor's settings name, for pages to be looked at.

Some trade dates of ES over a roll, tick by tick, through import, export, bars and quality as they are, before them bars
of it; and a list of files, with their quality, of a year of all instruments, behind which there are none. The last date
is the weekday before today; it is not exported.

    python -m tests.fill_lake [--dates 250] [--staff NAME]

``--staff``: makes a superuser too, whose password is in DJANGO_SUPERUSER_PASSWORD.
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
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pyarrow as pa

    from thor.lake.layout import Timeframe

#: So many dates of ES have ticks.
REAL_DATES: Final = 4
OLD, NEW = "ESZ26", "ESH27"
DIFFERENCE: Final = Decimal("48.75")
_STEP_SECONDS: Final = 30
_MINUTES: Final = 23 * 60
#: Regular hours, counted from the beginning of the date.
_BUSY_FROM, _BUSY_UNTIL = 15.5, 22.0
#: A gap, hours from the beginning of the date, of the one before the last.
_SILENCE: Final = (9.0, 9.75)


def weekdays(last: date, count: int) -> list[date]:
    """The newest last."""
    days = (last - timedelta(days=back) for back in range(count * 2))
    return [day for day in days if day.weekday() < 5][:count][::-1]


def fill(count: int) -> str:
    """Returns what was made, in a line that ends with the newest exported date."""
    dates = weekdays(datetime.now(UTC).date() - timedelta(days=1), count)
    real = dates[-REAL_DATES:]
    _decide_roll(real[2])
    said = _real(real)
    _bars(dates[:-REAL_DATES])
    _list_others(dates[:-1], set(real))
    _runs(real[-2])
    return f"{said}; exported up to {real[-2]}"


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
    begins = _begins(day)
    contract, price = (OLD, 6700.0) if number < 2 else (NEW, 6700.0 + float(DIFFERENCE))
    price += 12 * math.sin(number)
    volume = 0
    for second in range(0, 23 * 3600, _STEP_SECONDS):
        hour = second / 3600
        if number == REAL_DATES - 2 and _SILENCE[0] < hour < _SILENCE[1]:
            continue
        busy = 1.0 if _BUSY_FROM <= hour < _BUSY_UNTIL else 0.35
        price += draw.gauss(0, 0.55 * busy)
        last, size = Decimal(round(price * 4)) / 4, 1 + int(draw.expovariate(0.05) * busy)
        volume += size * 4
        yield {
            "symbol": "ES", "ts": begins + timedelta(seconds=second), "last": last, "bid": last - Decimal("0.25"),
            "ask": last + Decimal("0.25"), "last_size": size, "bid_size": 20, "ask_size": 20, "volume": volume,
            "source": "TOS", "seq": second, "contract": contract, "created_at": begins,
        }  # fmt: skip


def _bars(days: list[date]) -> None:
    """Bars of a drawn walk that ends where the ticks begin."""
    import numpy as np

    from thor.lake.files import list_file, write_table
    from thor.lake.layout import Timeframe, bars_part
    from thor.lake.root import own_store

    store = own_store()
    closes = np.cumsum(np.random.default_rng(7).normal(0, 1.1, len(days) * _MINUTES))
    closes = np.round((closes - closes[-1] + 6700) * 4) / 4
    for number, day in enumerate(days):
        minutes = closes[number * _MINUTES : (number + 1) * _MINUTES]
        for timeframe, width in ((Timeframe.MINUTE, 1), (Timeframe.HOUR, 60), (Timeframe.DAY, _MINUTES)):
            part = bars_part(day, "ES", timeframe)
            table = _bar_table(day, timeframe, minutes.reshape(-1, width))
            list_file(part, write_table(store, part, table, "made", {}))


def _bar_table(day: date, timeframe: Timeframe, minutes: Any) -> pa.Table:
    """``minutes``: closes by bar and minute."""
    import numpy as np
    import pyarrow as pa

    from thor.lake import columns
    from thor.lake.layout import WIDTH_US

    count, width = minutes.shape
    first, last, hour = minutes[:, 0], minutes[:, -1], np.arange(count) * width / 60
    volume = (width * np.where(hour >= _BUSY_FROM, 900, 300) * (1 + np.abs(np.sin(np.arange(count))))).astype(np.int64)
    is_regular = (hour >= _BUSY_FROM) & (hour < _BUSY_UNTIL) & (width < _MINUTES)
    many = {
        "ts": round(_begins(day).timestamp() * 1e6) + np.arange(count) * WIDTH_US[timeframe], "open": first + 0.25,
        "high": minutes.max(1) + 0.5, "low": minutes.min(1) - 0.5, "close": last, "volume": volume,
        "vwap": minutes.mean(1), "tick_count": volume, "bid_close": last - 0.25, "ask_close": last,
        "spread_mean": np.full(count, 0.25), "session": np.where(is_regular, "RTH", "ETH"),
    }  # fmt: skip
    one = {"symbol": "ES", "timeframe": timeframe.value, "contract": OLD, "trade_date": day}
    made = {name: pa.array(each) for name, each in many.items()} | {name: pa.array([one[name]] * count) for name in one}
    return pa.table([made[field.name].cast(field.type) for field in columns.BARS], schema=columns.BARS)


def _begins(day: date) -> datetime:
    """18:00 in New York of the day before, in winter."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=1)


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
            timeframes = ("",) if facts.symbol == "ES" else ("", "1m", "1h", "1d")
            files += [_file(day, facts.symbol, state, ticks, timeframe) for timeframe in timeframes]
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
        ("session", f"Export, bars and quality, {day}", "done", 88, 88, "files", "88 files in 21.4 s", 22),
        ("verify", f"Verify, {day}", "failed", 4, 9, "files", "ticks of CL: its bytes are not what was written", 3),
    )  # fmt: skip
    for back, (kind, title, status, done, total, unit, note, seconds) in enumerate(rows):
        asked = now - timedelta(hours=3 * (back + 1))
        LakeRun.objects.create(
            kind=kind, title=title, arguments={}, status=status, done=done, total=total, unit=unit, note=note,
            asked_by="" if back == 0 else "anna", asked_at=asked, started_at=asked, heard_at=asked,
            ended_at=asked + timedelta(seconds=seconds),
        )  # fmt: skip


def _staff(name: str) -> None:
    from django.core.management import call_command

    call_command("createsuperuser", interactive=False, username=name, email="a@example.com", verbosity=0)


def main() -> None:
    parser = argparse.ArgumentParser(description="A made lake for pages to be looked at.")
    parser.add_argument("--dates", type=int, default=250)
    parser.add_argument("--staff")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor.config.settings")
    import django

    django.setup()
    given = parser.parse_args()
    if given.staff:
        _staff(given.staff)
    print(fill(given.dates))


if __name__ == "__main__":
    main()
