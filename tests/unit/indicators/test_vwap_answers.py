"""VWAP against other programs: DuckDB's SQL (``tests/answers/vwap.sql``), minute for minute, and published tables."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support import CHECKOUT
from thor.indicators.vwap import MINUTE_US, VwapMinute, VwapReactor, vwap_of
from thor.markets.calendar import Calendar, GroupCalendars, Interval, IntervalPhase
from thor.markets.trade_date import epoch_us
from thor.quotes.quote import Quote

SQL = (CHECKOUT / "tests" / "answers" / "vwap.sql").read_text(encoding="utf-8")
MADE = (
    "CREATE TABLE quotes (n BIGINT, symbol VARCHAR, ts_us BIGINT, last DECIMAL(18,6), volume BIGINT);"
    "CREATE TABLE opens (day BIGINT, open_us BIGINT)"
)
OPEN = epoch_us(datetime(2025, 10, 8, 22, 0, tzinfo=UTC))
HOUR_US = 60 * MINUTE_US

Minute = tuple[Any, ...]


def by_sql(bus: duckdb.DuckDBPyConnection) -> list[Minute]:
    return bus.execute(SQL).fetchall()


def by_reactor(bus: duckdb.DuckDBPyConnection) -> list[Minute]:
    """The same quotes, each at its own time, with a timer at every minute."""
    reactor = VwapReactor()
    reactor.on_config({GroupCalendars: GroupCalendars({"cme_equity": calendar(bus)}, ())}, 0)
    quotes = bus.execute("SELECT symbol, ts_us, last, volume FROM quotes ORDER BY n").fetchall()
    reactor.on_start({}, quotes[0][1] - 1)
    rows: list[VwapMinute] = []
    for symbol, ts_us, last, volume in quotes:
        rows += until(reactor, ts_us - 1)
        reactor.on_quote(Quote(symbol, ts_us, "TOS", last=last, volume=volume), "1-0", ts_us)
    rows += until(reactor, quotes[-1][1] + MINUTE_US)
    rows.sort(key=lambda row: (row.minute_us, row.symbol, row.trade_date))
    return [
        (
            row.symbol, row.minute_us, row.trade_date, row.last_price, row.cumulative_volume, row.delta_volume,
            int(row.vwap.scaleb(6)), row.is_restart,
        )
        for row in rows
    ]  # fmt: skip


def calendar(bus: duckdb.DuckDBPyConnection) -> Calendar:
    """Sessions from each open to the next 16:00 Chicago."""
    sessions = bus.execute("SELECT date '1970-01-01' + day::INTEGER, open_us, day * 86400000000 FROM opens").fetchall()
    intervals = [Interval(day, IntervalPhase.REGULAR, begin, noon + 21 * HOUR_US) for day, begin, noon in sessions]
    return Calendar("cme_equity", "America/Chicago", intervals, {}, 0, 4 * 10**15)


def opened(bus: duckdb.DuckDBPyConnection, *days: tuple[datetime, datetime]) -> None:
    """Trade date and open of each session."""
    rows = [((day - datetime(1970, 1, 1, tzinfo=UTC)).days, epoch_us(begin)) for day, begin in days]
    bus.executemany("INSERT INTO opens VALUES (?, ?)", rows)


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc,arg-type]


def until(reactor: VwapReactor, to_us: int) -> Iterable[VwapMinute]:
    while (due_us := reactor.next_timer_us()) is not None and due_us <= to_us:
        reactor.on_timer(due_us)
        yield from (row for row in reactor.rows() if isinstance(row, VwapMinute))


def made_day(bus: duckdb.DuckDBPyConnection, seed: int, late_minutes: int) -> None:
    """Two days of four symbols that trade, pause, say nothing of last or volume, and begin to count anew."""
    rng = random.Random(seed)
    bus.execute(MADE)
    opened(bus, *((utc(2025, 10, day), utc(2025, 10, day - 1, 22)) for day in (9, 10)))
    at_us, rows = OPEN + late_minutes * MINUTE_US + rng.randrange(MINUTE_US), []
    priced: set[tuple[str, int]] = set()
    volumes = dict.fromkeys(("ES", "YM", "CL", "ZB"), 0)
    prices = {"ES": 670025, "YM": 4738000, "CL": -3763, "ZB": 11653125}
    while at_us < OPEN + 46 * HOUR_US:
        at_us += rng.choice((0, 1, 999, 250_000, 4_000_000, 20_000_000, 60_000_000))
        symbol = rng.choice(list(volumes))
        prices[symbol] += rng.randrange(-50, 51)
        volumes[symbol] += rng.choice((0, 0, 1, 7, 500))
        if rng.random() < 0.002:
            volumes[symbol] = rng.randrange(1, 30)
        day = (at_us - OPEN) // (24 * HOUR_US)
        has_price = rng.random() < 0.8 or (symbol, day) not in priced  # contracts at no price at all are another test's
        priced.add((symbol, day))
        last = str(Decimal(prices[symbol]) / 100) if has_price else None
        rows.append((len(rows), symbol, at_us, last, volumes[symbol] if rng.random() < 0.8 else None))
    columns = [list(column) for column in zip(*rows, strict=True)]
    bus.execute("INSERT INTO quotes SELECT unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)", columns)


@pytest.mark.parametrize(("seed", "late_minutes"), [(1, 0), (2, 0), (3, 300)])
def test_a_made_day_is_what_sql_says(seed: int, late_minutes: int) -> None:
    with duckdb.connect() as bus:
        made_day(bus, seed, late_minutes)
        wanted = by_sql(bus)
        assert len(wanted) > 2000
        assert any(restart for *_, restart in wanted)
        assert by_reactor(bus) == wanted


def test_the_recorded_sessions_are_what_sql_says(shared_data: Path) -> None:
    """Two days of snapshots of six symbols, whose counts run on as the futures' date turns."""
    with duckdb.connect() as bus:
        bus.execute(MADE)
        opened(bus, *((utc(2013, 10, day), utc(2013, 10, day - 1, 22)) for day in (7, 8, 9)))
        files = [str(shared_data / "ticks" / f"snapshots_2013100{day}.parquet") for day in (7, 8)]
        bus.execute(
            "INSERT INTO quotes SELECT row_number() OVER (), symbol, epoch_us(ts::TIMESTAMPTZ), last, cum_volume FROM ("
            "SELECT *, file_row_number AS n FROM read_parquet(?, filename = true, file_row_number = true)"
            " ORDER BY ts, filename, n)",
            [files],
        )
        wanted = by_sql(bus)
        assert {symbol for symbol, *_ in wanted} == {"AIG", "BAC", "ES", "GC", "IBM", "SPY"}
        assert by_reactor(bus) == wanted


