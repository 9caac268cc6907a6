"""The desk on real servers: every transition's effects once, whatever ends it and whenever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.desk_support import ALPHA, BEGIN, BEGIN_US, BETA, CYCLE_US, MINUTE_US, payload, wanted_transitions
from tests.integration.desk.conftest import Crash, DeskBench, crash_at
from thor.desk.models import Alert, DeskCheckpoint, FiredTimer, ReactorState, TransitionRecord
from thor.desk.store import DeposedError, DeskStore
from thor.desk.worker import DeskWorker
from thor.markets.models import CalendarEdition, Market, MarketDataSnapshot
from thor.markets.trade_date import epoch_us, utc
from thor.runtime.fakes import FixedClock
from thor.runtime.problem import Problem


def told() -> list[tuple[str, str, int]]:
    """(market, kind, epoch microseconds) of every transition recorded, in the order of their instants."""
    rows = TransitionRecord.objects.order_by("at", "id").values_list("market", "kind", "at")
    return [(market, kind, epoch_us(at)) for market, kind, at in rows]


def one_cycle(bench: DeskBench) -> list[str]:
    """Quotes around each transition of the first cycle, and time until its end."""
    quotes = [("ES", BEGIN_US + minute * MINUTE_US + offset) for minute in (0, 5, 9) for offset in (-1, 0, 1)]
    return bench.play(BEGIN_US + CYCLE_US - 1, *quotes)


def test_each_transition_is_recorded_with_its_place_in_the_stream(desk_bench: DeskBench) -> None:
    desk_bench.record()
    ids = one_cycle(desk_bench)
    desk_bench.worker().drain()
    assert told() == wanted_transitions(1)
    after = list(TransitionRecord.objects.order_by("at", "id").values_list("after_id", flat=True))
    # A timer at t comes after the quote with ts = t and before the one a microsecond later.
    assert after == [ids[1], ids[4], ids[4], ids[7]]
    assert {at for *_, at in told()} <= {row.at_us for row in FiredTimer.objects.all()}
    market = Market.objects.get(country=BETA)
    assert (market.status, market.status_at) == ("CLOSED", BEGIN + timedelta(minutes=9))


def test_an_open_takes_the_baseline_as_it_stood(desk_bench: DeskBench) -> None:
    desk_bench.record()
    desk_bench.play(BEGIN_US + MINUTE_US, ("ES", BEGIN_US), ("YM", BEGIN_US + 1))
    desk_bench.worker().drain()
    snapshot = MarketDataSnapshot.objects.get(market__country=ALPHA)
    assert (snapshot.opened_at, snapshot.trade_date) == (BEGIN, BEGIN.date())
    assert list(snapshot.baseline) == ["ES"]
    assert snapshot.baseline["ES"]["close"] == "98.5"


def test_what_happened_is_told_to_the_browser_after_the_commit(desk_bench: DeskBench) -> None:
    desk_bench.record()
    one_cycle(desk_bench)
    desk_bench.worker().drain()
    kinds = [kind for kind, _ in desk_bench.events() if kind.startswith("market.")]
    assert kinds == ["market.open", "market.close", "market.open", "market.close"]
    _, first = next(each for each in desk_bench.events() if each[0] == "market.open")
    assert first["market"] == ALPHA and first["status"] == "OPEN" and first["late_seconds"] == 0
    assert first["next_transition_type"] == "CLOSE" and first["next_transition_at"] == "2025-10-09T00:05:00.000000Z"


@pytest.mark.parametrize("call", [1, 2, 3])
@pytest.mark.parametrize(
    ("owner", "method", "after"),
    [
        (DeskStore, "claim", True), (DeskStore, "commit", False), (DeskStore, "commit", True),
        (DeskStore, "_move", True), (DeskWorker, "_publish", True), (DeskWorker, "_hear", True),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)  # fmt: skip
def test_a_crash_at_any_point_leaves_each_effect_there_once(
    desk_bench: DeskBench, monkeypatch: pytest.MonkeyPatch, owner: type, method: str, after: bool, call: int
) -> None:
    desk_bench.record()
    crashes = 0
    with monkeypatch.context() as patched:
        crash_at(patched, owner, method, call, after=after)
        for step in range(1, 5):
            desk_bench.play(BEGIN_US + step * CYCLE_US // 4, ("ES", BEGIN_US + step * CYCLE_US // 4 - 1))
            try:
                desk_bench.worker().drain()
            except Crash:
                crashes += 1
    assert crashes == 1
    desk_bench.play(BEGIN_US + CYCLE_US)
    desk_bench.worker().drain()
    wanted = wanted_transitions(2)[:5]
    assert told() == wanted
    assert MarketDataSnapshot.objects.count() == 3
    # Told at least once: the events of a commit that was not followed by its publish come at the next start.
    said = {(each["market"], each["at"]) for kind, each in desk_bench.events() if kind.startswith("market.")}
    assert len(said) == len(wanted)


def test_an_older_desk_writes_nothing_once_another_has_claimed(desk_bench: DeskBench) -> None:
    desk_bench.record()
    one_cycle(desk_bench)
    old = desk_bench.worker()
    old.setup()
    assert old._leads()
    DeskStore(10**17).claim()
    with pytest.raises(DeposedError):
        old._turn()
    assert told() == []
    assert DeskCheckpoint.objects.get().fence == 10**17


def test_a_second_desk_waits_while_the_first_leads(desk_bench: DeskBench) -> None:
    desk_bench.record()
    first = desk_bench.worker()
    first.setup()
    first.step()
    with pytest.raises(Problem, match="another desk leads"):
        desk_bench.worker().drain()
    first.teardown()
    desk_bench.worker().drain()


def test_live_timers_fall_by_when_the_bus_took_a_quote_also_after_an_absence(desk_bench: DeskBench) -> None:
    """The desk was away over an open; what it hears before the open is what came before it."""
    clock = FixedClock(BEGIN_US - 2 * MINUTE_US)
    desk_bench.worker(clock).drain()
    before, behind = f"{BEGIN_US // 1000 - 1}-0", f"{BEGIN_US // 1000}-0"
    for entry_id, seq in ((before, 1), (behind, 2)):
        # Their own times say nothing: a collector's clock may be wrong.
        desk_bench.client.xadd(desk_bench.keys.unified, {"s": "ES", "e": payload("ES", BEGIN_US, seq)}, id=entry_id)
    clock.advance(240)
    desk_bench.worker(clock).drain()
    record = TransitionRecord.objects.get()
    assert (record.market, record.kind, record.after_id) == (ALPHA, "OPEN", before)
    assert record.told_at == BEGIN + timedelta(minutes=2)


def test_a_wall_clock_that_jumps_tells_no_open_twice_and_forgets_none(desk_bench: DeskBench) -> None:
    clock = FixedClock(BEGIN_US - MINUTE_US)
    for seconds in (61, -3600, 3540, 60 * 12, -60 * 12, 60 * 12):  # over the open, back, again, forward over a cycle
        clock.advance(seconds)
        desk_bench.worker(clock).drain()
    assert told() == wanted_transitions(2)[:5]


def test_a_desk_that_never_ran_takes_up_an_open_missed_by_less_than_five_minutes(desk_bench: DeskBench) -> None:
    desk_bench.worker(FixedClock(BEGIN_US + 4 * MINUTE_US)).drain()
    assert told() == wanted_transitions(1)[:1]
    record = TransitionRecord.objects.get()
    assert record.told_at - record.at == timedelta(minutes=4)


def test_an_older_open_is_known_but_not_told(desk_bench: DeskBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thor.desk.time.LOOK_BACK_US", MINUTE_US)
    desk_bench.worker(FixedClock(BEGIN_US + 22 * MINUTE_US)).drain()
    assert told() == []
    assert dict(Market.objects.values_list("country", "status")) == {ALPHA: "OPEN", BETA: "CLOSED"}
    assert Market.objects.get(country=ALPHA).status_at == BEGIN + timedelta(minutes=20)


def test_entries_that_are_no_quotes_and_a_stream_that_began_anew_do_not_stop_it(desk_bench: DeskBench) -> None:
    desk_bench.record()
    desk_bench.client.xadd(desk_bench.keys.unified, {"e": "{"}, id="5-0")
    desk_bench.client.xadd(desk_bench.keys.unified, {"what": "1"}, id="6-0")
    desk_bench.client.hset(desk_bench.keys.replay, mapping={"watermark_us": BEGIN_US, "last_id": "6-0"})
    desk_bench.worker().drain()
    assert DeskCheckpoint.objects.get().cursor == "6-0"
    desk_bench.client.delete(desk_bench.keys.unified)
    desk_bench.client.xadd(desk_bench.keys.unified, {"s": "ES", "e": payload("ES", BEGIN_US + 1, 1)}, id="3-0")
    desk_bench.client.hset(desk_bench.keys.replay, mapping={"watermark_us": BEGIN_US + CYCLE_US // 2, "last_id": "3-0"})
    desk_bench.worker().drain()
    assert DeskCheckpoint.objects.get().cursor == "3-0"
    assert told() == wanted_transitions(1)[:3]


def test_a_calendar_compiled_anew_is_followed_without_a_restart(
    desk_bench: DeskBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thor.desk.worker.CONFIG_SECONDS", 0.0)
    desk_bench.record()
    desk_bench.play(BEGIN_US + MINUTE_US)
    worker = desk_bench.worker()
    worker.setup()
    worker.step()
    # A half day: Alpha closes two minutes in.
    from thor.markets.models import SessionInterval

    SessionInterval.objects.filter(calendar=ALPHA, open_utc=BEGIN).update(close_utc=BEGIN + timedelta(minutes=2))
    CalendarEdition.objects.filter(calendar=ALPHA).update(digest="another")
    desk_bench.play(BEGIN_US + 4 * MINUTE_US)
    worker.step()
    worker.step()
    worker.teardown()
    assert told()[1] == (ALPHA, "CLOSE", BEGIN_US + 2 * MINUTE_US)


def test_a_calendar_that_ends_soon_is_an_alarm_until_it_reaches_further(desk_bench: DeskBench) -> None:
    desk_bench.record()
    end = utc(BEGIN_US) + timedelta(days=20)
    CalendarEdition.objects.filter(calendar=ALPHA).update(end_utc=end)
    for _ in range(2):
        desk_bench.worker().drain()
    alert = Alert.objects.get()
    assert alert.alert == "calendar_ends:Alpha" and "2025-10-29" in alert.text and alert.ended_at is None
    CalendarEdition.objects.filter(calendar=ALPHA).update(end_utc=end + timedelta(days=300))
    desk_bench.worker().drain()
    assert Alert.objects.get().ended_at is not None
    assert [each["ended"] for kind, each in desk_bench.events() if kind == "alert"] == [False, True]


def test_a_replay_of_time_alone_expects_no_quotes(desk_bench: DeskBench) -> None:
    desk_bench.record()
    desk_bench.client.hset(desk_bench.keys.replay, "rows", 0)
    desk_bench.play(BEGIN_US + MINUTE_US)
    desk_bench.worker().drain()
    assert not ReactorState.objects.filter(reactor="silence").exists()
    desk_bench.client.hset(desk_bench.keys.replay, "rows", 1)
    desk_bench.play(BEGIN_US + 6 * MINUTE_US)
    desk_bench.worker().drain()
    assert ReactorState.objects.filter(reactor="silence").exists()


def test_without_a_compiled_calendar_it_says_what_to_do(desk_bench: DeskBench) -> None:
    CalendarEdition.objects.all().delete()
    with pytest.raises(Problem, match="sync_calendars"):
        desk_bench.worker().drain()
