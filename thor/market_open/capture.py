"""The 12 rows of an open: 11 instruments and TOTAL, as they were at one instant (SPEC 8). A rule file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from thor.indicators.intraday import percent
from thor.instruments.instrument import InstrumentFacts
from thor.market_open.config import TRADED, MarketOpenSettings, MarketSettings
from thor.market_open.grading import Entry, Outcome, Resolution, Trade
from thor.market_open.targets import Side, levels, side_of
from thor.markets.trade_date import utc
from thor.quotes.quote import Quote
from thor.quotes.reactor import Effect, Row
from thor.signals.classification import classify, stat_value
from thor.signals.composite import TOTAL, Composite, Missing, Standing, composite, signal_weight
from thor.signals.config import InstrumentSignals, Signal, SignalSettings

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NOTHING: Final = Decimal("0.00")
#: What an outcome sets, and nothing else may ever change (the database's guards know it too).
OUTCOME_COLUMNS: Final = (
    "wndw", "target_hit_type", "target_hit_price", "target_hit_at", "pnl_usd", "mark_to_market_usd",
    "resolution_reason", "resolution_price", "resolution_quality", "resolved_at", "elapsed_sec", "observations",
    "deciding_stream_id", "deciding_ts", "deciding_source", "deciding_seq", "deciding_bid", "deciding_ask",
    "deciding_last",
)  # fmt: skip
#: The answer to a wish that was fulfilled.
CAPTURED: Final = "captured"
#: How the reason ends where a quote could not be traded on.
NO_SIDE: Final = ("has no bid", "has no ask")


class CaptureKind(StrEnum):
    """``OPEN``: with the prices of the open; ``LATE``: Thor came after it; ``MANUAL``: a person asked for it."""

    OPEN = "OPEN"
    LATE = "LATE"
    MANUAL = "MANUAL"


class View(msgspec.Struct, frozen=True):
    """One instrument at the instant. ``missing``: why it does not count, though an old quote may be there.

    Prices in points; day: the trade date's range so far; ``_52w``: that of 52 weeks."""

    symbol: str
    quote: Quote | None = None
    entry_id: str = ""
    missing: Missing | None = Missing.NO_QUOTE
    baseline: Decimal | None = None
    baseline_from: str = ""
    day_high: Decimal | None = None
    day_low: Decimal | None = None
    high_52w: Decimal | None = None
    low_52w: Decimal | None = None

    @property
    def is_usable(self) -> bool:
        return self.missing is None and self.quote is not None


class Instant(NamedTuple):
    """Which open, and when: the prices belong to ``captured_us``, and trades are graded after it up to ``until_us``."""

    market: MarketSettings
    trade_date: date
    opened_us: int
    captured_us: int
    until_us: int
    kind: CaptureKind

    @property
    def session_id(self) -> str:
        return session_id(self.market.country, self.trade_date)


