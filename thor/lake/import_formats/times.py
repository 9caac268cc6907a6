"""Times as files spell them, as epoch microseconds in UTC: value by value, and as Polars expressions.

Epoch numbers count seconds, milliseconds, microseconds or nanoseconds: their size says which. Texts are year first
(2013-10-07T09:30:00.123456, 2013/10/07 09:30, 20131007 093000), with or without a zone. What is finer than a
microsecond is cut. A local time that daylight saving skips, or has twice, names no instant by itself.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple, NoReturn
from zoneinfo import ZoneInfo

import polars as pl

from thor.markets.trade_date import epoch_us
from thor.quotes.quote import QuoteRefusedError, Reason

Ambiguous = Literal["refuse", "earliest", "latest"]

_NUMBER: Final = r"^(\d{1,19})(?:\.(\d{1,9})\d*)?$"
_TEXT: Final = (
    r"^(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})[T ]\s*(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?"
    r"\s*(Z|z|UTC|[+-]\d{2}:?\d{2})?$"
)
_IS_NUMBER: Final = re.compile(_NUMBER, re.ASCII)
_IS_TEXT: Final = re.compile(_TEXT, re.ASCII)
#: A number below the first is seconds (until the year 5138), below the second milliseconds, then microseconds, else
#: nanoseconds.
_SECONDS_BELOW, _MS_BELOW, _US_BELOW = 10**11, 10**14, 10**17
_FRACTION_DIGITS: Final = 9


class TimeRule(NamedTuple):
    """``zone``: of times that name none; None: they are refused. ``ambiguous``: which of two instants is meant where a
    local time is twice."""

    zone: str | None = None
    ambiguous: Ambiguous = "refuse"


def utc_us(raw: str, rule: TimeRule) -> int:
    """The instant that a text or the digits of a number name. Raises :class:`QuoteRefusedError` that says why not."""
    text = raw.strip()
    if (found := _IS_NUMBER.fullmatch(text)) and int(found[1]) < 2**63:
        return _of_number(int(found[1]), int((found[2] or "").ljust(_FRACTION_DIGITS, "0")))
    if (found := _IS_TEXT.fullmatch(text)) is None:
        _refuse(f"time {text[:40]!r} is neither an epoch number nor like 2013-10-07T13:30:00.123456Z")
    *numbers, fraction, zone = found.groups()
    micros = int((fraction or "").ljust(6, "0")[:6])
    try:
        year, month, day, hour, minute, second = (int(each or 0) for each in numbers)
        at = datetime(year, month, day, hour, minute, second, micros)  # noqa: DTZ001 (its zone comes next)
    except ValueError as error:
        _refuse(f"time {text[:40]!r} does not exist: {error}")
    if zone is None:
        return local_us(at, rule)
    if zone in ("Z", "z", "UTC"):
        return epoch_us(at.replace(tzinfo=UTC))
    sign = -1 if zone[0] == "-" else 1
    return epoch_us((at - sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))).replace(tzinfo=UTC))


def local_us(at: datetime, rule: TimeRule) -> int:
    """The instant of a time without a zone. Raises :class:`QuoteRefusedError`."""
    if rule.zone is None:
        _refuse(f"time {at.isoformat()} has no zone: give --tz")
    zone = ZoneInfo(rule.zone)
    first, second = (epoch_us(at.replace(tzinfo=zone, fold=fold).astimezone(UTC)) for fold in (0, 1))
    if first == second:
        return first
    if first > second:  # the gap: the offset of before gives the later instant
        _refuse(f"time {at.isoformat()} does not exist in {rule.zone}: its clocks skip it")
    if rule.ambiguous == "refuse":
        _refuse(f"time {at.isoformat()} is twice in {rule.zone}: give --ambiguous earliest or latest")
    return first if rule.ambiguous == "earliest" else second


def utc_us_expr(column: pl.Expr, dtype: pl.DataType, rule: TimeRule) -> pl.Expr:
    """The same of a column; null where :func:`utc_us` refuses. Raises QuoteRefusedError for a column of no times."""
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is not None:
            return column.dt.epoch("us")
        return _local(column.dt.cast_time_unit("us"), rule)
    if dtype == pl.String:
        text = column.str.strip_chars()
        return pl.coalesce(_numbers(text), _texts(text, rule))
    if not (dtype.is_integer() or dtype.is_float() or dtype.is_decimal()):
        _refuse(f"a column of {dtype} holds no times")
    return _numbers(column.cast(pl.String))


def is_naive(raw: str) -> bool:
    """A time that names no zone."""
    found = _IS_TEXT.fullmatch(raw.strip())
    return found is not None and found[8] is None


def _of_number(whole: int, fraction: int) -> int:
    """``fraction``: in thousand millionths."""
    if whole < _SECONDS_BELOW:
        return whole * 1_000_000 + fraction // 1000
    if whole < _MS_BELOW:
        return whole * 1000 + fraction // 1_000_000
    return whole if whole < _US_BELOW else whole // 1000


def _numbers(text: pl.Expr) -> pl.Expr:
    whole = text.str.extract(_NUMBER, 1).cast(pl.Int64, strict=False)
    fraction = text.str.extract(_NUMBER, 2).fill_null("").str.pad_end(_FRACTION_DIGITS, "0").cast(pl.Int64)
    return (
        pl.when(whole < _SECONDS_BELOW).then(whole * 1_000_000 + fraction // 1000)
        .when(whole < _MS_BELOW).then(whole * 1000 + fraction // 1_000_000)
        .when(whole < _US_BELOW).then(whole)
        .otherwise(whole // 1000)
    )  # fmt: skip


def _texts(text: pl.Expr, rule: TimeRule) -> pl.Expr:
    """Rebuilt in one spelling, then read: so every spelling has the same verdict."""
    parts = [text.str.extract(_TEXT, number) for number in range(1, 9)]
    fraction = parts[6].fill_null("").str.pad_end(6, "0").str.slice(0, 6)
    plain = pl.concat_str(
        [parts[0], pl.lit("-"), parts[1], pl.lit("-"), parts[2], pl.lit("T"), parts[3], pl.lit(":"), parts[4],
         pl.lit(":"), parts[5].fill_null("00"), pl.lit("."), fraction]
    )  # fmt: skip
    at = plain.str.to_datetime("%Y-%m-%dT%H:%M:%S%.6f", time_unit="us", strict=False)
    # A leap second has no place on the time line; Chrono would move it into the second before.
    at = pl.when(parts[5] == "60").then(None).otherwise(at)
    zone = parts[7]
    digits = zone.str.replace_all(":", "", literal=True)
    minutes = digits.str.slice(1, 2).cast(pl.Int64, strict=False) * 60 + digits.str.slice(3, 2).cast(
        pl.Int64, strict=False
    )
    offset = pl.when(zone.is_in(["Z", "z", "UTC"])).then(0).when(zone.str.starts_with("-")).then(-minutes)
    shifted = at.dt.epoch("us") - offset.otherwise(minutes) * 60_000_000
    return pl.when(zone.is_null()).then(_local(at, rule)).otherwise(shifted)


def _local(at: pl.Expr, rule: TimeRule) -> pl.Expr:
    if rule.zone is None:
        return at.dt.epoch("us").replace_strict({}, default=None, return_dtype=pl.Int64)
    ambiguous: Literal["null", "earliest", "latest"] = "null" if rule.ambiguous == "refuse" else rule.ambiguous
    zoned = at.dt.replace_time_zone(rule.zone, ambiguous=ambiguous, non_existent="null")
    return zoned.dt.epoch("us")


def _refuse(detail: str) -> NoReturn:
    raise QuoteRefusedError(Reason.BAD_TIME, detail)
