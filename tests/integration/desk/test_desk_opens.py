"""Market opens at a desk on real servers: 12 rows in one commit, graded once, whatever ends the desk and whenever."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests.desk_support import ALPHA, BEGIN, BEGIN_US, MINUTE_US, payload
from tests.integration.desk.conftest import Crash, DeskBench, crash_at
from tests.integration.market_open.stored import forget, store
from thor.desk.models import Alert
from thor.desk.store import DeskStore
from thor.desk.worker import DeskWorker
from thor.instruments.instrument import INSTRUMENTS
from thor.instruments.services import seed_instruments
from thor.market_open.audit import faults
from thor.market_open.chain import links
from thor.market_open.models import AuditRecord, GlobalConfig, MarketSession, MissedCapture
from thor.markets.models import Market
from thor.signals.services import seed_signals

SECOND = 1_000_000
SYMBOLS = [each.symbol for each in INSTRUMENTS]
BEARS = ("VX", "DX", "GC", "ZB")
Quotes = Sequence[tuple[str, int, dict[str, Any]]]


@pytest.fixture
def bench(desk_bench: DeskBench) -> DeskBench:
    """A desk whose market Alpha is captured as it opens, at the first instant of the recording."""
    seed_instruments()
    seed_signals()
    Market.objects.filter(country=ALPHA).update(enable_futures_capture=True, enable_open_capture=True)
    desk_bench.record(BEGIN_US - 60 * SECOND)
    return desk_bench


def say(bench: DeskBench, until_us: int, quotes: Quotes) -> list[str]:
    """Quotes (symbol, ts, fields) on the stream, and simulated time up to ``until_us``. Their ids."""
    ids = []
    for symbol, ts_us, fields in quotes:
        bench.seq += 1
        event = payload(symbol, ts_us, bench.seq, **fields)
        entry_id = f"{ts_us // 1000}-{bench.seq}"
        bench.client.xadd(bench.keys.unified, {"s": symbol, "e": event}, id=entry_id)
        ids.append(entry_id)
    bench.client.hset(bench.keys.replay, mapping={"watermark_us": until_us, "last_id": ids[-1]})
    return ids


def at(last: float, spread: float = 1) -> dict[str, Any]:
    return {"last": last, "bid": last, "ask": last + spread, "settlement": 1000}


def rising(ts_us: int) -> Quotes:
    """All 11 say that markets rise: the bears fall."""
    return [(symbol, ts_us, at(960 if symbol in BEARS else 1040)) for symbol in SYMBOLS]


def won(after_us: int = BEGIN_US) -> Quotes:
    """YM is entered at 1041: its target 1061 is touched with the second quote."""
    return [("YM", after_us + SECOND, at(1060)), ("YM", after_us + 2 * SECOND, at(1061))]


def trade() -> MarketSession:
    return MarketSession.objects.get(symbol="TOTAL")


def test_an_open_is_captured_with_its_12_rows_and_graded_once(bench: DeskBench) -> None:
    ids = say(bench, BEGIN_US + 3 * SECOND, [*rising(BEGIN_US - SECOND), *won()])
    bench.worker().drain()
    rows = {row.symbol: row for row in MarketSession.objects.all()}
    assert list(rows) == [*SYMBOLS, "TOTAL"]
    total, gold = rows["TOTAL"], rows["GC"]
    assert (total.session_id, total.session_number, total.trade_date) == ("alpha-2025-10-09", 1, BEGIN.date())
    assert (total.bhs, total.weight, total.status, total.instrument_count) == (
        "STRONG_BUY", 21, "LIVE TOTAL", 11,
    )  # fmt: skip
    assert (total.entry_side, total.entry_price, total.target_high, total.target_low) == ("BUY", 1041, 1061, 1021)
    assert (total.wndw, total.pnl_usd, total.target_hit_price, total.resolution_price) == ("WORKED", 100, 1061, 1061)
    assert (total.deciding_stream_id, total.elapsed_sec, total.resolution_quality) == (ids[-1], Decimal(2), "exact")
    assert (gold.bhs, gold.weight, gold.entry_side, gold.entry_price) == ("STRONG_SELL", 2, "SELL", 960)
    assert (gold.quote_age_ms, gold.market_open, gold.net_change) == (1000, 960, -40)
    told = [(kind, said) for kind, said in bench.events() if kind.startswith("market_open.")]
    assert [kind for kind, _ in told] == ["market_open.captured", *["market_open.outcome"] * 2]
    assert told[0][1]["display_name"] == ALPHA and told[0][1]["target"] == "1061"
    assert [record.kind for record in AuditRecord.objects.order_by("number")] == ["capture", "outcome", "outcome"]
    assert list(faults(links())) == []
    counts = total.signal_counts["BUY"]
    assert counts == {"worked": 0, "worked_pct": None, "didnt_work": 0, "didnt_work_pct": None}


@pytest.mark.parametrize(("owner", "method"), [(DeskStore, "commit"), (DeskWorker, "_publish"), (DeskStore, "told")])
@pytest.mark.parametrize("after", [False, True])
def test_a_desk_that_ends_anywhere_leaves_the_same_rows(
    bench: DeskBench, monkeypatch: pytest.MonkeyPatch, owner: type, method: str, after: bool
) -> None:
    """Killed as it captures, and again as it grades."""
    for until_us, quotes in ((BEGIN_US, rising(BEGIN_US - SECOND)), (BEGIN_US + 3 * SECOND, won())):
        say(bench, until_us, quotes)
        with monkeypatch.context() as patch:
            crash_at(patch, owner, method, 1, after=after)
            with pytest.raises(Crash):
                bench.worker().drain()
        connection.close()
        assert MarketSession.objects.count() in (0, 12)
        bench.worker().drain()
    assert MarketSession.objects.count() == 12
    assert (trade().wndw, trade().pnl_usd, trade().elapsed_sec) == ("WORKED", Decimal(100), Decimal(2))
    assert AuditRecord.objects.count() == 3 and list(faults(links())) == []


def test_what_the_stream_no_longer_holds_is_graded_from_the_stored_ticks(bench: DeskBench) -> None:
    say(bench, BEGIN_US, rising(BEGIN_US - SECOND))
    bench.worker().drain()
    assert trade().wndw == "PENDING"
    ids = say(bench, BEGIN_US + 3 * SECOND, won())
    store(ids, won(), 12)
    # Trimmed up to the one that decided, while nobody listened; one more comes after them.
    newer = say(bench, BEGIN_US + 5 * SECOND, [("YM", BEGIN_US + 4 * SECOND, at(1000))])
    bench.client.xtrim(bench.keys.unified, minid=newer[0])
    bench.worker().drain()
    assert (trade().wndw, trade().deciding_stream_id) == ("WORKED", ids[-1])
    forget()


def test_a_capture_without_ym_is_missed_and_alarmed_until_the_next_one(bench: DeskBench) -> None:
    say(bench, BEGIN_US + 10 * SECOND, [each for each in rising(BEGIN_US - SECOND) if each[0] != "YM"])
    bench.worker().drain()
    assert not MarketSession.objects.exists()
    missed = MissedCapture.objects.get()
    assert (missed.country, missed.opened_at, missed.error) == (ALPHA, BEGIN, "YM is not usable: no quote")
    assert Alert.objects.get(ended_at=None, alert__startswith="capture").alert == "capture_missed:Alpha"
    next_us = BEGIN_US + 10 * MINUTE_US
    say(bench, next_us, rising(next_us - SECOND))
    bench.worker().drain()
    assert not Alert.objects.filter(ended_at=None, alert__startswith="capture").exists()
    assert trade().trade_date.isoformat() == "2025-10-09"


def test_outcomes_are_held_back_while_grading_is_off(bench: DeskBench) -> None:
    GlobalConfig.objects.create(grading_enabled=False)
    say(bench, BEGIN_US + 3 * SECOND, [*rising(BEGIN_US - SECOND), *won()])
    bench.worker().drain()
    assert trade().wndw == "PENDING"
    GlobalConfig.objects.update(grading_enabled=True)
    bench.worker().drain()
    assert (trade().wndw, trade().elapsed_sec) == ("WORKED", Decimal(2))


def test_graded_rows_and_audit_records_are_not_edited_in_silence(bench: DeskBench) -> None:
    say(bench, BEGIN_US + 3 * SECOND, [*rising(BEGIN_US - SECOND), *won()])
    bench.worker().drain()
    for change in (
        lambda: MarketSession.objects.filter(symbol="TOTAL").update(pnl_usd=-100),
        lambda: MarketSession.objects.filter(symbol="ES").update(entry_price=1),
        lambda: MarketSession.objects.filter(symbol="ES").delete(),
        lambda: AuditRecord.objects.filter(number=1).update(body="{}"),
        lambda: AuditRecord.objects.filter(number=3).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
