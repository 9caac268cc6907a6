"""Rates, expected values and insights as JSON."""

from __future__ import annotations

from typing import Any, Final

from thor.market_open.filters import Filters

Answer = dict[str, Any]
_NO_RATE: Final[Answer] = {
    "sessions": 0, "entries": 0, "worked": 0, "didnt_work": 0, "expired": 0, "no_entry": 0, "error": 0, "pending": 0,
    "decided": 0, "hit_rate": None, "hit_rate_interval": None, "hit_rate_wilson": None, "effective_n": None,
    "hit_rate_of_entries": None, "base_rate": None, "base_rate_after_spread": None, "expected_value_per_contract": None,
    "expected_value_interval": None, "expected_value_decided": None, "total_pnl_usd": 0, "mean_resolution_sec": None,
    "median_resolution_sec": None, "days": 0, "gap_share": None, "low_sample": True,
}  # fmt: skip


async def stats(filters: Filters) -> Answer:
    """What came of the opens that match."""
    return {
        "filters": filters.as_json(), "overall": _NO_RATE, "by_market": [], "by_day": [], "by_market_day": [],
        "by_signal": [], "by_month": [], "resolution": {"mean_sec": None, "median_sec": None},
        "quality": {"exact": None, "gap": None, "bar_only": None, "n": 0}, "pnl_curve": [], "max_drawdown_usd": 0,
        "best": {"market": None, "day": None}, "left_out": {"manual": 0}, "missed": 0,
    }  # fmt: skip


async def insights(filters: Filters) -> Answer:
    """Who told what became of TOTAL's trade."""
    return {"filters": filters.as_json(), "base": _NO_RATE, "by_signal": [], "predictors": [], "comparisons": []}


async def questions(market: str | None, day: str | None, a: str | None, b: str | None) -> Answer:
    """The six questions."""
    del market, day, a, b
    return {"as_of": "", "answers": []}
