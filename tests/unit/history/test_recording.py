"""Recordings: columns by any spelling, numbers to the last digit, event rows merged, and what cannot be replayed."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor.history.providers.replay import ReplayProvider
from thor.history.recording import Merger, Row, exact, whole
from thor.quotes.provider import ProviderSettings, SourceLostError
from thor.quotes.quote import Quote, QuoteRefusedError, Reason, accept, encode
from thor.runtime.fakes import FixedClock

NOW_US = 1_795_000_000_000_000
T0 = datetime(2025, 10, 9, 13, 30, tzinfo=UTC)


def row(**given: Any) -> Row:
    blank = dict.fromkeys(Row._fields)
    return Row(**{**blank, "symbol": "ES", "ts_us": 1_760_016_600_000_000, **given})


def merged(*rows: Row) -> list[Quote]:
    merger = Merger()
    return [merger.quote(each, NOW_US + number) for number, each in enumerate(rows)]


def book(quote: Quote) -> tuple[Any, ...]:
    return quote.last, quote.last_size, quote.bid, quote.bid_size, quote.ask, quote.ask_size


def test_event_rows_carry_what_earlier_rows_said() -> None:
    quotes = merged(
        row(event="quote", bid=10.0, bid_size=1.0),
        row(event="quote", ask=10.25, ask_size=2.0),
        row(event="trade", last=10.25, last_size=3.0),
        row(event="quote", bid=10.0, bid_size=4.0),
    )
    assert [book(quote) for quote in quotes] == [
        (None, None, 10, 1, None, None),
        (None, None, 10, 1, Decimal("10.25"), 2),
        (Decimal("10.25"), 3, 10, 1, Decimal("10.25"), 2),
        (Decimal("10.25"), 3, 10, 4, Decimal("10.25"), 2),
    ]
    assert [quote.meta["event"] for quote in quotes] == ["quote", "quote", "trade", "quote"]


def test_a_size_belongs_to_its_price() -> None:
    first, second, third = merged(
        row(event="quote", bid=10.0, bid_size=5.0), row(event="quote", bid=11.0), row(event="quote", bid_size=7.0)
    )
    assert (second.bid, second.bid_size) == (11, None)
    assert (third.bid, third.bid_size) == (11, 7)
    assert first.bid_size == 5


@pytest.mark.parametrize("event", ["snapshot", None])
def test_snapshot_rows_are_taken_as_they_are(event: str | None) -> None:
    _, second = merged(row(event=event, last=1.0, bid=2.0), row(event=event, ask=3.0))
    assert book(second) == (None, None, None, None, 3, None)
    assert "event" not in second.meta


def test_symbols_and_contracts_do_not_mix() -> None:
    quotes = merged(
        row(event="trade", symbol="GC", contract="GCZ13", last=1.0),
        row(event="quote", symbol="GC", contract="GCG14", bid=2.0),
        row(event="quote", symbol="ES", bid=3.0),
        row(event="quote", symbol="/GCZ13", bid=4.0),
    )
    assert [book(quote)[0] for quote in quotes] == [1, None, None, 1]
    assert [quote.meta.get("contract") for quote in quotes] == ["GCZ13", "GCG14", None, "GCZ13"]
    assert [quote.symbol for quote in quotes] == ["GC", "GC", "ES", "GC"]


def test_the_recorded_time_and_the_files_own_number_are_kept() -> None:
    (quote,) = merged(row(last=1.0, seq=7, venue="CME", condition="buy", volume=12.0, close=0.5))
    assert quote.meta == {"recorded_ts": "2025-10-09T13:30:00.000000Z", "vendor_seq": 7}
    assert (quote.ts_us, quote.source, quote.seq, quote.venue) == (NOW_US, "REPLAY", None, "CME")
    assert (quote.condition, quote.volume, quote.close) == ("buy", 12, Decimal("0.5"))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"last": math.inf}, Reason.NOT_FINITE),
        ({"last": "abc"}, Reason.WRONG_TYPE),
        ({"last": 1e12}, Reason.OUT_OF_RANGE),
        ({"last": 0.1234567}, Reason.OUT_OF_RANGE),
        ({"last": 1.0, "last_size": 1.5}, Reason.WRONG_TYPE),
        ({"last": 1.0, "last_size": -1.0}, Reason.NEGATIVE_SIZE),
        ({"last": 1.0, "volume": 2**63}, Reason.OUT_OF_RANGE),
        ({"last": 1.0, "volume": math.inf}, Reason.NOT_FINITE),
        ({"last": 1.0, "venue": "a\x00b"}, Reason.CONTROL_CHARACTER),
        ({"last": 1.0, "contract": "x" * 65}, Reason.OUT_OF_RANGE),
        ({"last": 1.0, "ts_us": None}, Reason.BAD_TIME),
        ({"last": 1.0, "symbol": "e s!"}, Reason.BAD_SYMBOL),
        ({"last": 1.0, "symbol": None}, Reason.BAD_SYMBOL),
        ({"volume": 5}, Reason.NO_PRICE),
    ],
)
def test_a_row_that_is_no_quote_is_refused_with_its_reason(given: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(QuoteRefusedError) as caught:
        merged(row(**given))
    assert caught.value.reason is reason


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4))
def test_a_price_survives_the_float_of_its_file(price: Decimal) -> None:
    assert exact(float(price)) == price


@pytest.mark.parametrize(
    ("raw", "text"),
    [(0.1, "0.1"), (4758.0, "4758"), ("5342.00", "5342.00"), (Decimal("1.50"), "1.50"), ("1e3", "1000"),
     (7, "7"), (-0.0, "0")],
)  # fmt: skip
def test_numbers_by_their_shortest_spelling(raw: object, text: str) -> None:
    assert str(exact(raw)) == text


@pytest.mark.parametrize(("raw", "size"), [(23.0, 23), ("23", 23), (0, 0), (None, None), (Decimal("5"), 5)])
def test_sizes_are_whole_numbers(raw: object, size: int | None) -> None:
    assert whole(raw) == size


@given(
    st.lists(
        st.builds(
            row,
            event=st.sampled_from(["trade", "quote", "snapshot", None]),
            last=st.none() | st.floats() | st.integers(),
            bid=st.none() | st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
            ask_size=st.none() | st.floats(),
            venue=st.none() | st.text(max_size=70),
        ),
        max_size=20,
    )
)
def test_whatever_is_not_refused_passes_the_bus(rows: list[Row]) -> None:
    merger = Merger()
    for each in rows:
        try:
            quote = merger.quote(each, NOW_US)
        except QuoteRefusedError:
            continue
        accept(encode(quote, 1), NOW_US, {"ES"})


# --- files ----------------------------------------------------------------------------------------------------------


def frame(count: int = 5, **columns: Any) -> pl.DataFrame:
    times = [T0 + timedelta(seconds=n) for n in range(count)]
    return pl.DataFrame(
        {"symbol": ["ES"] * count, "ts": times, "last": [float(n + 1) for n in range(count)], **columns}
    )


def provider(*paths: Path, clock: FixedClock | None = None, **given: Any) -> ReplayProvider:
    settings = ProviderSettings(replay_files=paths, **{"replay_speed": math.inf, **given})
    found = ReplayProvider(settings, clock or FixedClock(NOW_US))
    found.connect()
    return found


def play(found: ReplayProvider) -> list[Quote]:
    quotes: list[Quote] = []
    while not found.finished:
        quotes += found.poll()  # type: ignore[arg-type]
    return quotes


def test_parquet_and_csv_give_the_same_quotes(tmp_path: Path) -> None:
    table = frame(bid=[1.25, None, 0.1, 2.0, -3.5], bid_size=[1.0, None, 3.0, 4.0, 0.0], cum_volume=[1, 2, 3, 4, 5])
    table.write_parquet(tmp_path / "a.parquet")
    table.write_csv(tmp_path / "a.csv", datetime_format="%Y-%m-%dT%H:%M:%S%.9fZ")
    one, two = play(provider(tmp_path / "a.parquet")), play(provider(tmp_path / "a.csv"))
    assert [(book(q), q.volume, q.meta) for q in one] == [(book(q), q.volume, q.meta) for q in two]
    assert [q.volume for q in one] == [1, 2, 3, 4, 5]


def test_a_csv_keeps_its_digits_and_may_count_in_milliseconds(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Symbol,TS,Last,LastSize,Cum_Volume\n/ESZ25:XCME,2025-10-09T08:30:00.5-05:00,5342.00,3,10\n")
    (quote,) = play(provider(path))
    assert (str(quote.last), quote.last_size, quote.volume) == ("5342.00", 3, 10)
    assert quote.meta == {"recorded_ts": "2025-10-09T13:30:00.500000Z", "contract": "ESZ25"}
    frame().with_columns(pl.col("ts").dt.epoch("ms")).write_parquet(tmp_path / "b.parquet")
    assert play(provider(tmp_path / "b.parquet"))[1].meta["recorded_ts"] == "2025-10-09T13:30:01.000000Z"


def test_nanoseconds_are_cut(tmp_path: Path) -> None:
    times = pl.Series("ts", [1_760_016_600_000_000_999]).cast(pl.Datetime("ns", "UTC"))
    frame(1).with_columns(ts=times).write_parquet(tmp_path / "a.parquet")
    (quote,) = play(provider(tmp_path / "a.parquet"))
    assert quote.meta["recorded_ts"] == "2025-10-09T13:30:00.000000Z"


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Decimal(18, 2), pl.String])
def test_prices_of_any_column_type(tmp_path: Path, dtype: Any) -> None:
    frame(2, ask=[0.1, 6719.25]).with_columns(pl.col("ask").cast(dtype)).write_parquet(tmp_path / "a.parquet")
    assert [quote.ask for quote in play(provider(tmp_path / "a.parquet"))] == [Decimal("0.1"), Decimal("6719.25")]


def test_rows_out_of_order_are_sorted_stably(tmp_path: Path) -> None:
    table = frame(4).with_columns(ts=pl.Series([T0 + timedelta(seconds=s) for s in (2, 1, 2, 1)]))
    table.write_parquet(tmp_path / "a.parquet")
    found = provider(tmp_path / "a.parquet")
    assert found.sorted_here
    assert [int(quote.last or 0) for quote in play(found)] == [2, 4, 1, 3]


def test_several_files_are_played_as_one(tmp_path: Path) -> None:
    frame(3).write_parquet(tmp_path / "a.parquet")
    frame(3).with_columns(symbol=pl.lit("GC"), ts=pl.col("ts").dt.offset_by("500ms")).write_csv(
        tmp_path / "b.csv", datetime_format="%+"
    )
    found = provider(tmp_path / "a.parquet", tmp_path / "b.csv")
    assert found.symbols == {"ES", "GC"}
    assert [quote.symbol for quote in play(found)] == ["ES", "GC"] * 3


def test_only_wanted_symbols(tmp_path: Path) -> None:
    frame(4).with_columns(symbol=pl.Series(["ES", "/GCZ25", "GC", "AAPL"])).write_parquet(tmp_path / "a.parquet")
    found = provider(tmp_path / "a.parquet", symbols=("GC",))
    assert found.rows == 2
    assert {quote.symbol for quote in play(found)} == {"GC"}


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    path = tmp_path / "gc.parquet"
    frame(
        6, last_size=[1.0, 50.0, 1.0, 1.0, 1.0, 1.0], contract=["GCZ13", "GCG14", "GCZ13", "GCZ13", "GCG14", "GCM14"]
    ).write_parquet(path)
    return path


def test_of_several_contracts_the_most_traded_is_played(contracts: Path) -> None:
    found = provider(contracts)
    (choice,) = found.choices
    assert (choice.symbol, choice.contracts, choice.rows_left_out) == ("ES", ("GCG14",), 4)
    assert set(choice.others) == {"GCZ13", "GCM14"}
    assert {quote.meta["contract"] for quote in play(found)} == {"GCG14"}


def test_contracts_can_be_chosen(contracts: Path) -> None:
    assert len(play(provider(contracts, replay_contracts=("all",)))) == 6
    assert len(play(provider(contracts, replay_contracts=("GCZ13", "GCM14")))) == 4
    with pytest.raises(SourceLostError, match="contract GCX1 is not in the file: it has GCG14, GCM14, GCZ13"):
        provider(contracts, replay_contracts=("GCX1",))


def test_at_speed_rows_come_at_their_spacing(tmp_path: Path) -> None:
    frame(5).write_parquet(tmp_path / "a.parquet")
    clock = FixedClock(NOW_US)
    found = provider(tmp_path / "a.parquet", clock=clock, replay_speed=10)
    times = []
    for _ in range(50):
        times += [quote.ts_us for quote in found.poll()]
        clock.advance(0.01)
    assert times == [NOW_US + n * 100_000 for n in range(5)]


def test_who_cannot_keep_up_takes_the_pace_up_again_from_now(tmp_path: Path) -> None:
    frame(10).write_parquet(tmp_path / "a.parquet")
    clock = FixedClock(NOW_US)
    found = provider(tmp_path / "a.parquet", clock=clock, replay_speed=1)
    assert len(found.poll()) == 1
    clock.advance(3600)
    assert [event.ts_us for event in found.poll()] == [clock.now_us()]
    clock.advance(1)
    assert len(found.poll()) == 1


def test_at_full_speed_times_never_fall(tmp_path: Path) -> None:
    frame(5000).write_parquet(tmp_path / "a.parquet")
    clock = FixedClock(NOW_US)
    found = provider(tmp_path / "a.parquet", clock=clock)
    first = found.poll()
    clock.advance(-5)
    second = found.poll()
    assert first[-1].ts_us == second[0].ts_us == NOW_US
    assert len(first) + len(second) == 4000


def test_after_a_loss_it_goes_on_where_it_was(tmp_path: Path) -> None:
    frame(5000).write_parquet(tmp_path / "a.parquet")
    found = provider(tmp_path / "a.parquet")
    quotes = list(found.poll())
    found.close()
    found.connect()
    quotes += play(found)
    assert [int(quote.last or 0) for quote in quotes] == list(range(1, 5001))  # type: ignore[union-attr]


def test_refused_rows_are_counted_by_reason(tmp_path: Path) -> None:
    frame(4).with_columns(last=pl.Series([1.0, None, math.nan, math.inf])).write_parquet(tmp_path / "a.parquet")
    found = provider(tmp_path / "a.parquet")
    assert len(play(found)) == 1
    assert found.refused == {Reason.NO_PRICE: 2, Reason.NOT_FINITE: 1}
    assert found.rows_read == 4


def test_a_text_time_without_a_zone_is_refused_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("symbol,ts,last\nES,2025-10-09T13:30:00,1\nES,2025-10-09T13:30:00Z,2\n")
    found = provider(path)
    assert [quote.last for quote in play(found)] == [2]
    assert found.refused == {Reason.BAD_TIME: 1}


def bad(tmp_path: Path, table: pl.DataFrame | None = None, text: str | None = None, name: str = "a.parquet") -> str:
    path = tmp_path / name
    if table is not None:
        table.write_parquet(path)
    if text is not None:
        path.write_text(text)
    with pytest.raises(SourceLostError) as caught:
        provider(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_cannot_be_replayed_is_one_clear_line(tmp_path: Path) -> None:
    assert "does not exist" in bad(tmp_path)
    assert "is empty" in bad(tmp_path, text="", name="e.csv")
    assert "cannot be read" in bad(tmp_path, text="no parquet at all")
    assert "neither .parquet nor .csv" in bad(tmp_path, text="x", name="a.txt")
    assert "has no rows to replay" in bad(tmp_path, frame().clear())
    assert "has no column ts: it has symbol, last" in bad(tmp_path, frame().drop("ts"))
    assert "has no column symbol and no last, bid or ask" in bad(tmp_path, frame().select("ts"))
    assert "has two columns for last: last and Last" in bad(tmp_path, frame().with_columns(Last=1.0))
    assert "the times have no zone" in bad(tmp_path, frame().with_columns(pl.col("ts").dt.replace_time_zone(None)))
    assert "column ts holds Float64" in bad(tmp_path, frame().with_columns(ts=1.5))
    assert "column last holds Boolean, wanted numbers" in bad(tmp_path, frame().with_columns(last=True))
    assert "column symbol: 'E S!'" in bad(tmp_path, frame().with_columns(symbol=pl.lit("E S!")))
