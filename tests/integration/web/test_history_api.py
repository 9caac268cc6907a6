"""The history API at a real web process: ES with two dates in files and the third only stored, NQ only stored."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.integration.web.conftest import Web
from tests.integration.web.test_markets_api import make_database
from tests.integration.web.test_web_api import assert_problem
from tests.lake_support import bars_table, list_in, ticks_table
from thor.lake.files import write_table
from thor.lake.layout import Timeframe, bars_part, ticks_part
from thor.lake.store import LocalStore

OLD, MIDDLE, NEW = date(2025, 12, 15), date(2025, 12, 16), date(2025, 12, 17)
#: ES rolls from Z25 to H26 on Monday, the 15th: the difference was not measured; of VX neither.
BARS = "/api/history/bars?symbol=ES&timeframe=1m"
TICKS = "/api/history/ticks?symbol=ES"


@pytest.fixture(scope="module")
def api(database_url: str, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    environ = make_database(database_url, valkey_url, "lake_api").environ
    folder = tmp_path_factory.mktemp("lake")
    environ = environ | {"THOR_DATA_DIR": str(folder), "THOR_HISTORY_RATE": "160/m"}
    fill(LocalStore(Path(folder)), environ["DATABASE_URL"])
    with psycopg.connect(environ["DATABASE_URL"]) as connection:
        connection.execute(
            "CREATE TABLE ticks_made PARTITION OF ticks FOR VALUES FROM ('2025-12-13 00:00Z') TO ('2025-12-20 00:00Z')"
        )
        connection.cursor().executemany(
            "INSERT INTO ticks (symbol, ts, last, volume, source, seq, trade_date, stream_id, extra)"
            " VALUES ('ES', %s, %s, %s, 'MOCK', %s, '2025-12-17', %s, '{\"meta\": {\"contract\": \"ESH26\"}}')",
            [
                ("2025-12-17T15:00:00Z", "106.00", 100, 1, "1765983600000-0"),
                ("2025-12-17T15:00:30Z", "107.25", 130, 2, "1765983630000-0"),
                ("2025-12-17T15:00:30Z", "107.50", 131, 3, "1765983630000-1"),
            ],
        )
        connection.execute(
            "CREATE TABLE ticks_old PARTITION OF ticks FOR VALUES FROM ('2025-10-04 00:00Z') TO ('2025-10-11 00:00Z')"
        )
        connection.cursor().executemany(
            "INSERT INTO ticks (symbol, ts, last, volume, source, seq, trade_date, stream_id)"
            " VALUES ('NQ', %s, %s, %s, 'MOCK', %s, '2025-10-09', %s)",
            [
                ("2025-10-09T13:31:10Z", "5342.00", 100, 1, "1760016670000-0"),
                ("2025-10-09T13:31:50Z", "5342.50", 130, 2, "1760016710000-0"),
                ("2025-10-09T13:33:10Z", "5341.75", 131, 3, "1760016790000-0"),
            ],
        )
        connection.execute(
            "INSERT INTO lake_rolldifference (symbol, from_contract, to_contract, trade_date, difference, measured,"
            " by_hand) VALUES ('ES', 'ESZ25', 'ESH26', '2025-12-15', 50.25, 'by hand', true)"
        )
        connection.execute(
            "INSERT INTO instruments_roll (instrument_id, from_contract, to_contract, effective, decided_by, reason)"
            " SELECT id, 'ESZ25', 'ESH26', '2025-12-16', 'days_before', '' FROM instruments_instrument"
            " WHERE symbol = 'ES'"
        )
    web = Web(environ, environ["THOR_NAMESPACE"], environ["REDIS_URL"]).start().ready()
    yield web
    assert web.stop() == 0


def fill(store: LocalStore, database_url: str) -> None:
    for day, contract in ((OLD, "ESZ25"), (MIDDLE, "ESH26")):
        bars = bars_table("ES", day, contract=contract)
        for part, table in (
            (ticks_part(day, "ES"), ticks_table("ES", day)),
            (bars_part(day, "ES", Timeframe.MINUTE), bars),
        ):
            list_in(database_url, part, write_table(store, part, table, "test", {}))


def test_bars_of_files_and_of_stored_ticks_are_one_series(api: Web) -> None:
    found = api.get(BARS).json()
    assert [(bar["ts"][8:16], bar["open"], bar["close"], bar["session"]) for bar in found["bars"]] == [
        *((f"{day}T12:0{n}", 100.0 + n, 100.0 + n, "RTH" if n % 2 else "ETH") for day in (15, 16) for n in range(5)),
        ("17T15:00", 106.0, 107.5, "RTH"),
    ]
    assert [bar["contract"] for bar in found["bars"]] == ["ESZ25"] * 5 + ["ESH26"] * 6
    assert (found["newest"], found["truncated"]) == ("2025-12-17T15:00:30.000000Z", False)
    assert found["rolls"] == [
        {"trade_date": "2025-12-16", "from_contract": "ESZ25", "to_contract": "ESH26", "difference": 50.25}
    ]


def test_a_limit_takes_the_newest(api: Web) -> None:
    every = api.get(BARS).json()["bars"]
    for limit in (1, 6, 11, 12):
        found = api.get(f"{BARS}&limit={limit}").json()
        assert (found["bars"], found["truncated"]) == (every[-limit:], limit < len(every))
    assert api.get(f"{BARS}&limit=10001").status_code == api.get(f"{BARS}&limit=0").status_code == 422


def test_prices_before_a_roll_are_moved_by_its_difference(api: Web) -> None:
    raw, moved = api.get(BARS).json()["bars"], api.get(f"{BARS}&adjust=difference").json()["bars"]
    by = {"2025-12-15": 50.25, "2025-12-16": 0, "2025-12-17": 0}
    for one, two in zip(raw, moved, strict=True):
        for name in ("open", "high", "low", "close", "vwap"):
            assert two[name] == one[name] + by[one["trade_date"]]
        assert (two["volume"], two["spread_mean"]) == (one["volume"], one["spread_mean"])


def test_spans_and_regular_hours(api: Web) -> None:
    asked = {
        "&session=rth": ["15T12:01", "15T12:03", "16T12:01", "16T12:03", "17T15:00"],
        "&start=2025-12-16T12:03:59Z": ["16T12:03", "16T12:04", "17T15:00"],
        "&end=2025-12-15T12:02:00Z": ["15T12:00", "15T12:01"],
        "&start=2025-12-15T12:04:00Z&end=2025-12-16T12:01:00Z": ["15T12:04", "16T12:00"],
        "&start=2025-12-18T12:00:00Z": [],
        "&end=2025-12-15T00:00:00Z": [],
    }
    for span, times in asked.items():
        assert [bar["ts"][8:16] for bar in api.get(BARS + span).json()["bars"]] == times, span


def rows_of(content: bytes, form: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table_of(content, form).to_pylist()
    return found


def table_of(content: bytes, form: str) -> pa.Table:
    if form == "arrow":
        return pa.ipc.open_stream(content).read_all()
    if form == "parquet":
        return pq.read_table(io.BytesIO(content))
    kinds = {"contract": pa.string(), "stream_id": pa.string(), "session": pa.string()}
    options = pa.csv.ConvertOptions(column_types=kinds, strings_can_be_null=True)
    return pa.csv.read_csv(io.BytesIO(content), convert_options=options)


@pytest.mark.parametrize("form", ["csv", "parquet", "arrow"])
def test_files_hold_what_json_says(api: Web, form: str) -> None:
    reply = api.get(f"{BARS}&format={form}&start=2025-12-15T12:01:00Z&adjust=difference")
    assert reply.headers["content-disposition"] == f'attachment; filename="ES-bars-1m-2025-12-15.{form}"'
    told = api.get(f"{BARS}&start=2025-12-15T12:01:00Z&adjust=difference").json()["bars"]
    rows = rows_of(reply.content, form)
    names = ("open", "high", "low", "close", "volume", "vwap", "tick_count", "session", "contract")
    assert [[row[name] for name in names] for row in rows] == [[bar[name] for name in names] for bar in told]
    assert {row["timeframe"] for row in rows} == {"1m"}

    ticks = rows_of(api.get(f"{TICKS}&format={form}").content, form)
    told = api.get(TICKS).json()["ticks"]
    assert [(float(row["last"]), row["seq"]) for row in ticks] == [(tick["last"], tick["seq"]) for tick in told]


def test_ticks_page_by_page_are_all_of_them_in_order(api: Web) -> None:
    whole = api.get(TICKS).json()
    assert (len(whole["ticks"]), whole["next"]) == (13, None)
    assert [tick["seq"] for tick in whole["ticks"]] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 1, 2, 3]
    for limit in (1, 2, 5, 12, 13):
        found, after = [], ""
        while True:
            page = api.get(f"{TICKS}&limit={limit}&after={quote(after)}").json()
            found += page["ticks"]
            if page["next"] is None:
                break
            after = page["next"]
        assert found == whole["ticks"], limit
    span = api.get(f"{TICKS}&start=2025-12-15T12:00:03Z&end=2025-12-17T15:00:30Z").json()["ticks"]
    assert [tick["last"] for tick in span] == [104.25, 100.25, 101.25, 102.25, 103.25, 104.25, 106.0]


def test_what_is_over_is_told_once(api: Web) -> None:
    over = f"{BARS}&end=2025-12-16T22:00:00Z"
    reply = api.get(over)
    assert reply.headers["cache-control"] == "private, no-cache"
    again = api.get(over, headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert api.get(f"{over}&session=rth", headers={"If-None-Match": reply.headers["etag"]}).status_code == 200
    assert api.get(BARS).headers["cache-control"] == "no-store"


def test_what_there_is_of_each_date(api: Web) -> None:
    found = api.get("/api/history/coverage?start=2025-12-01&end=2025-12-31").json()
    cells = {day["trade_date"]: day["cells"] for day in found["days"]}
    assert found["symbols"][:2] == ["YM", "ES"]
    assert [(cell["symbol"], cell["state"], cell["ticks"], cell["bars"]) for cell in cells["2025-12-16"]] == [
        ("ES", "exported", 5, ["1m"])
    ]
    summary = found["summary"]
    assert (summary["first_date"], summary["last_date"], summary["ticks"], summary["files"]) == (
        "2025-12-15", "2025-12-16", 10, 4,
    )  # fmt: skip


def test_rolls_up_to_the_next_one(api: Web) -> None:
    rolls = api.get("/api/history/rolls?symbol=ES").json()["rolls"]
    known = next(roll for roll in rolls if roll["from_contract"] == "ESZ25")
    assert known == {
        "trade_date": "2025-12-16", "from_contract": "ESZ25", "to_contract": "ESH26", "difference": 50.25,
        "measured": "by hand", "decided_by": "roll calendar",
    }  # fmt: skip
    dates = [roll["trade_date"] for roll in rolls]
    assert dates == sorted(dates)


@pytest.mark.parametrize(
    "name", ["bars?symbol=ES&timeframe=1m&", "ticks/?symbol=ES&", "rolls?symbol=ES&", "coverage/?"]
)
def test_old_names_answer_the_same(api: Web, name: str) -> None:
    new = name.replace("/?", "?")
    assert api.get(f"/api/thordata/{name}").json() == api.get(f"/api/history/{new}").json()


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("bars?symbol=../../etc/passwd&timeframe=1m", "symbol: "),
        ("bars?symbol=ES%00&timeframe=1m", "symbol: "),
        ("bars?symbol=ES'; DROP TABLE ticks--&timeframe=1m", "symbol: "),
        (f"bars?symbol={'E' * 5000}&timeframe=1m", "symbol: "),
        ("bars?symbol=ES&timeframe=1m&format=exe", "format: "),
        ("bars?symbol=ES&timeframe=1m&adjust=ratio", "adjust: "),
        ("bars?symbol=ES&timeframe=1m&session=night", "session: "),
        ("bars?symbol=ES&timeframe=1m&start=NaN", "start: 'NaN' is no instant"),
        ("bars?symbol=ES&timeframe=1m&start=9999-12-31T23:59:59Z", "start: "),
        ("bars?symbol=ES&timeframe=1m&start=2025-12-17T00:00:00Z&end=2025-12-16T00:00:00Z", "end is not after start"),
        ("ticks?symbol=ES&limit=0", "limit: "),
        ("ticks?symbol=ES&limit=1e9", "limit: "),
        ("ticks?symbol=ES&after=%FF%FE", "after: "),
        ("ticks?symbol=ES&after=AAAA", "after: "),
        (
            "ticks?symbol=ES&format=csv&start=2001-01-01T00:00:00Z&end=2025-12-31T00:00:00Z",
            "start and end are 9130 days",
        ),
        ("coverage?start=2025-13-01", "start: '2025-13-01' is no trade date"),
        ("coverage?start=0001-01-01&end=9999-12-31", "end: '9999-12-31' is no trade date"),
        ("coverage?start=2025-02-01&end=2025-01-01", "end: 2025-01-01 lies before"),
        ("quality", "give trade_date, symbol, or both"),
        ("quality?trade_date=today", "trade_date: 'today' is no trade date"),
        ("rolls", "symbol: Field required"),
    ],
)
def test_odd_questions_are_told_in_one_line(api: Web, query: str, detail: str) -> None:
    problem = assert_problem(api.get(f"/api/history/{query}"), 422)
    assert problem["detail"].startswith(detail)


def test_huge_spans_are_answered(api: Web) -> None:
    wide = "&start=1900-01-01T00:00:00Z&end=2199-12-31T00:00:00Z"
    assert len(api.get(BARS + wide).json()["bars"]) == 11
    assert len(api.get(TICKS + wide).json()["ticks"]) == 13
    assert api.get("/api/history/coverage?start=2010-01-01&end=2029-12-31").status_code == 200


# --- what is only stored --------------------------------------------------------------------------------------------


def test_bars_up_to_the_newest_tick(api: Web) -> None:
    reply = api.get("/api/history/bars?symbol=NQ&timeframe=1m")
    assert reply.headers["cache-control"] == "no-store"
    more = {"trade_date": "2025-10-09", "bid_close": None, "ask_close": None, "spread_mean": None, "contract": None}
    assert reply.json() == {
        "symbol": "NQ", "timeframe": "1m", "adjust": "none", "rolls": [], "truncated": False,
        "newest": "2025-10-09T13:33:10.000000Z",
        "bars": [
            {"ts": "2025-10-09T13:31:00.000000Z", "open": 5342.0, "high": 5342.5, "low": 5342.0, "close": 5342.5,
             "volume": 30, "vwap": 5342.5, "tick_count": 2, "session": "RTH"} | more,
            {"ts": "2025-10-09T13:33:00.000000Z", "open": 5341.75, "high": 5341.75, "low": 5341.75, "close": 5341.75,
             "volume": 1, "vwap": 5341.75, "tick_count": 1, "session": "RTH"} | more,
        ],
    }  # fmt: skip


@pytest.mark.parametrize("timeframe", Timeframe)
def test_every_timeframe_answers(api: Web, timeframe: Timeframe) -> None:
    bars = api.get(f"/api/history/bars?symbol=%2Fnq&timeframe={timeframe}").json()["bars"]
    assert sum(bar["tick_count"] for bar in bars) == 3
    assert api.get(f"/api/history/bars?symbol=RTY&timeframe={timeframe}").json()["bars"] == []


def test_a_span_of_stored_ticks(api: Web) -> None:
    asked = "/api/history/bars?symbol=NQ&timeframe=1m"
    found = {
        "&start=2025-10-09T13:32:00Z": ["13:33"],
        "&end=2025-10-09T13:33:00Z": ["13:31"],
        "&start=2025-10-09T08:31:30-05:00&end=2025-10-09T13:33:01Z": ["13:31", "13:33"],
        "&start=2001-10-09T08:00:00Z&end=2099-10-09T13:33:01Z": ["13:31", "13:33"],
        "&start=2025-10-10T08:00:00Z": [],
    }
    for span, times in found.items():
        assert [bar["ts"][11:16] for bar in api.get(asked + span).json()["bars"]] == times, span


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("timeframe=1m", "symbol: Field required"),
        ("symbol=NQ", "timeframe: Field required"),
        ("symbol=NQ&timeframe=2m", "timeframe: Input should be '1s', '5s', '1m', '5m', '15m', '1h' or '1d'"),
        ("symbol=ZZ&timeframe=1m", "no such instrument: ZZ; /api/instruments lists them"),
        ("symbol=%20&timeframe=1m", "symbol: "),
        ("symbol=NQ&timeframe=1m&start=noon", "start: 'noon' is no instant: give ISO 8601 with a zone"),
        ("symbol=NQ&timeframe=1m&end=2025-10-09T13:31:00", "end: '2025-10-09T13:31:00' is no instant"),
        (
            "symbol=NQ&timeframe=1m&start=2025-10-09T13:31:00Z&end=2025-10-09T13:31:00Z",
            "end is not after start: give a later one",
        ),
    ],
)
def test_a_wrong_question_is_told_in_one_line(api: Web, query: str, detail: str) -> None:
    problem = assert_problem(api.get(f"/api/history/bars?{query}"), 422)
    assert problem["detail"].startswith(detail)


# --- last, since nothing is answered after it -----------------------------------------------------------------------


def test_who_asks_too_much_is_told_when_to_come_back(api: Web) -> None:
    replies = (api.get("/api/history/quality") for _ in range(161))
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert assert_problem(refused, 429)["detail"].startswith("too many questions")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert api.get("/api/instruments").status_code == 200
