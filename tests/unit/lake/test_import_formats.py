"""Files of others: which rows they become, and what of them is not taken."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import databento_dbn
import polars as pl
import pytest
import zstandard

from thor.history.recording_file import RecordingError
from thor.lake.import_formats.dbn import open_dbn
from thor.lake.import_formats.lean import open_lean
from thor.lake.import_formats.opened import Opened, Wish
from thor.lake.import_formats.table import open_csv, open_parquet
from thor.lake.import_formats.times import TimeRule, utc_us, utc_us_expr
from thor.quotes.quote import QuoteRefusedError, format_ts

NEW_YORK = TimeRule("America/New_York")
#: Its stubs want lists where it takes one level, and texts for its enumerations.
dbn: Any = databento_dbn


def rows(opened: Opened, *names: str) -> list[tuple[Any, ...]]:
    """Columns of its rows, times as texts."""
    found = opened.frame.select("ts_us", *names).collect().rows()
    return [(None if at is None else format_ts(at), *rest) for at, *rest in found]


# --- times ------------------------------------------------------------------------------------------------------------

TIMES = {
    "1381104000": "2013-10-07T00:00:00.000000Z",
    "1381104000.276": "2013-10-07T00:00:00.276000Z",
    "1381104000276": "2013-10-07T00:00:00.276000Z",
    "1381104000276123": "2013-10-07T00:00:00.276123Z",
    "1381104000276123999": "2013-10-07T00:00:00.276123Z",
    "2013-10-07T00:00:00.2761239Z": "2013-10-07T00:00:00.276123Z",
    "2013-10-07 02:00:00+02:00": "2013-10-07T00:00:00.000000Z",
    "2013-10-06T19:00-0500": "2013-10-07T00:00:00.000000Z",
    "2013/10/07 09:30": "2013-10-07T13:30:00.000000Z",
    "20131007 093000.5": "2013-10-07T13:30:00.500000Z",
    "2013-11-03 00:30:00": "2013-11-03T04:30:00.000000Z",
    "2013-11-03 02:30:00": "2013-11-03T07:30:00.000000Z",
    "2013-11-03 01:30:00": None,
    "2013-03-10 02:30:00": None,
    "2013-02-30 00:00:00": None,
    "2013-10-07T23:59:60Z": None,
    "2013-10-07T24:00:00Z": None,
    "10/07/2013 09:30": None,
    "9999999999999999999": None,
    "": None,
    "soon": None,
}


def slowly(raw: str, rule: TimeRule) -> int | None:
    try:
        return utc_us(raw, rule)
    except QuoteRefusedError:
        return None


def test_times_of_every_spelling() -> None:
    assert {raw: None if (at := slowly(raw, NEW_YORK)) is None else format_ts(at) for raw in TIMES} == TIMES


LONDON = (TimeRule("Europe/London", "earliest"), TimeRule("Europe/London", "latest"))


@pytest.mark.parametrize("rule", [TimeRule(), NEW_YORK, *LONDON])
def test_a_column_of_times_is_read_as_each_by_itself(rule: TimeRule) -> None:
    texts = [*TIMES, "2013-10-27 01:30:00", "2013-03-31 01:30:00"]
    found = pl.DataFrame({"ts": texts}).select(utc_us_expr(pl.col("ts"), pl.String(), rule))["ts"].to_list()
    assert found == [slowly(raw, rule) for raw in texts]


def test_a_time_that_is_twice_is_the_one_that_was_asked_for() -> None:
    found = {each: utc_us("2013-11-03 01:30", TimeRule("America/New_York", each)) for each in ("earliest", "latest")}
    assert found["latest"] - found["earliest"] == 3_600_000_000


@pytest.mark.parametrize(
    ("raw", "said"),
    [("2013-11-03 01:30", "twice in America/New_York: give --ambiguous"), ("2013-03-10 02:30", "clocks skip it")],
)
def test_why_a_local_time_is_none(raw: str, said: str) -> None:
    with pytest.raises(QuoteRefusedError, match=said):
        utc_us(raw, NEW_YORK)


# --- CSV and Parquet --------------------------------------------------------------------------------------------------


def csv_file(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def test_columns_by_other_names_and_a_zone(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "Date;Time;Price;Qty;symbol\n20131007;09:30:00.250;1313.50;2;x\n", "a.csv.gz")
    wish = Wish("GC", {"ts": "Date+Time", "last": "Price", "last_size": "Qty"}, NEW_YORK)
    assert rows(open_csv(path, wish), "symbol", "last", "last_size", "place", "row") == [
        ("2013-10-07T13:30:00.250000Z", "GC", "1313.50", "2", 0, 1)
    ]


@pytest.mark.parametrize(
    ("text", "wish", "said"),
    [
        ("ts,symbol,last\n2013-10-07 09:30:00,GC,1\n", Wish(), "name no zone: give --tz"),
        ("ts,symbol\n1,GC\n", Wish(), "no column last, bid or ask"),
        ("ts,last\n1,2\n", Wish(), "no column symbol"),
        ("ts,last\n1,2\n", Wish("GC", {"price": "last"}), "price is no column of ours"),
        ("ts,last\n1,2\n", Wish("GC", {"last": "Price"}), "no column Price: it has ts, last"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, text: str, wish: Wish, said: str) -> None:
    with pytest.raises(RecordingError, match=said):
        open_csv(csv_file(tmp_path, text), wish).frame.collect()


def test_a_naive_column_needs_a_zone(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"ts": [datetime(2013, 10, 7, 9, 30)], "symbol": ["GC"], "last": [1.5]}).write_parquet(path)  # noqa: DTZ001
    with pytest.raises(RecordingError, match="--tz"):
        open_parquet(path, Wish())
    assert rows(open_parquet(path, Wish(times=NEW_YORK)), "last") == [("2013-10-07T13:30:00.000000Z", 1.5)]


def test_decimals_lose_the_zeros_of_their_column(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    prices = pl.Series(["1326.300000", "100.000000", "-0.250000"]).str.to_decimal(scale=6)
    at = [datetime(2013, 10, 7, tzinfo=UTC)] * 3
    pl.DataFrame({"ts": at, "symbol": ["GC"] * 3, "last": prices}).write_parquet(path)
    assert [each[1] for each in rows(open_parquet(path, Wish()), "last")] == ["1326.3", "100", "-0.25"]


def test_a_row_is_found_again_in_its_file(tmp_path: Path) -> None:
    opened = open_csv(csv_file(tmp_path, "ts,symbol,last\n1,GC,7\n2,GC,8\n"), Wish())
    assert opened.parts[0].rows([2]) == {2: {"ts": "2", "symbol": "GC", "last": "8"}}


# --- Lean -------------------------------------------------------------------------------------------------------------


def lean_file(folder: Path, where: str, members: Mapping[str, str]) -> Path:
    """A zip file as Lean lays them out (its own readme of Data/future and Data/equity)."""
    path = folder / where
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def gold(folder: Path) -> list[Path]:
    trades = lean_file(
        folder, "future/comex/tick/gc/20131007_trade.zip",
        {"20131007_gc_tick_trade_201312_20131227.csv": "276,1313.7,1,comex,,0\n3600500,1313.6,2,comex,null,1\n",
         "20131007_gc_tick_trade_201402.csv": "300,1314,5,comex,,0\n"},
    )  # fmt: skip
    quotes = lean_file(
        folder, "future/comex/tick/gc/20131007_quote.zip",
        {"20131007_gc_tick_quote_201312_20131227.csv": "275,1313.5,3,0,0,comex,0\n"},
    )  # fmt: skip
    return [trades, quotes]


def test_futures_ticks_of_lean(tmp_path: Path) -> None:
    names = ("symbol", "contract", "event", "last", "last_size", "bid", "bid_size", "ask", "ask_size", "venue", "place")
    found = rows(open_lean(gold(tmp_path), Wish()), *names)
    assert found == [
        ("2013-10-07T00:00:00.276000Z", "GC", "GCZ13", "trade", "1313.7", "1", *[None] * 4, "comex", 0),
        ("2013-10-07T01:00:00.500000Z", "GC", "GCZ13", "trade", "1313.6", "2", *[None] * 4, "comex", 2),
        ("2013-10-07T00:00:00.300000Z", "GC", "GCG14", "trade", "1314", "5", *[None] * 4, "comex", 4),
        ("2013-10-07T00:00:00.275000Z", "GC", "GCZ13", "quote", None, None, "1313.5", "3", None, None, "comex", 1),
    ]


def test_a_row_of_lean_has_its_number_whatever_is_read_with_it(tmp_path: Path) -> None:
    trades, quotes = gold(tmp_path)
    together = open_lean([trades, quotes], Wish()).frame.select("event", "place").collect()
    alone = open_lean([quotes], Wish()).frame.select("event", "place").collect()
    assert together.filter(event="quote").equals(alone)


def test_shares_of_lean_are_in_ten_thousandths_and_new_york(tmp_path: Path) -> None:
    text = "34200000,481250,100,P,10,0\n34200001,4812500,7,P,,0\n"
    path = lean_file(tmp_path, "equity/usa/tick/aig/20131007_trade.zip", {"20131007_aig_tick_trade.csv": text})
    assert rows(open_lean([path], Wish()), "symbol", "last", "condition", "contract") == [
        ("2013-10-07T13:30:00.000000Z", "AIG", "48.125", "10", None),
        ("2013-10-07T13:30:00.001000Z", "AIG", "481.25", None, None),
    ]


def test_bars_of_lean_are_ticks_at_their_ends_when_asked_for(tmp_path: Path) -> None:
    path = lean_file(tmp_path, "future/cme/minute/es/20131007_trade.zip",
                     {"20131007_es_minute_trade_201312.csv": "60000,1676,1677,1675,1676.5,42\n"})  # fmt: skip
    with pytest.raises(RecordingError, match="--bars-as-ticks"):
        open_lean([path], Wish())
    assert rows(open_lean([path], Wish(bars_as_ticks=True)), "last", "last_size", "contract") == [
        ("2013-10-07T00:02:00.000000Z", "1676.5", "42", "ESZ13")
    ]


@pytest.mark.parametrize(
    ("where", "member", "said"),
    [
        ("future/cme/daily/es_trade.zip", "es_trade_201312.csv", "hours and days are not taken"),
        ("future/cme/tick/es/20131007_openinterest.zip", "20131007_es_tick_openinterest_201312.csv", "openinterest"),
        ("elsewhere/20131007_trade.zip", "20131007_aig_tick_trade.csv", "keep Lean's folders"),
        ("forex/new/tick/eurusd/20131007_quote.zip", "20131007_eurusd_tick_quote.csv", "give --tz"),
    ],
)
def test_what_of_lean_is_not_taken(tmp_path: Path, where: str, member: str, said: str) -> None:
    with pytest.raises(RecordingError, match=said):
        open_lean([lean_file(tmp_path, where, {member: "1,1,1\n"})], Wish())


# --- DBN --------------------------------------------------------------------------------------------------------------

AT_NS = 1_381_104_000_276_123_999
PX = dbn.FIXED_PRICE_SCALE


def dbn_file(folder: Path, schema: str, records: list[Any], name: str = "a.dbn", symbol: str = "GCZ3") -> Path:
    """A file whose bytes are the official encoder's."""
    interval = SimpleNamespace(start_date=date(2013, 10, 7), end_date=date(2013, 10, 9), symbol="42")
    metadata = dbn.Metadata(
        dataset="GLBX.MDP3", start=AT_NS, stype_in=dbn.SType.RAW_SYMBOL, stype_out=dbn.SType.INSTRUMENT_ID,
        schema=dbn.Schema.from_str(schema), symbols=[symbol],
        mappings=[SimpleNamespace(raw_symbol=symbol, intervals=[interval])],
    )  # fmt: skip
    data = bytes(metadata) + b"".join(map(bytes, records))
    path = folder / name
    path.write_bytes(zstandard.compress(data) if name.endswith(".zst") else data)
    return path


