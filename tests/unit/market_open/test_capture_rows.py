"""Every column of a captured row, worked out by hand from one quote and what is known of its day and year."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from tests.open_support import MARKET, OPEN_US, OpenDesk, made_config, made_settings, us
from thor.indicators.extremes import ExtremesSeeds, Seed
from thor.quotes.quote import Quote

D = Decimal
SETTLEMENT, ENTRY_AT = D("47300"), us("-2.5")


def captured() -> OpenDesk:
    """YM: lasts of 47250 and 47410 before, then 47384 with all fields; its 52 weeks 36700 to 47500."""
    config = made_config(made_settings())
    config = {**config, ExtremesSeeds: ExtremesSeeds({"YM": Seed(1, (D(47500), date(2025, 10, 3)), (D(36700), None))})}
    desk = OpenDesk(config)
    for number, last in enumerate((47250, 47410), start=1):
        desk.hear(_quote(us(f"-{100 - number}"), D(last), number), us(f"-{100 - number}"))
    desk.hear(
        _quote(ENTRY_AT, D(47384), 7, bid_size=3, ask_size=5, volume=1_234, open=D(47310), low=D(47200)), ENTRY_AT
    )
    desk.run_to(us("60"))
    return desk


def _quote(ts_us: int, last: Decimal, seq: int, **more: Any) -> Quote:
    return Quote(
        "YM", ts_us, "TOS", last, last - 4, last + 4, settlement=SETTLEMENT, close=D(47290), seq=seq, **more
    )  # fmt: skip


def test_every_column_of_an_instrument() -> None:
    row = captured().row("YM")
    found = {name: getattr(row, name) for name in (each.name for each in fields(row))}
    assert found == {
        "session_id": "usa-2025-10-09", "country": MARKET, "symbol": "YM", "trade_date": date(2025, 10, 9),
        "year": 2025, "month": 10, "date": 9, "day": "Thursday",
        "opened_at_us": OPEN_US, "captured_at_us": OPEN_US, "capture_kind": "OPEN",
        "bhs": "STRONG_BUY", "weight": 2, "stat_value": D(60), "contract_weight": D(1),
        "quote_ts_us": ENTRY_AT, "quote_age_ms": 2_500, "quote_source": "TOS", "quote_seq": 7,
        "quote_stream_id": "3-0", "bid_price": D(47380), "bid_size": 3, "ask_price": D(47388), "ask_size": 5,
        "last_price": D(47384), "spread": D(8), "volume": 1_234, "market_open": D(47384),
        # From the settlement, which goes before the close.
        "net_change": D(84), "baseline_from": "settlement", "prev_close_24h": SETTLEMENT,
        # 10 / 47300 = 0.02114 %
        "open_price_24h": D(47310), "open_prev_diff_24h": D(10), "open_prev_pct_24h": D("0.0211"),
        # The source's own low is lower than any last; 210 / 47300 = 0.44397 %
        "low_24h": D(47200), "high_24h": D(47410), "range_diff_24h": D(210), "range_pct_24h": D("0.4440"),
        # 10684 / 36700 = 29.11172 %; 116 / 47500 = 0.24421 %; 10800 / 47384 = 22.79250 %
        "low_52w": D(36700), "low_pct_52w": D("29.1117"), "high_52w": D(47500), "high_pct_52w": D("0.2442"),
        "range_52w": D(10800), "range_pct_52w": D("22.7925"),
        "weighted_average": None, "sum_weighted": None, "instrument_count": None, "status": "",
        "traded_symbol": "YM", "entry_side": "BUY", "entry_price": D(47388), "target_high": D(47408),
        "target_low": D(47368), "exit_price_at_entry": D(47380), "target_usd": D(100), "stop_usd": D(-100),
        "grading_price": "exit_side", "evaluation_window_sec": 60, "window_ends_at_us": OPEN_US + 60_000_000,
        "wndw": "PENDING", "pnl_usd": None, "reason": "",
    }  # fmt: skip


def test_every_column_of_total() -> None:
    """YM alone counts: seven are missing to eight."""
    row = captured().row("TOTAL")
    assert (row.bhs, row.weight, row.sum_weighted, row.weighted_average) == ("HOLD", 2, D(60), D("60.000"))
    assert (row.instrument_count, row.status, row.traded_symbol) == (1, "PARTIAL 1/11", "YM")
    assert (row.wndw, row.pnl_usd, row.entry_side, row.entry_price) == ("NEUTRAL", D(0), "", None)
    assert row.reason == "HOLD: 1 instruments count, 8 are wanted"
    empty = ("bid_price", "ask_price", "last_price", "quote_ts_us", "low_24h", "high_52w", "market_open", "volume")
    assert [getattr(row, name) for name in empty] == [None] * len(empty)