@dataclass(frozen=True, slots=True)
class CapturedRow(Row):
    """A row as the table has it, but for its number and the counts so far; ``_us`` are instants. See the model."""

    session_id: str
    country: str
    symbol: str
    trade_date: date
    year: int
    month: int
    date: int
    day: str
    opened_at_us: int
    captured_at_us: int
    capture_kind: str
    traded_symbol: str
    grading_price: str
    evaluation_window_sec: int
    window_ends_at_us: int
    wndw: str
    pnl_usd: Decimal | None
    reason: str
    bhs: str | None = None
    weight: int | None = None
    stat_value: Decimal | None = None
    contract_weight: Decimal | None = None
    quote_ts_us: int | None = None
    quote_age_ms: int | None = None
    quote_source: str = ""
    quote_seq: int | None = None
    quote_stream_id: str = ""
    bid_price: Decimal | None = None
    bid_size: int | None = None
    ask_price: Decimal | None = None
    ask_size: int | None = None
    last_price: Decimal | None = None
    spread: Decimal | None = None
    volume: int | None = None
    market_open: Decimal | None = None
    net_change: Decimal | None = None
    baseline_from: str = ""
    prev_close_24h: Decimal | None = None
    open_price_24h: Decimal | None = None
    open_prev_diff_24h: Decimal | None = None
    open_prev_pct_24h: Decimal | None = None
    low_24h: Decimal | None = None
    high_24h: Decimal | None = None
    range_diff_24h: Decimal | None = None
    range_pct_24h: Decimal | None = None
    low_52w: Decimal | None = None
    low_pct_52w: Decimal | None = None
    high_52w: Decimal | None = None
    high_pct_52w: Decimal | None = None
    range_52w: Decimal | None = None
    range_pct_52w: Decimal | None = None
    weighted_average: Decimal | None = None
    sum_weighted: Decimal | None = None
    instrument_count: int | None = None
    status: str = ""
    entry_side: str = ""
    entry_price: Decimal | None = None
    target_high: Decimal | None = None
    target_low: Decimal | None = None
    exit_price_at_entry: Decimal | None = None
    target_usd: Decimal | None = None
    stop_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SessionCaptured(Effect):
    """A market's open was captured: its rows, TOTAL the last. ``missing``: who does not count in TOTAL, and why.

    ``basis``: what it was decided on besides the quotes, as JSON: settings, thresholds, calendar editions;
    ``requests``: the wishes that it fulfils."""

    session_id: str
    country: str
    trade_date: date
    opened_us: int
    captured_us: int
    kind: CaptureKind
    rows: tuple[CapturedRow, ...]
    missing: tuple[tuple[str, str], ...]
    basis: Mapping[str, Any]
    requests: tuple[int, ...] = ()

    @property
    def total(self) -> CapturedRow:
        return self.rows[-1]


@dataclass(frozen=True, slots=True)
class OutcomeResolved(Effect):
    """A row's trade ended. ``captured_us``: when it began."""

    session_id: str
    country: str
    trade_date: date
    symbol: str
    captured_us: int
    resolution: Resolution


@dataclass(frozen=True, slots=True)
class CaptureMissed(Effect):
    """A market opened and was not captured."""

    country: str
    trade_date: date
    opened_us: int
    noted_us: int
    error: str


@dataclass(frozen=True, slots=True)
class CaptureSkipped(Effect):
    """A market opened again on a date that has its capture: nothing was written."""

    country: str
    trade_date: date
    opened_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class RequestAnswered(Effect):
    """What became of a person's wish. ``session_id`` empty: it was refused, and ``answer`` says why."""

    request_id: int
    session_id: str
    answer: str
    at_us: int


class Captured(NamedTuple):
    """The effect, and the trades that are graded from here on: the row's symbol -> its trade."""

    effect: SessionCaptured
    trades: dict[str, Trade]


def session_id(country: str, trade_date: date) -> str:
    """Such as ``pre-usa-2025-10-09``."""
    return f"{country.lower().replace(' ', '-').replace('_', '-')}-{trade_date.isoformat()}"


def local_date(at_us: int, zone: str) -> date:
    """The date in a zone at an instant."""
    found: datetime = utc(at_us).astimezone(ZoneInfo(zone))
    return found.date()


def both_sides(view: View, instant: Instant, facts: InstrumentFacts, settings: MarketOpenSettings) -> dict[Side, Trade]:
    """The trades that a usable view allows: which of them was taken TOTAL may say only later."""
    quote = view.quote
    if not view.is_usable or quote is None:
        return {}
    if quote.bid is None or quote.ask is None:
        return {}  # without the other side nobody could close it
    found = {}
    for side, price, back in ((Side.BUY, quote.ask, quote.bid), (Side.SELL, quote.bid, quote.ask)):
        if (both := levels(price, facts, settings.target(view.symbol))) is not None:
            entry = Entry(
                view.symbol, side, price, both.target(side), both.stop(side), instant.captured_us, instant.until_us,
                quote.ts_us, facts.point_value_usd, back, settings.general.grading_price,
            )  # fmt: skip
            found[side] = Trade.begin(entry)
    return found