def common(**more: Any) -> dict[str, Any]:
    given = {"publisher_id": 1, "instrument_id": 42, "ts_event": AT_NS - 900, "ts_recv": AT_NS, "sequence": 77}
    return given | {"side": dbn.Side.BID, "size": 2, "price": 13137 * PX // 10} | more


def book(bid: float, ask: float | None) -> Any:
    ask_px = dbn.UNDEF_PRICE if ask is None else int(ask * PX)
    return dbn.BidAskPair(
        bid_px=int(bid * PX), ask_px=ask_px, bid_sz=3, ask_sz=0 if ask is None else 4, bid_ct=1, ask_ct=1
    )


NAMES = (
    "symbol",
    "contract",
    "event",
    "last",
    "last_size",
    "bid",
    "bid_size",
    "ask",
    "ask_size",
    "condition",
    "vendor_seq",
)


@pytest.mark.parametrize("name", ["a.dbn", "a.dbn.zst"])
def test_trades_of_databento(tmp_path: Path, name: str) -> None:
    path = dbn_file(tmp_path, "trades", [dbn.TradeMsg(action=dbn.Action.TRADE, depth=0, **common())], name)
    with open_dbn(path, Wish()) as opened:
        assert rows(opened, *NAMES) == [
            ("2013-10-07T00:00:00.276123Z", "GC", "GCZ13", "trade", "1313.7", "2", *[None] * 4, "buy", "77")
        ]


def test_top_of_book_of_databento(tmp_path: Path) -> None:
    records = [
        dbn.MBP1Msg(action=dbn.Action.ADD, depth=0, levels=book(1313.5, None), **common()),
        dbn.MBP1Msg(action=dbn.Action.TRADE, depth=0, levels=book(1313.5, 1313.75), **common(side=dbn.Side.ASK)),
    ]
    with open_dbn(dbn_file(tmp_path, "mbp-1", records), Wish()) as opened:
        found = [each[3:] for each in rows(opened, *NAMES)]
    assert found == [
        ("quote", None, None, "1313.5", "3", None, None, None, "77"),
        ("trade", "1313.7", "2", "1313.5", "3", "1313.75", "4", "sell", "77"),
    ]


def test_snapshots_of_databento_are_of_the_end_of_their_second(tmp_path: Path) -> None:
    record = dbn.BBOMsg(rtype=dbn.RType.BBO_1S, levels=book(1313.5, 1314), **common(price=dbn.UNDEF_PRICE))
    with open_dbn(dbn_file(tmp_path, "bbo-1s", [record]), Wish()) as opened:
        assert rows(opened, *NAMES[2:9]) == [
            ("2013-10-07T00:00:00.276123Z", None, None, None, "1313.5", "3", "1314", "4")
        ]


@pytest.mark.parametrize(
    ("symbol", "wanted"), [("ES.c.0", ("ES", None)), ("ESZ13", ("ES", "ESZ13")), ("ESH4", ("ES", "ESH14"))]
)
def test_symbols_of_databento(tmp_path: Path, symbol: str, wanted: tuple[str, str | None]) -> None:
    records = [dbn.TradeMsg(action=dbn.Action.TRADE, depth=0, **common())]
    with open_dbn(dbn_file(tmp_path, "trades", records, symbol=symbol), Wish()) as opened:
        assert rows(opened, "symbol", "contract")[0][1:] == wanted


def test_what_of_databento_is_not_taken(tmp_path: Path) -> None:
    bar = dbn.OHLCVMsg(rtype=dbn.RType.OHLCV_1S, publisher_id=1, instrument_id=42, ts_event=AT_NS,
                       open=PX, high=PX, low=PX, close=PX, volume=1)  # fmt: skip
    with (
        pytest.raises(RecordingError, match="holds ohlcv-1s: trades, tbbo, mbp-1, bbo-1s, bbo-1m are taken"),
        open_dbn(dbn_file(tmp_path, "ohlcv-1s", [bar]), Wish()),
    ):
        pass


@pytest.mark.parametrize("cut", [3, 150, -20])
def test_a_file_of_databento_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = dbn_file(tmp_path, "trades", [dbn.TradeMsg(action=dbn.Action.TRADE, depth=0, **common())])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(RecordingError, match=r"a\.dbn"), open_dbn(path, Wish()):
        pass
