"""The chain of records: what it tells of every way to change history, and corrections, which it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tests.desk_support import BEGIN_US, BETA, MINUTE_US
from tests.integration.desk.conftest import DeskBench
from tests.integration.desk.test_desk_opens import SECOND, rising, say, won
from thor.market_open import chain
from thor.market_open.corrections import correct
from thor.market_open.models import AuditRecord, MarketSession
from thor.market_open.verify import Head, verify
from thor.markets.models import Market
from thor.markets.now import MarketNow
from thor.runtime.problem import Problem

NAME, REASON = "alpha-2025-10-09", "the source was wrong"
GRADED = "market_open_marketsession"
RECORDS = "market_open_auditrecord"


@pytest.fixture
def graded(bench: DeskBench) -> DeskBench:
    """Alpha was captured and its YM trade worked; the other rows are pending. Beta was captured minutes later."""
    Market.objects.filter(country=BETA).update(enable_futures_capture=True, enable_open_capture=True)
    opened_us = BEGIN_US + 5 * MINUTE_US
    say(bench, opened_us, [*rising(BEGIN_US - SECOND), *won(), *rising(opened_us - SECOND)])
    bench.worker().drain()
    return bench


def said(*words: str) -> tuple[int, list[str]]:
    """The exit code and the lines of ``audit``."""
    out = StringIO()
    try:
        call_command("audit", *words, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


@contextmanager
def past_the_guards() -> Iterator[Callable[[str], None]]:
    """Plain SQL as a superuser who switched the guards off; undone at the end."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor.execute
        transaction.set_rollback(True)


TAMPERINGS = [
    (f"UPDATE {GRADED} SET entry_price = 1 WHERE session_id = '{NAME}' AND symbol = 'ES'",
     [f"{NAME} ES: entry_price is 1.0, record 1 says 1041.0"]),
    (f"UPDATE {GRADED} SET pnl_usd = -100, wndw = 'DIDNT_WORK' WHERE session_id = '{NAME}' AND symbol = 'TOTAL'",
     [f"{NAME} TOTAL: wndw is 'DIDNT_WORK', record 3 says 'WORKED'; pnl_usd is -100.0, record 3 says 100.0"]),
    (f"UPDATE {GRADED} SET session_number = 7 WHERE session_id = '{NAME}' AND symbol = 'ES'",
     [f"{NAME} ES: session_number is 7, record 1 says 1"]),
    (f"UPDATE {GRADED} SET wndw = 'WORKED' WHERE session_id = 'beta-2025-10-09' AND symbol = 'GC'",
     ["beta-2025-10-09 GC: wndw is 'WORKED', record "]),
    (f"DELETE FROM {GRADED} WHERE session_id = '{NAME}' AND symbol = 'YM'", [f"{NAME} YM is gone, record 1 has it"]),
    (f"UPDATE {GRADED} SET symbol = 'XX' WHERE session_id = '{NAME}' AND symbol = 'ES'",
     [f"{NAME} ES is gone, record 1 has it", f"{NAME} XX has no record of its capture"]),
    (f"UPDATE {RECORDS} SET body = replace(body, 'target touched', 'target seen') WHERE number = 2",
     ["record 2 (outcome of alpha-2025-10-09) was changed",
      f"{NAME} YM: resolution_reason is 'target touched', record 2 says 'target seen'"]),
    (f"UPDATE {RECORDS} SET body = '{{' WHERE number = 2",
     ["record 2 (outcome of alpha-2025-10-09) was changed", "the rows cannot be held against their records, one of"]),
    (f"DELETE FROM {RECORDS} WHERE number = 2", ["record 2 is missing: 3 follows 1", f"{NAME} YM: wndw is 'WORKED'"]),
    (f"DELETE FROM {RECORDS} WHERE number = 1", ["record 1 is missing", f"{NAME} TOTAL has no record of its capture"]),
]  # fmt: skip


def test_every_change_past_the_guards_is_told(graded: DeskBench) -> None:
    rows, records = MarketSession.objects.count(), AuditRecord.objects.count()
    assert (rows, verify()) == (24, (records, 24, []))
    assert said("verify") == (0, [f"{records} records, 24 rows: all is as it was recorded"])
    for sql, wanted in TAMPERINGS:
        with past_the_guards() as run:
            run(sql)
            found = verify().faults
            for line in wanted:
                assert any(each.startswith(line) for each in found), (sql, found)
            assert len(found) == len(wanted) or "number = 1" in sql, found
            assert said("verify")[0] == 1
    assert verify().faults == []