def capture(
    instant: Instant,
    views: Sequence[View],
    trades: Mapping[str, Mapping[Side, Trade]],
    settings: MarketOpenSettings,
    signals: SignalSettings,
    basis: Mapping[str, Any],
) -> Captured:
    """The rows of an open. ``views``: of the board's instruments in its order; ``trades``: what each of them allows."""
    by_symbol = {each.symbol: each for each in signals.instruments}
    standings = [_standing(view, by_symbol[view.symbol]) for view in views]
    total = composite(standings, signals)
    weights = dict(signals.weights)
    rows: list[CapturedRow] = []
    taken: dict[str, Trade] = {}
    for view, standing in zip(views, standings, strict=True):
        trade, reason = _take(standing.signal, view, trades.get(view.symbol, {}))
        weight = None if standing.signal is None else signal_weight(standing.signal, standing.is_bear, weights)
        own = _signal_fields(standing, weight) | _quote_fields(view, instant.captured_us) | _range_fields(view)
        rows.append(_row(instant, view.symbol, view.symbol, trade, reason, settings, own))
        if trade is not None:
            taken[view.symbol] = trade
    ym = next((view for view in views if view.symbol == TRADED), View(TRADED))
    trade, reason = _take(total.signal, ym, trades.get(TRADED, {}))
    if total.count < signals.total.minimum_count:
        reason = f"HOLD: {total.count} instruments count, {signals.total.minimum_count} are wanted"
    rows.append(_row(instant, TOTAL, TRADED, trade, reason, settings, _total_fields(total)))
    if trade is not None:
        # The row of YM may have the same trade: each is graded by itself.
        taken[TOTAL] = msgspec.structs.replace(trade)
    missing = tuple((symbol, why.value) for symbol, why in total.missing)
    effect = SessionCaptured(
        instant.session_id, instant.market.country, instant.trade_date, instant.opened_us, instant.captured_us,
        instant.kind, tuple(rows), missing, basis,
    )  # fmt: skip
    return Captured(effect, taken)


def _standing(view: View, own: InstrumentSignals) -> Standing:
    signal, value = None, None
    quote = view.quote
    missing = view.missing
    if missing is None and own.thresholds is None:
        missing = Missing.NO_THRESHOLDS
    if missing is None and quote is not None and quote.last is not None and view.baseline is not None:
        assert own.thresholds is not None
        signal = classify(quote.last - view.baseline, own.thresholds)
        value = stat_value(signal, own.thresholds)
    ts_us = None if quote is None else quote.ts_us
    return Standing(view.symbol, signal, missing, value, own.contract_weight, own.is_bear, ts_us)


def _take(signal: Signal | None, view: View, allowed: Mapping[Side, Trade]) -> tuple[Trade | None, str]:
    """The trade of a signal, or why there is none."""
    side = side_of(signal)
    if signal is None:
        return None, _why_missing(view)
    if side is None:
        return None, Signal.HOLD.value
    if (trade := allowed.get(side)) is not None:
        return trade, ""
    quote = view.quote
    if not view.is_usable or quote is None:
        return None, f"{view.symbol}: {_why_missing(view)}"
    if quote.bid is None or quote.ask is None:
        return None, f"{view.symbol} has no {'bid' if quote.bid is None else 'ask'}"
    return None, f"no target: that of {view.symbol} is disabled"


def _why_missing(view: View) -> str:
    return (view.missing or Missing.NO_THRESHOLDS).value


def _signal_fields(standing: Standing, weight: int | None) -> dict[str, Any]:
    return {
        "bhs": None if standing.signal is None else standing.signal.value,
        "weight": weight,
        "stat_value": standing.stat_value,
        "contract_weight": standing.contract_weight,
    }


def _quote_fields(view: View, captured_us: int) -> dict[str, Any]:
    quote = view.quote
    if quote is None:
        return {}
    has_change = view.is_usable and quote.last is not None and view.baseline is not None
    return {
        "quote_ts_us": quote.ts_us,
        "quote_age_ms": max(0, captured_us - quote.ts_us) // 1000,
        "quote_source": quote.source,
        "quote_seq": quote.seq,
        "quote_stream_id": view.entry_id,
        "bid_price": quote.bid,
        "bid_size": quote.bid_size,
        "ask_price": quote.ask,
        "ask_size": quote.ask_size,
        "last_price": quote.last,
        "spread": _difference(quote.ask, quote.bid),
        "volume": quote.volume,
        "market_open": quote.last if view.is_usable else None,
        "net_change": _difference(quote.last, view.baseline) if has_change else None,
    }


