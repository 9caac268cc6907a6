"""Six questions that people ask of the opens, answered in a sentence each, with its sample (SPEC 8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from asgiref.sync import sync_to_async

from thor.market_open import figures, selectors, sums
from thor.market_open.analytics import Compared, Insight, Interval, Rate, Share, share_of
from thor.market_open.answers import json_value, symbol_of
from thor.market_open.config import TRADED
from thor.market_open.filters import FilterError, Filters, day_of_week
from thor.market_open.sums import Group
from thor.markets.live import MarketTable, market_table
from thor.markets.now import market_now
from thor.markets.session import instant_text
from thor.markets.trade_date import trade_date_span
from thor.runtime.problem import Problem
from thor.signals.composite import TOTAL
from thor.signals.config import Signal

Answer = dict[str, Any]
_MARKET, _DAY, _A, _B, _LONDON = "Japan", "Monday", "ES", "NQ", "United Kingdom"
_EVERYTHING: Final = Filters()
_FEW: Final = ", fewer than 30: low sample"


async def questions(market: str | None, day: str | None, a: str | None, b: str | None) -> Answer:
    """The six answers. Raises Problem 422."""
    table = await market_table()
    country = table.market(market or _MARKET).country
    try:
        weekday = day_of_week(day or _DAY)
    except FilterError as error:
        raise Problem(str(error).replace("day_of_week", "day"), status=422) from None
    one, other = await symbol_of(a or _A), await symbol_of(b or _B)
    if one == other or TOTAL in (one, other):
        raise Problem("a and b: give two instruments, such as a=ES&b=NQ", status=422)
    now_us = market_now().now_us
    return await sync_to_async(answers_of)(table, now_us, country, weekday, (one, other))


def answers_of(table: MarketTable, now_us: int, country: str, weekday: str, pair: tuple[str, str]) -> Answer:
    """The same, of a table of markets at an instant."""
    today = trade_date_span(now_us).trade_date
    rates = figures.rates_of(table, _EVERYTHING)
    found = sums.insights(_EVERYTHING.sampled, pair)
    return {
        "as_of": instant_text(now_us),
        "answers": [
            _hit_rate(rates, country, weekday),
            _best_market(rates),
            _strong_buy(found.by_signal, pair[0]),
            _this_week(table, today),
            _composite(rates.names, today),
            _better(found.pairs, pair, rates.overall.base_rate_after_spread),
        ],
    }


def _answer(name: str, question: str, answer: str, values: Mapping[str, Any]) -> Answer:
    return {"id": name, "question": question, "answer": answer, "figures": dict(values)}


# --- the six ---------------------------------------------------------------------------------------------------------


def _hit_rate(rates: figures.Rates, country: str, weekday: str) -> Answer:
    rate = rates.by_group.get(Group("market_day", country, weekday))
    where = f"{_place(rates, country)} on {weekday}s"
    question = f"What is the hit rate of {where}?"
    if rate is None or rate.hit_rate is None or rate.hit_rate_interval is None:
        return _answer("hit_rate", question, f"{where}: nothing was decided yet (n = 0).", {"n": 0})
    text = (
        f"{where}: {_pct(rate.hit_rate)} of {rate.decided} decided {_opens(rate.decided)} worked"
        f" ({_sure(rate.hit_rate_interval, rate.low_sample)}); {_by_chance(rate)}."
    )
    return _answer("hit_rate", question, text, {"country": country, "day": weekday, "n": rate.decided, **_of(rate)})


def _best_market(rates: figures.Rates) -> Answer:
    question = "Which market has the best expected value?"
    best = figures.best_of(rates, "market")
    if best is None:
        return _answer("best_market", question, "No market has an entry yet (n = 0).", {"n": 0})
    rate, country = rates.by_group[best], best.country or ""
    value = rate.expected_value_per_contract or 0.0
    text = (
        f"{_place(rates, country)}: {_usd(value)} a contract over {rate.entries}"
        f" {_entries(rate.entries)} ({_usd_span(rate.expected_value_interval)}{_FEW if rate.low_sample else ''});"
        " the best of several markets is partly luck."
    )
    values = {"country": country, "n": rate.entries, "expected_value": value, **_of(rate)}
    return _answer("best_market", question, text, _tidy(values))


def _strong_buy(found: list[Insight], symbol: str) -> Answer:
    question = f"Does a Strong Buy of {symbol} predict {TRADED}?"
    told = next((each for each in found if (each.symbol, each.signal) == (symbol, Signal.STRONG_BUY.value)), None)
    share = None if told is None else share_of(told.right)
    if told is None or share is None or told.base is None:
        text = f"{symbol} showed no Strong Buy at an open whose trade was decided (n = 0)."
        return _answer("strong_buy", question, text, {"symbol": symbol, "n": 0})
    base = told.base
    text = (
        f"{_verdict(share, base)}: after a Strong Buy of {symbol} {TRADED} rose first in {_pct(share.rate)} of"
        f" {share.n} decided {_opens(share.n)} ({_sure(share.interval, share.low_sample)});"
        f" by chance it would have in about {_pct(base)}."
    )
    values = {"symbol": symbol, **figures.share_json(share, "right"), "base": base}
    return _answer("strong_buy", question, text, _tidy(values))


def _verdict(share: Share, base: float) -> str:
    low, high = share.interval
    if low > base:
        return "Yes"
    return "No, rather the reverse" if high < base else "It cannot be told"


def _this_week(table: MarketTable, today: date) -> Answer:
    monday = today - timedelta(days=today.weekday())
    rate = figures.rates_of(table, Filters(start=monday, end=monday + timedelta(days=6))).overall
    total = rate.total_pnl_usd
    text = (
        f"{_usd(float(total))} a contract since Monday {monday.isoformat()}: {rate.entries} {_entries(rate.entries)},"
        f" {rate.worked} worked, {rate.didnt_work} didn't, {rate.expired} expired; {rate.pending} pending."
    )
    values = {
        "from": monday.isoformat(), "n": rate.entries, "total_pnl_usd": float(total), "worked": rate.worked,
        "didnt_work": rate.didnt_work, "expired": rate.expired, "pending": rate.pending,
    }  # fmt: skip
    return _answer("pnl_this_week", "What is the P&L of this week?", text, values)


def _composite(names: Mapping[str, str], today: date) -> Answer:
    name = names.get(_LONDON, _LONDON)
    question = f"What was the composite when {name} opened today?"
    rows = [row for row in selectors.totals_on(today).rows if row["country"] == _LONDON]
    if not rows:
        text = f"{name} has no capture of {today.isoformat()} yet (n = 0)."
        return _answer("composite", question, text, {"trade_date": today.isoformat(), "n": 0})
    row = rows[0]
    signal = str(row["bhs"]).replace("_", " ").title()
    text = (
        f"{signal} at {row['captured_at']:%H:%M:%S}Z: sum of signal weights {row['weight']:+d} of"
        f" {row['instrument_count']} instruments, weighted average {_plain(row['weighted_average'])} ({row['status']})."
    )
    values = {
        "trade_date": today.isoformat(), "signal": row["bhs"], "weight": row["weight"], "n": row["instrument_count"],
        "weighted_average": row["weighted_average"] and json_value(row["weighted_average"]), "status": row["status"],
        "session_id": row["session_id"], "captured_at": json_value(row["captured_at"]),
    }  # fmt: skip
    return _answer("composite", question, text, values)


def _better(found: list[Compared], pair: tuple[str, str], base: float | None) -> Answer:
    a, b = pair
    question = f"Does {a} predict {TRADED} better than {b}?"
    if not found:
        text = f"There is no decided open in which both {a} and {b} took a side (n = 0)."
        return _answer("better", question, text, {"a": a, "b": b, "n": 0})
    values = figures.comparison(found[0], list(pair), base)
    interval = values["interval"]
    n, few = values["n"], _FEW if values["low_sample"] else ""
    text = (
        f"{_which(a, b, interval, values['chance'])}: over {n} decided {_opens(n)} in which both took a side {a} was"
        f" right in {_pct(values['rate_a'])}, {b} in {_pct(values['rate_b'])}; the difference is"
        f" {_signed(values['difference'])} points ({_points(interval)}{few}), by chance {_signed(values['chance'])}."
    )
    return _answer("better", question, text, values)


def _which(a: str, b: str, interval: Interval | None, chance: float) -> str:
    if interval is None or interval[0] <= chance <= interval[1]:
        return "It cannot be told"
    return f"Yes, {a}" if interval[0] > chance else f"No, {b}"


# --- words -----------------------------------------------------------------------------------------------------------


def _place(rates: figures.Rates, country: str) -> str:
    name = rates.names.get(country, country)
    return name if name == country else f"{name} ({country})"


def _pct(share: float) -> str:
    return f"{share * 100:.0f} %"


def _opens(count: int) -> str:
    return "open" if count == 1 else "opens"


def _entries(count: int) -> str:
    return "entry" if count == 1 else "entries"


def _sure(interval: Interval, is_low: bool) -> str:
    return f"95 %: {interval[0] * 100:.0f} to {_pct(interval[1])}{_FEW if is_low else ''}"


def _by_chance(rate: Rate) -> str:
    return f"by chance about {_pct(rate.base_rate_after_spread or 0)} after the spread"


def _usd(value: float) -> str:
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def _usd_span(interval: Interval | None) -> str:
    return "too few days for an interval" if interval is None else f"95 %: {_usd(interval[0])} to {_usd(interval[1])}"


def _points(interval: Interval | None) -> str:
    if interval is None:
        return "too few days for an interval"
    return f"95 %: {_signed(interval[0])} to {_signed(interval[1])}"


def _signed(share: float) -> str:
    """Per cent without a sign of their own."""
    return f"{round(share * 100):+d}"


def _plain(value: Decimal | None) -> str:
    return "unknown" if value is None else f"{value.normalize():f}"


def _of(rate: Rate) -> Answer:
    names = (
        "hit_rate", "hit_rate_interval", "hit_rate_wilson", "effective_n", "base_rate", "base_rate_after_spread",
        "expected_value_per_contract", "expected_value_interval", "total_pnl_usd", "days", "low_sample",
    )  # fmt: skip
    said = figures.rate_json(rate)
    return {name: said[name] for name in names}


def _tidy(values: Answer) -> Answer:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in values.items()}
