"""Bars for people and programs: those of the lake, and those of stored ticks of dates that are not in it yet."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from thor.lake.about import About, Answer, DayFile, Where, adjusting, is_within, rolls_told, where
from thor.lake.asked import MOST_DAYS, MOST_FILE_ROWS, MOST_ROWS, AskedError
from thor.lake.back_adjustment import Offset, offset_on
from thor.lake.catalog import month_of
from thor.lake.layout import Kind, Part, Timeframe
from thor.lake.stored import Wanted, bars_of_date, reading
from thor.markets.session import instant_text
from thor.markets.trade_date import epoch_us, utc

if TYPE_CHECKING:
    import pyarrow as pa

#: Of a bar: what is a price of its contract, and moved by back-adjusting.
_PRICES: Final = ("open", "high", "low", "close", "vwap", "bid_close", "ask_close")
_BAR: Final = (
    "ts", "trade_date", "open", "high", "low", "close", "volume", "vwap", "tick_count", "bid_close", "ask_close",
    "spread_mean", "session", "contract",
)  # fmt: skip
#: At least this share of a day's bars is in regular hours: so many files are looked into.
_RTH_SHARE: Final = 0.15
_ALWAYS_US: Final = (-(2**50), 2**52)


class BarsAsked(NamedTuple):
    """Bars that begin in ``[start_us, end_us)``, None: open; back-adjusted or raw; of regular hours only or all. As
    JSON at most ``limit`` of the newest."""

    timeframe: Timeframe
    start_us: int | None
    end_us: int | None
    is_adjusted: bool
    is_rth: bool
    limit: int = MOST_ROWS

    def takes(self, bar: Answer) -> bool:
        """Whether a stored bar is one of them."""
        at_us, (start_us, end_us) = epoch_us(bar["ts"]), self.span_us
        return start_us <= at_us < end_us and (not self.is_rth or bar["session"] == "RTH")

    @property
    def span_us(self) -> tuple[int, int]:
        """Without open ends."""
        start_us, end_us = _ALWAYS_US
        return (
            start_us if self.start_us is None else self.start_us,
            end_us if self.end_us is None else self.end_us,
        )


class Found(NamedTuple):
    """The answer as JSON. ``etag``: of one that changes only with the lake's files, else empty."""

    answer: Answer
    etag: str


def newest_bars(of: About, asked: BarsAsked, seen_etag: str) -> Found | None:
    """At most ``limit`` of the newest; None where the caller has them already. Raises TooMuchError and AskedError."""
    with reading() as cursor:
        found = where(of, Kind.BARS, asked.timeframe, asked.start_us, asked.end_us, cursor)
        chosen, is_cut = _newest(found, asked)
        files = {day: file for day, file in chosen.items() if file is not None}
        added = _offsets(of, asked, min(chosen, default=None), max(found.days, default=None))
        etag = _etag(of, asked, files, added) if files and len(files) == len(chosen) else ""
        if etag and etag == seen_etag:
            return None
        wanted = Wanted(of.facts, asked.timeframe, of.calendar, of.front)
        stored = [
            bar for day, file in chosen.items() if file is None
            for bar in bars_of_date(cursor, wanted, day) if asked.takes(bar)
        ]  # fmt: skip
    bars = _of_files(files, asked, added) + [_as_told(bar, added) for bar in stored]
    bars.sort(key=lambda bar: bar["ts"])
    is_cut = is_cut or len(bars) > asked.limit
    return Found(_answer(of, asked, bars[-asked.limit :], found.newest_us, is_cut), etag)


def _newest(found: Where, asked: BarsAsked) -> tuple[dict[date, DayFile | None], bool]:
    """As many of the newest dates as there can be ``limit`` bars in, and whether older ones are left."""
    chosen: dict[date, DayFile | None] = {}
    rows, stored = 0.0, 0
    for day, file in reversed(found.days.items()):
        if rows > asked.limit or stored >= MOST_DAYS:
            return chosen, True
        chosen[day] = file
        stored += file is None
        rows += _least(file, asked)
    return chosen, False


