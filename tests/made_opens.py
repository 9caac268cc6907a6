"""Made opens, by the rules of capture and grading: drawn prices, alike on a day, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from thor.instruments.instrument import BY_SYMBOL, INSTRUMENTS, InstrumentFacts
from thor.market_open.capture import CapturedRow, CaptureKind, Instant, View, both_sides, capture, outcome_columns
from thor.market_open.config import GlobalSettings, MarketOpenSettings, MarketSettings
from thor.market_open.grading import Deciding, Trade
from thor.markets.trade_date import epoch_us, utc
from thor.quotes.quote import Quote
from thor.quotes.rows import columns
from thor.signals.composite import Missing
from thor.signals.config import SETTINGS

#: Where prices begin, and how wide their spreads are, in ticks.
_PRICES = {
    "YM": (47_380, 4), "ES": (26_878, 1), "NQ": (100_200, 2), "RTY": (24_600, 2), "CL": (6_190, 1), "SI": (9_600, 2),
    "HG": (10_100, 1), "GC": (40_300, 2), "VX": (330, 1), "DX": (19_700, 1), "ZB": (3_750, 1),
}  # fmt: skip
WINDOW_US = 1_800_000_000
#: Hour UTC at which a market opens.
OPENS = {
    "Japan": 0.0, "China": 1.5, "India": 3.75, "Germany": 7.0, "Netherlands": 7.0, "United Kingdom": 8.0,
    "Pre_USA": 12.5, "USA": 13.5, "Canada": 13.55, "Mexico": 14.5, "CME_Futures": 22.0,
}  # fmt: skip


class Made(NamedTuple):
    """An open: its rows as the table has them, and the metrics that stand beside them."""

    rows: list[dict[str, Any]]
    metrics: list[dict[str, Any]]


def made_opens(
    days: Sequence[date], countries: Sequence[str] = tuple(OPENS), seed: int = 6, kind: CaptureKind = CaptureKind.OPEN
) -> Iterator[Made]:
    """Every market's open of every day, in order of time."""
    draw = random.Random(seed)
    settings = _settings(countries)
    for number, day in enumerate(days, 1):
        mood, luck = draw.gauss(0, 1), draw.gauss(0, 0.2)
        for market in settings.markets:
            yield _open(draw, settings, market, day, number, draw.gauss(mood, 0.7), luck, kind)


def weekdays(first: date, count: int) -> list[date]:
    """So many from a day on."""
    found = (first + timedelta(days=n) for n in range(count * 2 + 7))
    return [day for day in found if day.weekday() < 5][:count]


def _settings(countries: Sequence[str]) -> MarketOpenSettings:
    markets = tuple(MarketSettings(each, each, "UTC", True, WINDOW_US) for each in countries)
    return MarketOpenSettings(GlobalSettings(), markets)


def _open(
    draw: random.Random, settings: MarketOpenSettings, market: MarketSettings, day: date, number: int, mood: float,
    luck: float, kind: CaptureKind,
) -> Made:  # fmt: skip
    opened_us = epoch_us(datetime.combine(day, time(), UTC)) + int(OPENS[market.country] * 3_600_000_000)
    instant = Instant(market, day, opened_us, opened_us, opened_us + WINDOW_US, kind)
    views = [_view(draw, facts, opened_us, mood) for facts in INSTRUMENTS]
    trades = {view.symbol: both_sides(view, instant, BY_SYMBOL[view.symbol], settings) for view in views}
    captured = capture(instant, views, trades, settings, SETTINGS, {})
    rows = [
        columns(row) | {"session_number": number, "signal_counts": {}} | _outcome(draw, row, captured.trades, luck)
        for row in captured.effect.rows
    ]
    return Made(rows, [_metric(row) for row in rows if row["market_open"] is not None])


def _view(draw: random.Random, facts: InstrumentFacts, at_us: int, mood: float) -> View:
    ticks, spread = _PRICES[facts.symbol]
    own = next(each for each in SETTINGS.instruments if each.symbol == facts.symbol)
    assert own.thresholds is not None
    if facts.symbol == "DX" and draw.random() < 0.03:
        return View(facts.symbol, missing=Missing.NO_QUOTE)
    turned = -mood if own.is_bear else mood
    change = Decimal(str(round(turned + draw.gauss(0, 0.8), 3))) * own.thresholds.strong_buy
    baseline = facts.tick_size * ticks
    last = baseline + (change / facts.tick_size).to_integral_value() * facts.tick_size
    bid, ask = last, last + spread * facts.tick_size
    quote = Quote(
        facts.symbol, at_us - draw.randrange(1_000_000), "MOCK", last=last, bid=bid, ask=ask, bid_size=5, ask_size=7,
        volume=draw.randrange(1, 100_000), open=baseline, seq=at_us,
    )  # fmt: skip
    high, low = max(last, baseline) + facts.tick_size * 9, min(last, baseline) - facts.tick_size * 9
    return View(
        facts.symbol, quote, f"{at_us // 1000}-0", None, baseline, "close", high, low, high + 50 * facts.tick_size,
        low - 80 * facts.tick_size,
    )  # fmt: skip


def _outcome(draw: random.Random, row: CapturedRow, trades: dict[str, Trade], luck: float) -> dict[str, Any]:
    """Of a drawn path: the first touch is fair after the spread, but for the day's luck, which its rows share."""
    trade = trades.get(row.symbol)
    if trade is None:
        return {}
    entry = trade.entry
    at_us = entry.start_us + min(WINDOW_US - 1, int(draw.expovariate(1 / 240) * 1_000_000) + 1)
    fair = float(abs(entry.exit_at_entry - entry.stop) / abs(entry.target - entry.stop))
    drawn = draw.random()
    price = entry.target if drawn < fair + luck else entry.stop
    if draw.random() < 0.07:
        price = entry.exit_at_entry
    deciding = Deciding(f"{at_us // 1000}-0", entry.symbol, "MOCK", at_us, at_us, price, price, price)
    # One in twenty comes after a silence.
    trade.seen_us = entry.start_us if draw.random() < 0.05 else at_us - 1
    resolution = trade.observe(price, price, at_us, deciding) or trade.expire()
    assert resolution is not None
    return outcome_columns(resolution, entry.start_us)


def _metric(row: dict[str, Any]) -> dict[str, Any]:
    opened = row["market_open"]
    return {
        "market": row["country"], "symbol": row["symbol"], "trade_date": row["trade_date"], "opened": row["opened_at"],
        "updated": row["opened_at"], "market_open": opened, "market_high_open": opened, "market_high_pct_open": 0,
        "market_low_open": opened, "market_low_pct_open": 0, "closed": utc(epoch_us(row["opened_at"]) + WINDOW_US),
        "market_close": opened, "market_high_pct_close": 0, "market_low_pct_close": 0, "market_close_vs_open_pct": 0,
        "market_range": 0, "market_range_pct": 0, "session_volume": 1234,
    }  # fmt: skip
