"""The jobs of an open and a close, each one small step that may run twice. Called with a :class:`Trigger`'s arguments;
what a job returns is a line for a person."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Final

import redis
from django.conf import settings
from django.db import transaction
from procrastinate.contrib.django import app

from thor.desk import latest, summary, triggers
from thor.desk.handlers import Context, handle
from thor.desk.jobs import QUEUE, Backoff, NotYetError
from thor.desk.lake_runs import LOCK as LAKE_LOCK
from thor.desk.lake_runs import TASK as LAKE_RUN
from thor.desk.lake_runs import RunKind, Wish, ask, carry_out_apart
from thor.desk.sources import missing
from thor.desk.triggers import Trigger
from thor.history.group import IngestGroup
from thor.history.lease import id_key
from thor.indicators.services import propose, sow
from thor.instruments.selectors import groups
from thor.markets.market import CME_MARKET
from thor.markets.models import Market
from thor.markets.now import market_now
from thor.markets.trade_date import utc
from thor.quotes.bus import ValkeyQuoteBus
from thor.quotes.events import publish
from thor.quotes.keys import Keys
from thor.quotes.reactor import AlertEnded, AlertRaised
from thor.runtime.bus import connect

#: Raised as a market opens, ended by the first check that finds everything there.
SOURCES_ALERT: Final = "sources"
#: The desk writes a session's rows within a second of its close.
FIRST_THE_DESK_US: Final = 10_000_000
#: How far back ticks that came after the export of their date are looked for.
LATE: Final = timedelta(days=6)


@contextmanager
def _bus() -> Iterator[tuple[redis.Redis, Keys]]:
    client = connect(settings.REDIS_URL)
    try:
        yield client, Keys(settings.THOR_NAMESPACE)
    finally:
        client.close()


@app.task(name=triggers.CHECK_SOURCES, queue=QUEUE, retry=Backoff())
def check_sources(market: str, at_us: int, trade_date: str, after_id: str) -> str:
    """Every configured source and an ingestor report; else an alert, and another look until they do."""
    del at_us, trade_date, after_id
    with _bus() as (client, keys):
        if client.exists(keys.replay):
            return "a recording is played: it needs no sources"
        trouble = _missing(client, keys)
        now_us = time.time_ns() // 1000
        if trouble:
            raised = AlertRaised(SOURCES_ALERT, "critical", f"{market} opens and {trouble}"[:300], now_us)
            _tell(client, keys, raised)
            raise NotYetError(trouble)
        _tell(client, keys, AlertEnded(SOURCES_ALERT, "all sources and an ingestor report", now_us))
    return f"{', '.join(settings.DATA_PROVIDER)} and an ingestor report"


def _missing(client: redis.Redis, keys: Keys) -> str:
    bus = ValkeyQuoteBus(settings.REDIS_URL, settings.THOR_NAMESPACE)
    try:
        return missing(settings.DATA_PROVIDER, bus.health(), len(IngestGroup(client, keys).reports()))
    finally:
        bus.close()


def _tell(client: redis.Redis, keys: Keys, effect: AlertRaised | AlertEnded) -> None:
    """Keep an alert and tell it: what was not told is not kept."""
    with transaction.atomic():
        publish(client, keys.events, handle(effect, Context({}, {})))


@app.task(name=triggers.CLEAR_PREVIOUS_LATEST, queue=QUEUE, retry=Backoff())
def clear_previous_latest(market: str, at_us: int, trade_date: str, after_id: str) -> str:
    """Remove latest quotes of an earlier trade date."""
    del market, trade_date, after_id
    with _bus() as (client, keys):
        cleared = latest.clear_previous_latest(client, keys, groups(), at_us)
    return f"cleared {', '.join(cleared)}" if cleared else "nothing to clear"


@app.task(name=triggers.DRAIN, queue=QUEUE, retry=Backoff())
def drain(market: str, at_us: int, trade_date: str, after_id: str) -> str:
    """Wait, by further attempts, until everything that came before the close is stored; then defer the summary, and
    the close of a market for which people asked for it."""
    with _bus() as (client, keys):
        oldest = IngestGroup(client, keys).lag().oldest_id
    if oldest and id_key(oldest) <= id_key(after_id):
        raise NotYetError(f"entries from {oldest} to {after_id} are not stored yet")
    trigger = Trigger(market, at_us, date.fromisoformat(trade_date), after_id)
    with transaction.atomic():
        triggers.defer(triggers.SUMMARISE_SESSION, trigger)
        if market == CME_MARKET:
            triggers.defer(triggers.KEEP_LAKE, trigger)
        if Market.objects.filter(country=market, enable_futures_capture=True, enable_close_capture=True).exists():
            triggers.defer(triggers.CAPTURE_CLOSE, trigger)
    return f"everything up to {after_id} is stored"


@app.task(name=triggers.SUMMARISE_SESSION, queue=QUEUE, retry=Backoff())
def summarise_session(market: str, at_us: int, trade_date: str, after_id: str) -> str:
    """Complete the snapshot that was taken at the open."""
    del after_id
    return summary.summarise_session(market, trade_date, utc(at_us))


@app.task(name=triggers.CAPTURE_CLOSE, queue=QUEUE, retry=Backoff())
def capture_close(market: str, at_us: int, trade_date: str, after_id: str) -> str:
    """Where the desk was not there to measure the close, make it from the stored ticks."""
    # Web processes know the jobs too, and a tape's libraries are heavy.
    from thor.desk.close_capture import capture_close as capture

    del trade_date, after_id
    if 0 <= market_now().now_us - at_us < FIRST_THE_DESK_US:
        raise NotYetError("the desk writes what it measured first")
    found = capture(market, "the job of the close")
    return f"{found.status}: {found.close_rows_updated} closes, {found.range_rows_updated} ranges"


@app.task(name=triggers.RECOMPUTE_52W, queue=QUEUE, retry=Backoff())
def recompute_52w(market: str, at_us: int, trade_date: str, after_id: str) -> str:
    """Hold the 52 weeks against the daily ranges and the lake's daily bars; where these differ, tell the desk."""
    del market, at_us, after_id
    if settings.THOR_NAMESPACE:
        return "a replay keeps the 52 weeks of its own days only"
    if not settings.FUTURETRADING_ENABLE_52W_MONITOR:
        return "FUTURETRADING_ENABLE_52W_MONITOR is off"
    # Web processes know the jobs too, and the lake's libraries are heavy.
    from thor.indicators.lake_days import lake_days

    day = date.fromisoformat(trade_date)
    found = propose(day, more=lake_days(day, groups()))
    told = sow(found, "recompute", f"daily, as of {trade_date}")
    return f"{len(found)} instruments, {told} told to the desk"


@app.task(name=triggers.KEEP_LAKE, queue=QUEUE, retry=Backoff())
def keep_lake(market: str, at_us: int, trade_date: str, after_id: str) -> str:
    """Ask for files, bars and quality of the last week: of the trade date itself, and of what came late before it."""
    del market, at_us, after_id
    if settings.THOR_NAMESPACE:
        return "a replay has no lake"
    day = date.fromisoformat(trade_date)
    run = ask(Wish(RunKind.SESSION, day - LATE, day), "the session's end")
    return f"run {run.pk}: {run.title}"


@app.task(name=LAKE_RUN, queue=QUEUE, lock=LAKE_LOCK, retry=Backoff())
def lake_run(run_id: int) -> str:
    """Carry out a run; one that a dead worker left goes on where it was."""
    return carry_out_apart(run_id)
