"""The board over HTTP: quotes with what a desk makes of them, from memory, and as it changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.support import wait_until
from thor.quotes.quote import Quote, encode

Listen = Callable[..., Any]
NOW_ROW = {
    "symbol": "ES", "at": "2025-10-09T13:31:15.123456Z", "trade_date": "2025-10-09", "signal": "BUY", "reason": None,
    "change": 4.75, "change_pct": 0.0707, "baseline": 6714.5, "baseline_from": "settlement", "suspect": [],
}  # fmt: skip
TOTAL = {"signal": "HOLD", "status": "PARTIAL 1/11", "count": 1}


def publish(web: Any) -> None:
    """A quote on the unified stream."""
    ts_us = 1_760_016_675_123_456
    quote = Quote(
        "ES", ts_us, "MOCK", Decimal("6719.25"), Decimal("6719.00"), Decimal("6719.75"), 3, 12, 14, 1000,
        close=Decimal("6700.25"), settlement=Decimal("6714.50"), seq=1,
    )  # fmt: skip
    web.bus.xadd(web.stream, {"s": quote.symbol, "e": encode(quote)})


def say(web: Any, rows: list[dict[str, Any]], total: dict[str, Any] | None = None) -> None:
    """What a desk says of the board."""
    message = {"at": "2025-10-09T13:31:15.200000Z", "rows": rows} | ({"total": total} if total else {})
    pipe = web.bus.pipeline()
    for row in rows:
        pipe.hset(f"{web.namespace}:board:latest", row["symbol"], json.dumps(row))
    if total:
        pipe.hset(f"{web.namespace}:board:latest", "TOTAL", json.dumps(total))
    pipe.xadd(f"{web.namespace}:board:stream", {"b": json.dumps(message)})
    pipe.execute()


def latest(web: Any, path: str = "/api/quotes/latest") -> dict[str, Any]:
    found: dict[str, Any] = web.get(path).json()
    return found


def row(answer: dict[str, Any], symbol: str = "ES") -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in answer["rows"] if each["instrument"]["symbol"] == symbol)
    return found


def test_without_quotes_and_without_a_desk_every_instrument_has_its_row(web: Any) -> None:
    answer = latest(web)
    assert [each["instrument"]["symbol"] for each in answer["rows"]] == [
        "YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB",
    ]  # fmt: skip
    assert row(answer)["instrument"] == {
        "symbol": "ES", "name": "S&P 500 E-mini", "exchange": "CME", "tick_size": 0.25, "tick_value_usd": 12.5,
        "display_precision": 2,
    }  # fmt: skip
    assert {row(answer)[name] for name in ("bid", "last", "ts", "age_ms", "change", "extended_data")} == {None}
    assert (answer["total"], answer["board_at"]) == (None, None)


def test_a_row_is_the_quote_as_it_came_and_what_the_desk_made_of_it(web: Any) -> None:
    publish(web)
    say(web, [NOW_ROW], TOTAL)
    wait_until(lambda: latest(web)["total"] and row(latest(web))["last"], 10)
    found = row(latest(web))
    assert (found["bid"], found["ask"], found["last"], found["bid_size"], found["ask_size"]) == (
        6719.0, 6719.75, 6719.25, 12, 14,
    )  # fmt: skip
    assert (found["spread"], found["spread_ticks"], found["close_price"], found["settlement"]) == (
        0.75, 3, 6700.25, 6714.5,
    )  # fmt: skip
    assert (found["change"], found["change_pct"], found["change_from"]) == (4.75, 0.0707, "settlement")
    assert found["extended_data"] == NOW_ROW and found["source"] == "MOCK" and found["age_ms"] > 0
    assert latest(web)["total"] == TOTAL
    assert latest(web, "/api/futuretrading/quotes/latest/")["rows"][1]["last"] == 6719.25


def test_what_changes_is_told_beside_the_quotes_and_only_to_who_asked(web: Any, listen: Listen) -> None:
    asked, other = listen(web, "/api/quotes/stream?board=1"), listen(web)
    for each in (asked, other):
        each.until("hello")
    say(web, [NOW_ROW])
    told = json.loads(asked.until("board"))
    assert (told["rows"], told["at"]) == ([NOW_ROW], "2025-10-09T13:31:15.200000Z")
    web.add(1)
    assert other.take(1) and "board" not in [name for name, _ in other.events]
    assert asked.take(1) == other.ids  # the board's entries have no ids: they move no place
    assert web.get("/api/quotes/stream?board=2").status_code == 422


def test_a_web_process_that_comes_later_knows_the_board(make_web: Any) -> None:
    first = make_web().ready()
    say(first, [NOW_ROW], TOTAL)
    say(first, [NOW_ROW | {"signal": "HOLD"}])
    first.stop()
    second = first.start().ready()
    answer = latest(second)
    assert row(answer)["extended_data"]["signal"] == "HOLD" and answer["total"] == TOTAL
    assert answer["board_at"] == "2025-10-09T13:31:15.200000Z"


def test_what_no_desk_writes_is_passed_over(web: Any) -> None:
    web.bus.xadd(f"{web.namespace}:board:stream", {"b": "nonsense"})
    web.bus.xadd(f"{web.namespace}:board:stream", {"b": '{"at": 1}'})
    web.bus.xadd(f"{web.namespace}:board:stream", {"x": "y"})
    say(web, [NOW_ROW])
    wait_until(lambda: row(latest(web))["extended_data"] == NOW_ROW, 10)


def test_an_instrument_that_is_taken_off_the_board_leaves_within_a_second(web: Any) -> None:
    latest(web)
    import psycopg

    with psycopg.connect(web.environ["DATABASE_URL"], autocommit=True) as database:
        where = "instrument_id = (SELECT id FROM instruments_instrument WHERE symbol = 'RTY')"
        database.execute(f"UPDATE instruments_watchlistentry SET position = 99 WHERE {where}")  # type: ignore[arg-type]
        try:
            wait_until(lambda: latest(web)["rows"][-1]["instrument"]["symbol"] == "RTY", 1.5)
        finally:
            database.execute(f"UPDATE instruments_watchlistentry SET position = 3 WHERE {where}")  # type: ignore[arg-type]
