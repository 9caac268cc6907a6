"""What tests of the desk share: two made markets that open and close every few minutes, and a recording's clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from thor.markets.calendar import Calendar, Interval, IntervalPhase
from thor.markets.trade_date import epoch_us

BEGIN = datetime(2025, 10, 9, tzinfo=UTC)
BEGIN_US = epoch_us(BEGIN)
MINUTE_US = 60_000_000
#: Alpha trades minutes 0 to 5 of every ten, Beta minutes 5 to 9: four transitions, two of them at one instant.
CYCLE_US = 10 * MINUTE_US
ALPHA, BETA = "Alpha", "Beta"
HOURS = {ALPHA: (0, 5), BETA: (5, 9)}


def made_intervals(market: str, cycles: int) -> list[Interval]:
    """A session each cycle; its trade date is counted on, so that each has one of its own."""
    first, last = HOURS[market]
    return [
        Interval(
            date(2025, 10, 9) + timedelta(days=n),
            IntervalPhase.REGULAR,
            BEGIN_US + n * CYCLE_US + first * MINUTE_US,
            BEGIN_US + n * CYCLE_US + last * MINUTE_US,
        )
        for n in range(cycles)
    ]


def openings(cycles: int) -> dict[str, Interval]:
    """A market for each cycle that is captured as it opens, once: from minute 7 to 8."""
    return {
        f"Opening {n:03}": Interval(
            date(2025, 10, 9), IntervalPhase.REGULAR, *(BEGIN_US + n * CYCLE_US + at * MINUTE_US for at in (7, 8))
        )
        for n in range(cycles)
    }


def made_calendars(cycles: int = 50) -> dict[str, Calendar]:
    """Market -> calendar."""
    start_us, end_us = BEGIN_US - 60 * MINUTE_US, BEGIN_US + (cycles + 60) * CYCLE_US
    return {market: Calendar(market, "UTC", made_intervals(market, cycles), {}, start_us, end_us) for market in HOURS}


def wanted_transitions(cycles: int, *, captured: bool = False) -> list[tuple[str, str, int]]:
    """(market, kind, epoch microseconds) in the order in which the clock must tell them. ``captured``: also those of
    :func:`openings`."""
    found = []
    for n in range(cycles):
        for minute, market, kind in ((0, ALPHA, "OPEN"), (5, ALPHA, "CLOSE"), (5, BETA, "OPEN"), (9, BETA, "CLOSE")):
            found.append((market, kind, BEGIN_US + n * CYCLE_US + minute * MINUTE_US))
    if captured:
        for market, own in openings(cycles).items():
            found += [(market, "OPEN", own.open_us), (market, "CLOSE", own.close_us)]
    return sorted(found, key=lambda each: each[2])


def save_calendars(cycles: int = 50, *, captured: bool = False) -> None:
    """The made markets and their compiled calendars, in the database of the test. ``captured``: with
    :func:`openings`."""
    from thor.markets.models import CalendarEdition, Market, SessionInterval
    from thor.markets.trade_date import utc

    sessions = {market: made_intervals(market, cycles) for market in HOURS}
    if captured:
        sessions |= {market: [own] for market, own in openings(cycles).items()}
    for position, (market, own_sessions) in enumerate(sessions.items()):
        is_captured = market not in HOURS
        Market.objects.create(
            country=market, display_name=market, region="Asia", timezone_name="UTC", calendar=market,
            open_time="00:00", close_time="05:00", currency="USD", position=position,
            enable_futures_capture=is_captured, enable_open_capture=is_captured,
        )  # fmt: skip
        CalendarEdition.objects.create(
            calendar=market, timezone_name="UTC", first_utc=BEGIN - timedelta(hours=2),
            end_utc=BEGIN + timedelta(days=400), library_version="made", digest=market * 4, compiled_at=BEGIN,
        )  # fmt: skip
        SessionInterval.objects.bulk_create(
            SessionInterval(
                calendar=market, trade_date=each.trade_date, phase=each.phase.value, open_utc=utc(each.open_us),
                close_utc=utc(each.close_us), source="made", library_version="made",
            )
            for each in own_sessions
        )  # fmt: skip


def payload(symbol: str, ts_us: int, seq: int, **changes: object) -> bytes:
    """A quote's JSON as a recording would have it."""
    from thor.quotes.quote import format_ts

    fields = {
        "v": 1, "symbol": symbol, "ts": format_ts(ts_us), "source": "REPLAY", "last": 100 + seq % 7, "bid": 99.75,
        "ask": 100.25, "close": 98.5, "seq": seq,
    }  # fmt: skip
    return json.dumps(fields | changes).encode()


def decoded(fields: Mapping[bytes, bytes]) -> tuple[str, dict[str, object]]:
    """Type and content of an entry of ``thor:events``."""
    return fields[b"t"].decode(), json.loads(fields[b"e"])