def _least(file: DayFile | None, asked: BarsAsked) -> float:
    """So many bars a date has at least."""
    if file is None:
        return 0 if asked.timeframe is not Timeframe.SECOND else 1_000
    return file.rows * (_RTH_SHARE if asked.is_rth else 1)


def _offsets(of: About, asked: BarsAsked, first: date | None, last: date | None) -> list[Offset]:
    if not asked.is_adjusted or first is None or last is None:
        return []
    found = adjusting(of, first, last)
    if (unknown := next((each for each in reversed(found) if each.points is None), None)) is not None:
        raise AskedError(
            f"the roll after {unknown.until} was not measured, so that prices cannot be adjusted over it: "
            "ask with adjust=none or a later start, or enter its difference in the admin"
        )
    return found


def _of_files(files: dict[date, DayFile], asked: BarsAsked, added: list[Offset]) -> list[Answer]:
    if not files:
        return []
    from thor.lake import questions

    names = ", ".join(_named(name, added) for name in _BAR)
    sql = f"SELECT {names} FROM {{rows}} WHERE {_conditions(asked)} ORDER BY 1 DESC LIMIT {asked.limit + 1}"
    rows = questions.rows(Kind.BARS, _there(files.values()), _is_asked(files), sql, *_values(files, asked))
    return [_told(row) for row in rows]


def _named(name: str, added: list[Offset]) -> str:
    return "epoch_us(ts)" if name == "ts" else _plus(name, added)


def _plus(name: str, added: list[Offset]) -> str:
    return f"{name} + {_case(added)} AS {name}" if added and name in _PRICES else name


def _case(added: list[Offset]) -> str:
    """SQL of what is added on a trade date."""
    whens = " ".join(f"WHEN trade_date <= DATE '{each.until}' THEN {each.points}" for each in added[:-1])
    return f"CASE {whens} ELSE 0 END::DOUBLE" if whens else "0"


def _conditions(asked: BarsAsked) -> str:
    found = "symbol = ? AND date >= ? AND date <= ? AND ts >= ? AND ts < ?"
    return f"{found} AND session = 'RTH'" if asked.is_rth else found


def _values(files: dict[date, DayFile], asked: BarsAsked) -> tuple[Any, ...]:
    start_us, end_us = asked.span_us
    symbol = next(iter(files.values())).part.symbol
    return symbol, min(files), max(files), utc(start_us), utc(end_us)


def _there(files: Iterable[DayFile]) -> dict[Part, Any]:
    return {file.part: file.stamp for file in files}


def _is_asked(files: dict[date, DayFile]) -> Callable[[Part], bool]:
    symbol = next(iter(files.values())).part.symbol
    return partial(is_within, symbol, min(files), max(files))


def _told(row: tuple[Any, ...]) -> Answer:
    said = dict(zip(_BAR, row, strict=True))
    said["ts"], said["trade_date"] = instant_text(row[0]), row[1].isoformat()
    return said


def _as_told(bar: Answer, added: list[Offset]) -> Answer:
    """A bar of stored ticks, as one of the lake is told."""
    moved = _moved(bar, added)
    said = {name: moved[name] for name in _BAR}
    said["ts"], said["trade_date"] = instant_text(epoch_us(bar["ts"])), bar["trade_date"].isoformat()
    return said


def _moved(bar: Answer, added: list[Offset]) -> Answer:
    by = float(offset_on(bar["trade_date"], added) or 0) if added else 0.0
    return bar | {name: bar[name] + by for name in _PRICES if bar[name] is not None} if by else bar


