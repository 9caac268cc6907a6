"""What is answered about market opens: rows, cards and paths as JSON. Figures are in ``figures``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from asgiref.sync import sync_to_async

from thor.instruments.answers import instrument_named
from thor.market_open import selectors
from thor.market_open.filters import ALL, FilterError, Filters, listed, sort_of, trade_date
from thor.market_open.filters import understood as filters_of
from thor.market_open.grading import Outcome
from thor.market_open.models import MissedCapture
from thor.market_open.selectors import Read, Tally, Values
from thor.market_open.targets import target_and_stop
from thor.markets.calendar import Calendar, TransitionKind
from thor.markets.live import MarketTable, market_table
from thor.markets.models import Market
from thor.markets.now import market_now
from thor.markets.session import instant_text
from thor.markets.trade_date import epoch_us, trade_date_span
from thor.quotes.quote import format_ts
from thor.runtime.problem import Problem
from thor.signals.composite import TOTAL

Answer = dict[str, Any]
_SESSION_ID: Final = re.compile(r"[\w-]{1,60}", re.ASCII)
_ONE: Final = Decimal(1)
NOON: Final = time(12)
DAY_US: Final = 86_400_000_000
_DECIDING: Final = ("stream_id", "ts", "source", "seq", "bid", "ask", "last")
_QUOTE: Final = ("ts", "age_ms", "source", "seq", "stream_id")


# --- what is asked for -----------------------------------------------------------------------------------------------


async def understood(
    *, market: Sequence[str], day_of_week: Sequence[str], start_date: str | None, end_date: str | None,
    outcome: Sequence[str], signal: Sequence[str], symbol: str | None, kind: Sequence[str],
) -> Filters:  # fmt: skip
    """The filters of a question. Raises Problem 422."""
    table = await market_table()
    countries = tuple(dict.fromkeys(table.market(name).country for name in listed(market)))
    try:
        found = filters_of(
            days=day_of_week, start=start_date, end=end_date, outcomes=outcome, signals=signal, kinds=kind
        )
    except FilterError as error:
        raise Problem(str(error), status=422) from None
    return found._replace(markets=countries, symbol=await symbol_of(symbol, or_all=True))


async def symbol_of(text: str | None, *, or_all: bool = False) -> str:
    """TOTAL by default, an instrument in any spelling, or ``ALL``. Raises Problem 422."""
    if text is None or text.casefold() == TOTAL.casefold():
        return TOTAL
    if or_all and text.casefold() == ALL:
        return ALL
    return (await instrument_named(text)).symbol


# --- answers ---------------------------------------------------------------------------------------------------------


async def history(filters: Filters, sort: str | None, page: int, page_size: int) -> Answer:
    """A page of rows and the sums of all that match. Raises Problem 422."""
    try:
        by = sort_of(sort)
    except FilterError as error:
        raise Problem(str(error), status=422) from None
    return await sync_to_async(history_of)(await market_table(), filters, by, page, page_size)


def history_of(table: MarketTable, filters: Filters, sort: str, page: int, page_size: int) -> Answer:
    """The same, of a table of markets."""
    names = names_of(table)
    summary = summary_of(selectors.tallies(filters), selectors.missed(filters).count(), names)
    total = summary["sessions"]
    if filters.symbol == ALL:
        summary["sessions"] = selectors.sessions(filters)
    found = selectors.page_of(filters, sort, page, page_size)
    return {
        "rows": rows_json(found, names),
        "total": total,
        "page": page,
        "page_size": page_size,
        "sort": sort,
        "summary": summary,
        "filters": filters.as_json(),
    }


async def session(session_id: str) -> Answer:
    """The 12 rows of an open. Raises Problem 404."""
    return await sync_to_async(session_of)(await market_table(), known_form(session_id))


def session_of(table: MarketTable, session_id: str) -> Answer:
    """The same, of a table of markets."""
    rows = rows_json(selectors.rows_of_session(session_id), names_of(table))
    if not rows:
        raise no_session(session_id)
    head = (
        "session_id", "session_number", "country", "display_name", "trade_date", "day", "opened_at", "captured_at",
        "capture_kind", "window_ends_at",
    )  # fmt: skip
    audit = [{name: json_value(value) for name, value in each.items()} for each in selectors.audit_of(session_id)]
    return {name: rows[-1][name] for name in head} | {"rows": rows, "audit": audit}


def known_form(session_id: str) -> str:
    """A session's id, if it can be one. Raises Problem 404."""
    if not _SESSION_ID.fullmatch(session_id):
        raise no_session(session_id)
    return session_id


