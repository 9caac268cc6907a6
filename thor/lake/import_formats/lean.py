"""Lean's zip files (QuantConnect): ticks of futures, shares, currencies; bars on request, as ticks at their ends.

Their members are CSV without a header; a time is milliseconds since midnight of the date in the member's name, in the
zone that Lean keeps the market's data in. Shares' prices are in ten thousandths of a dollar.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from thor.history.recording_file import COLUMNS, RecordingError
from thor.instruments.contract import Contract
from thor.instruments.symbol import SymbolError, canonical
from thor.lake.import_formats.opened import FilePart, Opened, Wish, must_be_file
from thor.lake.import_formats.times import TimeRule, utc_us_expr

SECURITIES: Final = ("future", "equity", "forex", "cfd", "crypto")
#: 20131007_gc_tick_trade_201312_20131227.csv: the contract's month, in newer files its last day; shares have neither.
_MEMBER: Final = re.compile(
    r"(?P<day>\d{8})_(?P<symbol>[^_]+)_(?P<resolution>[a-z]+)_(?P<kind>[a-z]+)(?:_(?P<month>\d{6}))?(?:_\d{8})?\.csv",
    re.IGNORECASE,
)
#: In which zone Lean keeps the data of a market; its database of market hours has these as ``dataTimeZone``.
_ZONES: Final = {
    "future": "UTC",
    "equity": "America/New_York",
    "crypto": "UTC",
    "cfd": "UTC",
    "forex/oanda": "UTC",
    "forex/fxcm": "Etc/GMT+5",
}
_TICKS: Final = {
    "trade": ("ms", "last", "last_size", "venue", "condition", "suspicious"),
    "quote": ("ms", "bid", "bid_size", "ask", "ask_size", "venue", "condition", "suspicious"),
}
#: Of currencies: no sizes.
_BARE_QUOTE: Final = ("ms", "bid", "ask")
#: The close of a bar is a price at its end.
_BARS: Final = {
    "trade": ("ms", "open_", "high_", "low_", "last", "last_size"),
    "quote": ("ms", "bo", "bh", "bl", "bid", "bid_size", "ao", "ah", "al", "ask", "ask_size"),
}
_BAR_SECONDS: Final = {"second": 1, "minute": 60}
_KINDS: Final = ("trade", "quote")
_TEN_THOUSANDTHS: Final = 4


class _Member(NamedTuple):
    path: Path
    member: str
    security: str
    zone: str
    day: str
    symbol: str
    resolution: str
    kind: str
    contract: str | None
    data: bytes

    @property
    def name(self) -> str:
        return f"{self.path.name}/{self.member}"


def open_lean(paths: Sequence[Path], wish: Wish) -> Opened:
    """All files as one recording, so that trades and quotes are merged in the order of their times. Raises
    RecordingError.

    A row's number is of its place in its own file, odd for quotes: so it has the same whatever else is read with it.
    """
    members = [member for path in paths for member in _members(path, wish)]
    places: dict[Path, int] = {}
    frames, parts = [], []
    for number, member in enumerate(members):
        raw = _read(member)
        first = places.get(member.path, 0)
        places[member.path] = first + raw.height
        frames.append(_typed(raw, member, number, first, wish).lazy())
        parts.append(FilePart(member.name, raw.lazy()))
    if not frames:
        raise RecordingError(f"{', '.join(path.name for path in paths)} holds no files of Lean's: check --format")
    name = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
    return Opened(name, pl.concat(frames), tuple(parts))


def _members(path: Path, wish: Wish) -> Iterator[_Member]:
    must_be_file(path)
    security, market = _folders(path)
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise RecordingError(f"{path.name} is no zip file: Lean's data are") from None
    with archive:
        for info in sorted(archive.namelist()):
            if (found := _MEMBER.fullmatch(info.rpartition("/")[2])) is None:
                raise RecordingError(
                    f"{path.name}: {info} is no file of ticks, seconds or minutes of Lean's "
                    "(hours and days are not taken)"
                )
            yield _member(path, security, market, found, archive.read(info), wish)


def _member(path: Path, security: str, market: str, found: re.Match[str], data: bytes, wish: Wish) -> _Member:
    kind, resolution = found["kind"].lower(), found["resolution"].lower()
    if kind not in _KINDS:
        raise RecordingError(f"{path.name} holds {kind}: trade and quote files are taken")
    if resolution != "tick" and resolution not in _BAR_SECONDS:
        raise RecordingError(f"{path.name} holds {resolution} data: tick, second and minute files are taken")
    if resolution != "tick" and not wish.bars_as_ticks:
        raise RecordingError(
            f"{path.name} holds {resolution} bars, which are no ticks: --bars-as-ticks takes each as one at its end"
        )
    security = security or ("future" if found["month"] else "")
    zone = wish.times.zone or _ZONES.get(security) or _ZONES.get(f"{security}/{market}")
    if not security or zone is None:
        raise RecordingError(
            f"{path} does not say what it holds: keep Lean's folders, such as equity/usa/tick/aig/{path.name}, "
            "or give --tz for a market that is not known"
        )
    symbol = wish.symbol or found["symbol"].upper()
    return _Member(path, found[0], security, zone, found["day"], symbol, resolution, kind,
                   _contract(symbol, found["month"]), data)  # fmt: skip


def _folders(path: Path) -> tuple[str, str]:
    """Security type and market, empty where the folders do not say."""
    folders = [each.lower() for each in path.absolute().parts[:-1]]
    for index, each in enumerate(folders):
        if each in SECURITIES and index + 1 < len(folders):
            return each, folders[index + 1]
    return "", ""


def _contract(symbol: str, month: str | None) -> str | None:
    if month is None:
        return None
    try:
        return Contract(canonical(symbol).symbol, int(month[:4]), int(month[4:])).name
    except (SymbolError, IndexError) as error:
        raise RecordingError(f"{symbol} {month} names no contract: {error}") from None


def _read(member: _Member) -> pl.DataFrame:
    if not member.data.strip():
        return pl.DataFrame(schema={"ms": pl.String})
    raw = pl.read_csv(io.BytesIO(member.data), has_header=False, infer_schema=False, truncate_ragged_lines=False)
    names = (_TICKS if member.resolution == "tick" else _BARS)[member.kind]
    if raw.width == len(_BARE_QUOTE):
        names = _BARE_QUOTE
    if member.kind == "quote" and member.resolution == "tick" and raw.width == len(names) - 1:
        names = tuple(each for each in names if each != "condition")  # of futures
    if raw.width > len(names):
        raise RecordingError(f"{member.name} has {raw.width} columns, {len(names)} at most are Lean's")
    return raw.rename(dict(zip(raw.columns, names, strict=False)))


def _typed(raw: pl.DataFrame, member: _Member, part: int, first: int, wish: Wish) -> pl.DataFrame:
    places = pl.int_range(first, first + pl.len(), dtype=pl.Int64)
    given = {
        "symbol": pl.lit(member.symbol), "contract": pl.lit(member.contract, pl.String),
        "ts_us": _at_us(member, wish), "event": pl.lit(member.kind),
        "place": 2 * places + _KINDS.index(member.kind), "vendor_seq": pl.lit(None, pl.Int64),
        "part": pl.lit(part, pl.Int64), "row": pl.int_range(1, 1 + pl.len(), dtype=pl.Int64),
    }  # fmt: skip
    for side in ("last", "bid", "ask"):
        if side in raw.columns:
            given[side] = _price(side, member)
            if f"{side}_size" in raw.columns:
                given[f"{side}_size"] = pl.when(given[side].is_not_null()).then(pl.col(f"{side}_size"))
    for name in ("venue", "condition"):
        if name in raw.columns:
            given[name] = pl.when(pl.col(name).is_in(["", "null"]).not_()).then(pl.col(name))
    names = (*COLUMNS, "place", "vendor_seq", "part", "row")
    return raw.select(given.get(name, pl.lit(None, pl.String)).alias(name) for name in names)


def _price(name: str, member: _Member) -> pl.Expr:
    """As text; 0 of a quote is a side that the row says nothing of."""
    text = pl.col(name)
    if member.security == "equity":
        whole = text.cast(pl.Int64, strict=False)
        fraction = (whole % 10**_TEN_THOUSANDTHS).cast(pl.String).str.pad_start(_TEN_THOUSANDTHS, "0")
        dollars = (whole // 10**_TEN_THOUSANDTHS).cast(pl.String) + "." + fraction
        text = pl.when(whole.is_not_null()).then(_short(dollars)).otherwise(text)
    if member.kind == "quote":
        text = pl.when(pl.col(name).cast(pl.Float64, strict=False).fill_null(1) != 0).then(text)
    return text


def _short(text: pl.Expr) -> pl.Expr:
    return text.str.strip_chars_end("0").str.strip_chars_end(".")


def _at_us(member: _Member, wish: Wish) -> pl.Expr:
    """A bar is heard when it ends."""
    midnight = datetime.strptime(member.day, "%Y%m%d")  # noqa: DTZ007 (local, in the member's zone)
    micros = (pl.col("ms").cast(pl.Float64, strict=False) * 1000).round().cast(pl.Int64)
    local = pl.lit(midnight) + pl.duration(microseconds=micros + 1_000_000 * _BAR_SECONDS.get(member.resolution, 0))
    return utc_us_expr(local, pl.Datetime("us"), TimeRule(member.zone, wish.times.ambiguous))