def _answer(of: About, asked: BarsAsked, bars: list[Answer], newest_us: int | None, is_cut: bool) -> Answer:
    rolls: list[Answer] = []
    if bars:
        first, last = (date.fromisoformat(bars[n]["trade_date"]) for n in (0, -1))
        rolls = [_short(each) for each in rolls_told(of, first, last) if each["trade_date"] > first.isoformat()]
    newest = bars[-1]["ts"] if newest_us is None and bars else None
    return {
        "symbol": of.symbol,
        "timeframe": asked.timeframe.value,
        "adjust": "difference" if asked.is_adjusted else "none",
        "bars": bars,
        "rolls": rolls,
        "newest": newest if newest_us is None else instant_text(newest_us),
        "truncated": is_cut,
    }


def _short(roll: Answer) -> Answer:
    return {name: roll[name] for name in ("trade_date", "from_contract", "to_contract", "difference")}


def _etag(of: About, asked: BarsAsked, files: dict[date, DayFile], added: list[Offset]) -> str:
    rolls = rolls_told(of, min(files), max(files))
    digest = hashlib.sha256(repr((of.symbol, asked, added, rolls)).encode())
    for file in files.values():
        digest.update(f"{file.part.trade_date} {file.stamp.rows_sha256}\n".encode())
    return f'W/"{digest.hexdigest()[:32]}"'


# --- files ----------------------------------------------------------------------------------------------------------


def bar_batches(of: About, asked: BarsAsked) -> Iterator[pa.RecordBatch]:
    """All of them as Arrow batches with the columns of ``columns.BARS``, oldest first. Raises AskedError before the
    first one for more than can be given."""
    from thor.lake.columns import BARS

    with reading() as cursor:
        found = where(of, Kind.BARS, asked.timeframe, asked.start_us, asked.end_us, cursor)
    _check(found)
    added = _offsets(of, asked, min(found.days, default=None), max(found.days, default=None))
    return _batches(of, asked, found, added, BARS)


def _check(found: Where) -> None:
    rows = sum(file.rows for file in found.days.values() if file is not None)
    if rows > MOST_FILE_ROWS:
        raise AskedError(f"that is {rows:,} bars, a file has at most {MOST_FILE_ROWS:,}: give a later start")
    if (stored := sum(file is None for file in found.days.values())) > MOST_DAYS:
        raise AskedError(
            f"{stored} of its trade dates are not in the lake, at most {MOST_DAYS} are made for a file: give a later "
            "start, or run `thor backfill_parquet` and `thor generate_bars`"
        )


def _batches(
    of: About, asked: BarsAsked, found: Where, added: list[Offset], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    wanted = Wanted(of.facts, asked.timeframe, of.calendar, of.front)
    for (is_stored, _month), group in groupby(
        found.days.items(), key=lambda each: (each[1] is None, month_of(each[0]))
    ):
        days = dict(group)
        if is_stored:
            for day in days:
                with reading() as cursor:
                    bars = bars_of_date(cursor, wanted, day)
                rows = [_moved(bar, added) for bar in bars if asked.takes(bar)]
                if rows:
                    yield pa.RecordBatch.from_pylist(rows, schema=schema)
        else:
            files = {day: file for day, file in days.items() if file is not None}
            yield from _file_batches(files, asked, added, schema)


def _run_of(each: tuple[date, DayFile | None]) -> str:
    """Files of a month are read in one question; of stored ticks: nothing."""
    return "" if each[1] is None else month_of(each[0])


def _file_batches(
    files: dict[date, DayFile], asked: BarsAsked, added: list[Offset], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    from thor.lake import questions

    names = ", ".join(
        f"{name} + {_case(added)} AS {name}" if added and name in _PRICES else name for name in schema.names
    )
    sql = f"SELECT {names} FROM {{rows}} WHERE {_conditions(asked)} ORDER BY ts"
    values = _values(files, asked)
    for batch in questions.batches(Kind.BARS, _there(files.values()), _is_asked(files), sql, *values):
        yield batch.cast(schema)