def _range_fields(view: View) -> dict[str, Any]:
    quote, close, last = view.quote, view.baseline, None if view.quote is None else view.quote.last
    opened = None if quote is None else quote.open
    day, year = _difference(view.day_high, view.day_low), _difference(view.high_52w, view.low_52w)
    return {
        "baseline_from": view.baseline_from,
        "prev_close_24h": close,
        "open_price_24h": opened,
        "open_prev_diff_24h": _difference(opened, close),
        "open_prev_pct_24h": _percent(_difference(opened, close), close),
        "low_24h": view.day_low,
        "high_24h": view.day_high,
        "range_diff_24h": day,
        "range_pct_24h": _percent(day, close),
        "low_52w": view.low_52w,
        "low_pct_52w": _percent(_difference(last, view.low_52w), view.low_52w),
        "high_52w": view.high_52w,
        "high_pct_52w": _percent(_difference(view.high_52w, last), view.high_52w),
        "range_52w": year,
        "range_pct_52w": _percent(year, last),
    }


def _total_fields(total: Composite) -> dict[str, Any]:
    return {
        "bhs": total.signal.value,
        "weight": total.signal_weight_sum,
        "weighted_average": total.avg_weighted,
        "sum_weighted": total.sum_weighted,
        "instrument_count": total.count,
        "status": total.status,
    }


def _row(
    instant: Instant, symbol: str, traded: str, trade: Trade | None, reason: str, settings: MarketOpenSettings,
    own: Mapping[str, Any],
) -> CapturedRow:  # fmt: skip
    day = instant.trade_date
    return CapturedRow(
        session_id=instant.session_id,
        country=instant.market.country,
        symbol=symbol,
        trade_date=day,
        year=day.year,
        month=day.month,
        date=day.day,
        day=_WEEKDAYS[day.weekday()],
        opened_at_us=instant.opened_us,
        captured_at_us=instant.captured_us,
        capture_kind=instant.kind.value,
        traded_symbol=traded,
        grading_price=(settings.general if trade is None else trade.entry).grading_price.value,
        evaluation_window_sec=instant.market.window_us // 1_000_000,
        window_ends_at_us=instant.until_us,
        wndw=(Outcome.NEUTRAL if trade is None else Outcome.PENDING).value,
        pnl_usd=_NOTHING if trade is None else None,
        reason=reason,
        **own,
        **({} if trade is None else _trade_fields(trade.entry)),
    )


def _trade_fields(entry: Entry) -> dict[str, Any]:
    return {
        "entry_side": entry.side.value,
        "entry_price": entry.price,
        "target_high": max(entry.target, entry.stop),
        "target_low": min(entry.target, entry.stop),
        "exit_price_at_entry": entry.exit_at_entry,
        "target_usd": entry.worth(entry.target),
        "stop_usd": entry.worth(entry.stop),
    }


def outcome_columns(resolution: Resolution, captured_us: int) -> dict[str, Any]:
    """The columns of a row that an outcome sets, as the table has them."""
    deciding = resolution.deciding
    is_hit = resolution.hit_type is not None
    return {
        "wndw": resolution.outcome.value,
        "target_hit_type": resolution.hit_type.value if resolution.hit_type else "",
        "target_hit_price": resolution.hit_price,
        "target_hit_at": utc(resolution.at_us) if is_hit else None,
        "pnl_usd": resolution.pnl_usd,
        "mark_to_market_usd": resolution.mark_to_market_usd,
        "resolution_reason": resolution.reason,
        "resolution_price": resolution.price,
        "resolution_quality": resolution.quality and resolution.quality.value,
        "resolved_at": utc(resolution.at_us),
        "elapsed_sec": Decimal(resolution.at_us - captured_us) / 1_000_000,
        "observations": resolution.observations,
        "deciding_stream_id": deciding.entry_id if deciding else "",
        "deciding_ts": utc(deciding.ts_us) if deciding else None,
        "deciding_source": deciding.source if deciding else "",
        "deciding_seq": deciding.seq if deciding else None,
        "deciding_bid": deciding.bid if deciding else None,
        "deciding_ask": deciding.ask if deciding else None,
        "deciding_last": deciding.last if deciding else None,
    }


def _difference(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other


def _percent(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    return None if part is None or not whole else percent(part, whole)