def test_a_day_of_trades_is_what_sql_says(shared_data: Path) -> None:
    """Every trade of ES after Labor Day's halt, the volume as their running sum: the session began the day before."""
    with duckdb.connect() as bus:
        bus.execute(MADE)
        opened(bus, (utc(2013, 9, 3), utc(2013, 9, 1, 22)))
        bus.execute(
            "INSERT INTO quotes"
            " SELECT n, 'ES', epoch_us(ts::TIMESTAMPTZ), last, sum(last_size) OVER (ORDER BY n) FROM ("
            "SELECT *, file_row_number AS n FROM read_parquet(?, file_row_number = true)) ORDER BY n",
            [str(shared_data / "ticks" / "es_trades_20130903.parquet")],
        )
        wanted = by_sql(bus)
        assert len(wanted) > 1000
        assert by_reactor(bus) == wanted


# --- published tables -----------------------------------------------------------------------------------------------


def mean(row: dict[str, str], *names: str) -> Decimal:
    """Of a bar's prices, to the 6 digits that a price may have."""
    return (sum(Decimal(row[name]) for name in names) / len(names)).quantize(Decimal("0.000001"))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_the_average_of_a_window_is_that_of_the_teaching_spreadsheet(shared_data: Path) -> None:
    """The numbers of StockCharts' spreadsheet: typical prices of 14 bars, weighed with thousandths of a share."""
    rows = table(shared_data / "reference" / "indicators" / "ta_cs-vwap.csv")
    weighed = [(mean(row, "High", "Low", "Close"), int(Decimal(row["Volume"]) * 1000)) for row in rows]
    for number, row in enumerate(rows):
        found = vwap_of(weighed[max(0, number - 13) : number + 1])
        assert found is not None
        assert abs(found - Decimal(row["vwap"])) <= Decimal("0.000002"), row["Date"]


def test_the_average_of_fifty_bars_is_that_of_another_program(shared_data: Path) -> None:
    """Its price of a bar is the mean of its four."""
    rows = table(shared_data / "reference" / "indicators" / "lean_spy_with_vwap.txt")
    weighed = [(mean(row, "Open", "High", "Low", "Close"), int(row["Volume"])) for row in rows]
    known = [(number, row["Moving VWAP 50"]) for number, row in enumerate(rows) if row["Moving VWAP 50"]]
    assert len(known) > 400
    for number, wanted in known:
        found = vwap_of(weighed[number - 49 : number + 1])
        assert found is not None
        assert abs(found - Decimal(wanted)) <= Decimal("0.0001"), rows[number]["Date"]
