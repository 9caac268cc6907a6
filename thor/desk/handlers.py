"""What each effect does: rows in the desk's transaction, and the event told after its commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from thor.desk.effects import Baseline, ConfigTaken, MarketTransitioned, SnapshotTaken, StatusesFound
from thor.desk.models import Alert, ConfigRecord, TransitionRecord
from thor.desk.triggers import defer_jobs
from thor.indicators import extremes, intraday, vwap
from thor.indicators.models import DailyRange, IntradayMetric, Rolling52WeekStats, VwapMinute
from thor.market_open import services as opens
from thor.market_open.capture import (
    CaptureMissed,
    CaptureSkipped,
    OutcomeResolved,
    RequestAnswered,
    SessionCaptured,
)
from thor.markets.calendar import Calendar
from thor.markets.models import Market, MarketDataSnapshot
from thor.markets.trade_date import utc
from thor.quotes import gate
from thor.quotes.events import DomainEvent
from thor.quotes.models import QuoteQuality
from thor.quotes.quote import format_ts
from thor.quotes.reactor import AlertEnded, AlertRaised, Effect, Row
from thor.quotes.rows import Tables, write_rows
from thor.signals import reactor as signals
from thor.signals.models import SessionBaseline, SignalChange, SignalDay


@dataclass(frozen=True, slots=True)
class Context:
    """What handlers may know: market -> its calendar and its name."""

    calendars: Mapping[str, Calendar]
    names: Mapping[str, str]


Handler = Callable[[Any, Context], list[DomainEvent]]

#: Where the reactors' rows go.
TABLES: Final[Tables] = {
    gate.QuoteQuality: QuoteQuality,
    signals.SessionBaseline: SessionBaseline,
    signals.SignalChange: SignalChange,
    signals.SignalDay: SignalDay,
    intraday.IntradayMetric: IntradayMetric,
    vwap.VwapMinute: VwapMinute,
    extremes.DailyRange: DailyRange,
    extremes.Rolling52WeekStats: Rolling52WeekStats,
}


def write(effects: Sequence[Effect], context: Context) -> list[DomainEvent]:
    """Write everything that follows, in the open transaction. Returns what to tell after the commit, in its order."""
    events = [event for effect in effects for event in handle(effect, context)]
    write_rows([effect for effect in effects if isinstance(effect, Row)], TABLES)
    return events


def handle(effect: Effect, context: Context) -> list[DomainEvent]:
    """Write an effect that is no row, in the open transaction. Returns what to tell of any after the commit."""
    handler = HANDLERS.get(type(effect))
    if handler is None and isinstance(effect, Row):
        return []
    return HANDLERS[type(effect)](effect, context)


def _transitioned(effect: MarketTransitioned, context: Context) -> list[DomainEvent]:
    TransitionRecord.objects.create(
        market=effect.market,
        kind=effect.kind.value,
        at=utc(effect.at_us),
        trade_date=effect.trade_date,
        told_at=utc(effect.told_us),
        after_id=effect.after_id,
    )
    calendar = context.calendars[effect.market]
    status = calendar.status(effect.at_us)
    Market.objects.filter(country=effect.market).update(status=status.value, status_at=utc(effect.at_us))
    defer_jobs(effect)
    following = calendar.next_transition(effect.at_us)
    said = {
        "market": effect.market,
        "display_name": context.names.get(effect.market, effect.market),
        "kind": effect.kind.value,
        "at": format_ts(effect.at_us),
        "trade_date": effect.trade_date.isoformat(),
        "status": status.value,
        "phase": calendar.phase(effect.at_us).value,
        "next_transition_at": format_ts(following.at_us) if following else None,
        "next_transition_type": following.kind.value if following else None,
        "late_seconds": round(effect.late_us / 1e6, 3),
    }
    return [DomainEvent(f"market.{effect.kind.value.lower()}", said)]


def _statuses(effect: StatusesFound, context: Context) -> list[DomainEvent]:
    for market, status in effect.statuses.items():
        last = context.calendars[market].last_transition(effect.at_us)
        since = utc(last.at_us) if last else None
        Market.objects.filter(country=market).exclude(status=status.value, status_at=since).update(
            status=status.value, status_at=since
        )
    return []


def _config(effect: ConfigTaken, _context: Context) -> list[DomainEvent]:
    ConfigRecord.objects.create(at=utc(effect.at_us), after_id=effect.after_id, kinds=list(effect.kinds))
    return [DomainEvent("config.taken", {"at": format_ts(effect.at_us), "kinds": list(effect.kinds)})]


def _signal(effect: signals.SignalChange, _context: Context) -> list[DomainEvent]:
    said = {
        "symbol": effect.symbol,
        "at": format_ts(effect.at_us),
        "from": effect.signal_from or None,
        "to": effect.signal_to or None,
        "net_change": None if effect.net_change is None else str(effect.net_change),
    }
    return [DomainEvent("signal", said, effect.symbol)]


def _snapshot(effect: SnapshotTaken, _context: Context) -> list[DomainEvent]:
    MarketDataSnapshot.objects.create(
        market=Market.objects.get(country=effect.market),
        trade_date=effect.trade_date,
        opened_at=utc(effect.opened_us),
        baseline={symbol: _fields(each) for symbol, each in effect.baselines.items()},
    )
    return []


def _fields(each: Baseline) -> dict[str, str | None]:
    prices = {"close": each.close, "settlement": each.settlement, "last": each.last}
    written = {name: None if price is None else str(price) for name, price in prices.items()}
    return {"source": each.source, "ts": format_ts(each.ts_us), **written}


def _captured(effect: SessionCaptured, context: Context) -> list[DomainEvent]:
    said = opens.write_session(effect)
    name = context.names.get(effect.country, effect.country)
    return [] if said is None else [DomainEvent("market_open.captured", {**said, "display_name": name})]


def _outcome(effect: OutcomeResolved, _context: Context) -> list[DomainEvent]:
    said = opens.write_outcome(effect)
    return [] if said is None else [DomainEvent("market_open.outcome", said)]


def _missed(effect: CaptureMissed, _context: Context) -> list[DomainEvent]:
    said = opens.write_missed(effect)
    return [] if said is None else [DomainEvent("market_open.missed", said)]


def _skipped(effect: CaptureSkipped, _context: Context) -> list[DomainEvent]:
    return [DomainEvent("market_open.skipped", opens.skipped(effect))]


def _answered(effect: RequestAnswered, _context: Context) -> list[DomainEvent]:
    opens.write_answer(effect)
    return []


def _raised(effect: AlertRaised, _context: Context) -> list[DomainEvent]:
    _, is_new = Alert.objects.get_or_create(
        alert=effect.alert,
        ended_at=None,
        defaults={"severity": effect.severity, "text": effect.text, "started_at": utc(effect.at_us)},
    )
    return [_alert_event(effect.alert, effect.severity, effect.text, effect.at_us, ended=False)] if is_new else []


def _ended(effect: AlertEnded, _context: Context) -> list[DomainEvent]:
    found = list(Alert.objects.filter(alert=effect.alert, ended_at=None))
    for alert in found:
        alert.ended_at = utc(effect.at_us)
        alert.save(update_fields=["ended_at"])
    return [_alert_event(each.alert, each.severity, effect.text, effect.at_us, ended=True) for each in found]


def _alert_event(alert: str, severity: str, text: str, at_us: int, *, ended: bool) -> DomainEvent:
    said = {"alert": alert, "severity": severity, "text": text, "at": format_ts(at_us), "ended": ended}
    return DomainEvent("alert", said)


HANDLERS: Mapping[type[Effect], Handler] = {
    MarketTransitioned: _transitioned,
    StatusesFound: _statuses,
    ConfigTaken: _config,
    SnapshotTaken: _snapshot,
    signals.SignalChange: _signal,
    SessionCaptured: _captured,
    OutcomeResolved: _outcome,
    CaptureMissed: _missed,
    CaptureSkipped: _skipped,
    RequestAnswered: _answered,
    AlertRaised: _raised,
    AlertEnded: _ended,
}
