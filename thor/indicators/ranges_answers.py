"""What is answered about intraday metrics and the 52 weeks: the desk's rows as JSON."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from asgiref.sync import sync_to_async

from thor.indicators.models import IntradayMetric, Rolling52WeekStats
from thor.instruments.answers import instrument_named
from thor.markets.models import Market
from thor.markets.trade_date import epoch_us
from thor.quotes.quote import format_ts
from thor.runtime.asgi import shown
from thor.runtime.problem import Problem

_METRICS: Final = (
    "market_open", "market_high_open", "market_high_pct_open", "market_low_open", "market_low_pct_open",
    "market_close", "market_high_pct_close", "market_low_pct_close", "market_close_vs_open_pct", "market_range",
    "market_range_pct", "session_volume",
)  # fmt: skip
_EXTREMES: Final = (
    "symbol", "high_52w", "high_52w_date", "low_52w", "low_52w_date", "all_time_high", "all_time_high_date",
    "all_time_low", "all_time_low_date", "last_price_checked", "last_updated",
)  # fmt: skip


async def metrics(symbol: str, market: str | None) -> dict[str, Any]:
    """The newest session of each market, or of one. Raises Problem 422."""
    facts = await instrument_named(symbol)
    return {"symbol": facts.symbol, "rows": await sync_to_async(_metrics)(facts.symbol, market)}


def _metrics(symbol: str, market: str | None) -> list[dict[str, Any]]:
    found = IntradayMetric.objects.filter(symbol=symbol)
    if market is not None:
        if not Market.objects.filter(country=market).exists():
            raise Problem(f"market: {shown(market)} is none of this Thor; /api/markets lists them", status=422)
        found = found.filter(market=market)
    newest = found.order_by("market", "-trade_date").distinct("market")
    return [_metric(row) for row in sorted(newest, key=lambda row: (row.opened, row.market), reverse=True)]


def _metric(row: IntradayMetric) -> dict[str, Any]:
    times = {"opened_at": row.opened, "updated_at": row.updated, "closed_at": row.closed}
    said = {"market": row.market, "trade_date": row.trade_date, **times}
    return {name: _json(value) for name, value in {**said, **_values(row, _METRICS)}.items()}


@sync_to_async
def extremes() -> dict[str, Any]:
    """Of every instrument that was heard."""
    rows = Rolling52WeekStats.objects.all()
    return {"rows": [{name: _json(value) for name, value in _values(row, _EXTREMES).items()} for row in rows]}


def _values(row: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _json(value: Any) -> Any:
    """Prices as numbers without a column's trailing zeros, times and dates as text."""
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, datetime):
        return format_ts(epoch_us(value))
    return value.isoformat() if isinstance(value, date) else value