def test_a_head_that_was_kept_tells_of_a_chain_that_was_made_anew(graded: DeskBench) -> None:
    code, [head] = said("head")
    newest = AuditRecord.objects.get(number=AuditRecord.objects.count())
    assert (code, head) == (0, f"{newest.number}:{newest.hash}")
    assert said("head", "--date", "2025-10-09") == (0, [head])
    assert said("verify", "--head", head)[0] == 0
    with past_the_guards() as run:
        run(f"DELETE FROM {RECORDS} WHERE number = {newest.number}")
        with transaction.atomic():
            chain.append([chain.Entry(chain.Kind.REQUEST, "", "", {"country": "Alpha"})], BEGIN_US)
        kept = Head(newest.number, newest.hash)
        assert f"the kept head {kept} is no longer in the chain: record {kept.number} has" in verify(kept).faults[0]
    kept = Head(newest.number + 1, newest.hash)
    assert verify(kept).faults == [f"the kept head {kept} is no longer in the chain: it ends before it"]
    with pytest.raises(CommandError, match="there is no record yet"):
        said("head", "--date", "2025-10-08")
    with pytest.raises(CommandError, match="wanted NUMBER:HASH"):
        said("verify", "--head", "12")


def test_a_correction_is_recorded_told_and_verified(graded: DeskBench, settings: Any) -> None:
    settings.THOR_NAMESPACE = graded.namespace
    seen = {"wndw": "DIDNT_WORK", "resolution_reason": "the bid was 1021 before"}
    number = correct(NAME, "TOTAL", seen, REASON, "ann")
    row = trade_of("TOTAL")
    assert (row.wndw, row.pnl_usd, row.target_hit_type, row.target_hit_price) == ("DIDNT_WORK", -100, "STOP", 1021)
    assert (row.entry_price, row.elapsed_sec) == (1041, Decimal(2))
    record = AuditRecord.objects.get(number=number)
    assert (record.kind, record.session_id, record.symbol) == ("correction", NAME, "TOTAL")
    for part in ('"old":{"pnl_usd":"100",', '"new":{"pnl_usd":"-100",', f'"reason":"{REASON}"', '"who":"ann"'):
        assert part in record.body
    told = [said for kind, said in graded.events() if kind == "market_open.corrected"]
    assert told == [{"session_id": NAME, "symbol": "TOTAL", "audit_number": number, "reason": REASON}]
    assert verify().faults == []
    assert correct(NAME, "TOTAL", {"wndw": "DIDNT_WORK"}, REASON, "ann") is None
    correct(NAME, "TOTAL", {"wndw": "ERROR"}, REASON, "ann")
    row = trade_of("TOTAL")
    assert (row.wndw, row.pnl_usd, row.target_hit_type, row.resolution_quality) == ("ERROR", None, "", None)
    assert verify().faults == []
    # The guards stand again, also in the transaction of a correction.
    with pytest.raises(DatabaseError, match="it is changed by"), transaction.atomic():
        correct(NAME, "TOTAL", {"wndw": "WORKED"}, REASON, "ann")
        MarketSession.objects.filter(session_id=NAME, symbol="TOTAL").update(pnl_usd=1)
    assert trade_of("TOTAL").wndw == "ERROR"


def trade_of(symbol: str) -> MarketSession:
    return MarketSession.objects.get(session_id=NAME, symbol=symbol)


WRONG = [
    ("TOTAL", {"entry_price": 1}, REASON, "entry_price: stands as it was captured"),
    ("TOTAL", {"wndw": "PENDING"}, REASON, "wanted an outcome: WORKED, DIDNT_WORK, EXPIRED, ERROR"),
    ("TOTAL", {"pnl_usd": 5}, REASON, "WORKED means pnl_usd 100"),
    ("TOTAL", {"resolution_quality": "good"}, REASON, "resolution_quality: Value 'good' is not a valid choice"),
    ("TOTAL", {"resolved_at": "2025-10-09T00:00:00Z"}, REASON, "a trade ends after its capture at 2025-10-09"),
    ("TOTAL", {"wndw": "ERROR"}, "why", "say why, in 5 to 200 characters"),
    ("XX", {"wndw": "ERROR"}, REASON, "there is no row XX of an open alpha-2025-10-09"),
]


def test_a_correction_that_may_not_be_is_one_line(graded: DeskBench, monkeypatch: pytest.MonkeyPatch) -> None:
    for symbol, changes, reason, complaint in WRONG:
        with pytest.raises(Problem, match=complaint):
            correct(NAME, symbol, changes, reason, "ann")
    # A market of 2025 whose window, by the clock of now, has not ended.
    now = MarketNow(BEGIN_US + 6 * MINUTE_US, simulated=False, speed=1.0, namespace="")
    monkeypatch.setattr("thor.market_open.corrections.market_now", lambda: now)
    with pytest.raises(Problem, match="ES is graded until 00:30:00 UTC: wait"):
        correct(NAME, "ES", {"wndw": "ERROR"}, REASON, "ann")
    assert verify().faults == [] and trade_of("TOTAL").wndw == "WORKED"