def no_session(session_id: str) -> Problem:
    """Nothing was captured under that name."""
    return Problem(f"no such open: {session_id[:60]!a}; /api/market-open/history lists them", status=404)


async def pending(symbol: str | None) -> Answer:
    """The rows that are graded now. Raises Problem 422."""
    asked = await symbol_of(symbol, or_all=True)
    names = names_of(await market_table())
    return {"rows": rows_json(await sync_to_async(selectors.pending_rows)(asked), names)}


# --- rows ------------------------------------------------------------------------------------------------------------


def names_of(table: MarketTable) -> dict[str, str]:
    """Market -> what people call it, in the order of the places."""
    return {each.country: each.display_name for each in table.markets}


def rows_json(found: Read, names: Mapping[str, str]) -> list[Answer]:
    """Rows as the API writes them."""
    return [_row(row, names, found.missing) for row in found.rows]


def _row(row: Values, names: Mapping[str, str], missing: Mapping[str, list[tuple[str, str]]]) -> Answer:
    said = {name: json_value(value) for name, value in row.items() if not name.startswith(("deciding_", "quote_"))}
    del said["id"]
    target, stop = target_and_stop(row["entry_side"], said["target_high"], said["target_low"])
    return said | {
        "display_name": names.get(row["country"], row["country"]),
        "future": row["symbol"],
        "entry_side": row["entry_side"] or None,
        "target_hit_type": row["target_hit_type"] or None,
        "outcome": Outcome(row["wndw"]).text,
        "target": target,
        "stop": stop,
        "quote": _nested(row, "quote_", _QUOTE),
        "deciding": _nested(row, "deciding_", _DECIDING),
        "missing": _missing(row, missing),
        "signal_counts": {signal: _counts(each) for signal, each in row["signal_counts"].items()},
    }


def _nested(row: Values, prefix: str, names: Iterable[str]) -> Answer | None:
    """Columns of one quote as an object; null where there is none."""
    if row[f"{prefix}ts"] is None:
        return None
    return {name: json_value(row[prefix + name]) for name in names}


def _counts(counts: Mapping[str, Any]) -> Answer:
    """A signal's counts; the table keeps its shares as text."""
    return {name: tidy(Decimal(value)) if isinstance(value, str) else value for name, value in counts.items()}


def _missing(row: Values, missing: Mapping[str, list[tuple[str, str]]]) -> list[Answer] | None:
    if row["symbol"] != TOTAL:
        return None
    return [{"symbol": symbol, "reason": reason} for symbol, reason in missing.get(row["session_id"], ())]


def tidy(value: Decimal) -> Decimal:
    """Without trailing zeros behind the point, and without an exponent."""
    found = value.normalize()
    return found if found.as_tuple().exponent <= 0 else found.quantize(_ONE)  # type: ignore[operator]


def json_value(value: Any) -> Any:
    """Numbers without a column's trailing zeros, times and dates as text."""
    if isinstance(value, Decimal):
        return tidy(value)
    if isinstance(value, datetime):
        return format_ts(epoch_us(value))
    return value.isoformat() if isinstance(value, date) else value


# --- sums ------------------------------------------------------------------------------------------------------------


def summary_of(tallies: Sequence[Tally], missed: int, names: Mapping[str, str]) -> Answer:
    """What came of rows, over all of them. An entry is a trade whose P&L is known."""
    counts = {outcome: sum(each.counts.get(outcome, 0) for each in tallies) for outcome in Outcome}
    worked, didnt_work = counts[Outcome.WORKED], counts[Outcome.DIDNT_WORK]
    decided = worked + didnt_work
    return {
        "sessions": sum(each.sessions for each in tallies),
        "worked": worked,
        "didnt_work": didnt_work,
        "expired": counts[Outcome.EXPIRED],
        "no_entry": counts[Outcome.NEUTRAL],
        "error": counts[Outcome.ERROR],
        "pending": counts[Outcome.PENDING],
        "missed": missed,
        "entries": decided + counts[Outcome.EXPIRED],
        "hit_rate": round(worked / decided, 6) if decided else None,
        "total_pnl_usd": tidy(sum((each.pnl_usd for each in tallies), Decimal(0))),
        "best_market": _best_market(tallies, names),
    }


def _best_market(tallies: Sequence[Tally], names: Mapping[str, str]) -> Answer | None:
    traded = [each for each in tallies if each.entries]
    if not traded:
        return None
    best = max(traded, key=lambda each: each.pnl_usd)
    name = names.get(best.country, best.country)
    return {"country": best.country, "display_name": name, "pnl_usd": tidy(best.pnl_usd)}


# --- a day -----------------------------------------------------------------------------------------------------------


async def today(day: str | None) -> Answer:
    """The cards of a trade date, by default of the present one. Raises Problem 422 or 503."""
    try:
        wanted = trade_date("date", day)
    except FilterError as error:
        raise Problem(str(error), status=422) from None
    now_us = market_now().now_us
    table = await market_table()
    return await sync_to_async(today_of)(table, wanted or trade_date_span(now_us).trade_date, now_us)


def today_of(table: MarketTable, day: date, now_us: int) -> Answer:
    """The same, of a table of markets at an instant."""
    names = names_of(table)
    found = selectors.totals_on(day)
    sessions = {row["country"]: row for row in rows_json(found, names)}
    misses = {each.country: each for each in selectors.missed(Filters(start=day, end=day))}
    nothing_is, off = selectors.switched_off()
    cards = [
        _card(table, market, day, now_us, sessions.get(market.country), misses.get(market.country),
              is_off=nothing_is or market.country in off)
        for market in table.active()
        if _captures(market) or market.country in sessions or market.country in misses
    ]  # fmt: skip
    return {
        "date": day.isoformat(),
        "as_of": instant_text(now_us),
        "markets": sorted(cards, key=lambda card: card["opens_at"] or "~"),
        "summary": summary_of(
            selectors.tallies(Filters(start=day, end=day)), sum(card["state"] == "missed" for card in cards), names
        ),
    }


def _captures(market: Market) -> bool:
    return market.enable_futures_capture and market.enable_open_capture


def _card(
    table: MarketTable, market: Market, day: date, now_us: int, session: Answer | None, miss: MissedCapture | None,
    *, is_off: bool,
) -> Answer:  # fmt: skip
    calendar = table.calendar_of(market)
    opens_us, closes_us = _span_of(calendar, day)
    note = calendar.note(day)
    if session is not None:
        state = "captured"
    elif miss is not None:
        state = "missed"
    elif is_off or not _captures(market) or calendar.is_special(day):
        state = "off"
    else:
        state = _awaited(calendar, day, opens_us, closes_us, now_us)
    return {
        "country": market.country,
        "display_name": market.display_name,
        "timezone": market.timezone_name,
        "opens_at": None if opens_us is None else instant_text(opens_us),
        "closes_at": None if closes_us is None else instant_text(closes_us),
        "state": state,
        "holiday_name": note.name or None if note else None,
        "session": session,
        "missed": None if miss is None else _miss(miss),
    }


def _awaited(calendar: Calendar, day: date, opens_us: int | None, closes_us: int | None, now_us: int) -> str:
    """The state of a market of which no capture and no miss is written."""
    if opens_us is None:
        is_known = calendar.first_us <= epoch_us(datetime.combine(day, NOON, UTC)) < calendar.end_us
        return "holiday" if is_known else "upcoming"
    if now_us < opens_us:
        return "upcoming"
    # Its session is over and nothing was written: no desk saw it.
    return "open" if closes_us is None or now_us < closes_us else "missed"


def _span_of(calendar: Calendar, day: date) -> tuple[int | None, int | None]:
    """When the session of a local date opens and closes."""
    noon_us = epoch_us(datetime.combine(day, NOON, UTC))
    turns = [
        turn for turn in calendar.transitions(noon_us - 2 * DAY_US, noon_us + 2 * DAY_US) if turn.trade_date == day
    ]
    opens = [turn.at_us for turn in turns if turn.kind is TransitionKind.OPEN]
    closes = [turn.at_us for turn in turns if turn.kind is TransitionKind.CLOSE]
    return (opens[0] if opens else None), (closes[-1] if closes else None)


def _miss(miss: MissedCapture) -> Answer:
    return {"opened_at": json_value(miss.opened_at), "noted_at": json_value(miss.noted_at), "error": miss.error}
