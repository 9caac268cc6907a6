"""The desk as a process: it leads or waits, reads the stream, tells the time, commits, then tells the world.

    lease -> claim the checkpoint -> read a batch -> hear it -> commit effects and stream id -> publish -> next

Start-up is recovery: whatever goes wrong, everything is forgotten and read again from the last commit.
"""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import redis
import structlog
from django.conf import settings
from django.db import connection

from thor.desk.board_feed import BoardFeed, board_feed
from thor.desk.config import LOOK_SECONDS as CONFIG_SECONDS
from thor.desk.config import ConfigTables
from thor.desk.desk import BEGINNING, Desk
from thor.desk.effects import MarketTransitioned
from thor.desk.entries import Entry, quote_of, read_plainly
from thor.desk.handlers import Context
from thor.desk.missed import missed_entries, number_of
from thor.desk.silence import SilenceReactor
from thor.desk.snapshot import SnapshotReactor
from thor.desk.store import DeposedError, DeskStore
from thor.desk.time import DeskTime, Limit, desk_time
from thor.indicators.extremes import ExtremesReactor
from thor.indicators.intraday import IntradayReactor
from thor.indicators.vwap import VwapReactor
from thor.market_open.config import MarketOpenSettings
from thor.market_open.reactor import MarketOpenReactor
from thor.markets.calendar import Calendar, MarketCalendars, Status
from thor.markets.horizon import short_horizons
from thor.markets.trade_date import utc
from thor.quotes.events import DomainEvent, publish
from thor.quotes.keys import Keys
from thor.quotes.quote import format_ts
from thor.quotes.reactor import AlertEnded, AlertRaised, Config, Effect, Reactor, setting
from thor.runtime.bus import connect, server_problems
from thor.runtime.clock import Clock, SystemClock
from thor.runtime.lease import Lease, ValkeyLeases, new_owner
from thor.runtime.problem import Problem
from thor.runtime.worker import Worker
from thor.signals.reactor import SignalReactor

log = structlog.get_logger()

BATCH: Final = 10_000
#: A desk that was not heard for so long no longer leads; it renews each second, and who waits asks twice a second.
LEASE_SECONDS: Final = 2.5
RENEW_SECONDS: Final = 1.0
ASK_SECONDS: Final = 0.5
#: Where nothing urgent follows from what was heard, the stream id is kept this often: after a crash it is heard again.
COMMIT_SECONDS: Final = 1.0
#: While live a row is written this often at most, however often it moves.
ROW_SECONDS: Final = 1.0
REPORT_SECONDS: Final = 1.0
HEALTH_TTL_SECONDS: Final = 10
#: The server wakes a blocked reader up to a tenth of a second late: nearer to a timer the desk looks by itself.
COARSE_SECONDS: Final = 0.15
LOOK_SECONDS: Final = 0.002
#: How far the player of a recording may be behind before the desk looks again.
SIMULATED_LOOK_SECONDS: Final = 0.01


def all_reactors() -> list[Reactor]:
    """What sits at the desk, in the order in which it hears."""
    interval_us = round(settings.FUTURETRADING_52W_MONITOR_INTERVAL * 1e6)
    extremes = ExtremesReactor(is_on=settings.FUTURETRADING_ENABLE_52W_MONITOR, interval_us=interval_us)
    signals = SignalReactor()
    opens = MarketOpenReactor(signals, extremes)
    return [SnapshotReactor(), SilenceReactor(), signals, IntradayReactor(), VwapReactor(), extremes, opens]


class OtherLeadsError(Problem):
    """Another desk leads: this one has nothing to do."""

    def __init__(self, leader: str) -> None:
        super().__init__(f"another desk leads ({leader}): it does what is due")


class DeskWorker(Worker):
    """See the module. ``reactors`` makes them anew at each recovery; ``clock`` says what time it is when live; a
    line says how it stands every ``tell_seconds`` (0: never)."""

    name = "desk"
    longest_backoff_seconds = 3.0

    def __init__(
        self,
        redis_url: str,
        namespace: str,
        reactors: Callable[[], Sequence[Reactor]] = all_reactors,
        clock: Clock | None = None,
        tell_seconds: float = 0.0,
        config: Callable[[], Config] | None = None,
    ) -> None:
        super().__init__()
        self._read_config = config or ConfigTables().read
        self._tell_seconds = tell_seconds
        self._url = redis_url
        self._keys = Keys(namespace)
        self._make_reactors = reactors
        self._now = clock or SystemClock()
        self._owner = new_owner()
        self._client: redis.Redis | None = None
        self._lease: Lease | None = None
        self._forget()

    def _forget(self) -> None:
        """As if never run: only what is committed counts."""
        self._fence: int | None = None
        self._leader = ""
        self._standby = 0
        self._desk: Desk | None = None
        self._store: DeskStore | None = None
        self._time: DeskTime | None = None
        self._board: BoardFeed | None = None
        self._has_told = False
        self._missed: Iterator[Entry] | None = None
        self._context = Context({}, {})
        self._followed = MarketCalendars({}, ())
        self._renew_at = self._commit_at = self._report_at = 0.0
        self._config_at = self._rows_at = 0.0
        self._rows_wait = False
        self._tell_at = time.monotonic() + self._tell_seconds
        self._saved_cursor = ""
        self._quotes = self._refused = self._transitions = 0

    # --- life -----------------------------------------------------------------------------------------------------

    def setup(self) -> None:
        self._forget()
        self._client = connect(self._url)
        if problems := server_problems(self._client):
            raise Problem("; ".join(problems))
        read_plainly(self._client)
        self._lease = Lease(ValkeyLeases(self._client), self._keys.desk_lease, self._owner, LEASE_SECONDS)

    def step(self) -> bool:
        if not self._leads():
            self.clock.sleep(ASK_SECONDS)
            return False
        self._turn()
        return True

    def _turn(self) -> bool:
        """Read, hear, commit. True when there was nothing more to hear."""
        desk, at = self._at_desk()
        self._refresh(desk)
        limit = at.limit()
        entries = self._read(desk, limit)
        drained = self._hear(desk, at, entries, limit)
        self._commit(desk)
        self._show(desk, has_moved=bool(entries))
        self._report(desk, limit)
        return drained

    def teardown(self) -> None:
        connection.close()
        try:
            if self._lease is not None:
                self._lease.release()
        finally:
            if self._client is not None:
                self._client.close()

    def drain(self) -> None:
        """Hear what is there and do what is due now, then let go: one look at the world. Raises what a step does."""
        try:
            self.setup()
            if not self._leads():
                raise OtherLeadsError(self._leader)
            while not self._turn():
                pass
        finally:
            self.teardown()

    # --- leading --------------------------------------------------------------------------------------------------

    def _leads(self) -> bool:
        """Renew the lease, or ask for it; recover when it was won. False while another leads."""
        if time.monotonic() < self._renew_at:
            return self._fence is not None
        assert self._lease is not None
        grant = self._lease.take()
        self._standby = grant.waiting
        if grant.number is None:
            if self._fence is not None:
                raise DeposedError
            if grant.holder != self._leader:
                log.info("waits: another desk leads", leader=grant.holder)
            self._leader = grant.holder
            return False
        self._renew_at = time.monotonic() + RENEW_SECONDS
        if self._fence != grant.number:
            self._recover(grant.number)
        return True

    def _recover(self, fence: int) -> None:
        """Begin where the last commit of any desk stands."""
        assert self._client is not None
        self._store = DeskStore(fence)
        saved = self._store.claim()
        self._publish(saved.unpublished)
        self._time = desk_time(self._client, self._keys, self._now)
        config = self._read_config()
        calendars = self._take(config)
        position_us = self._time.begin_us() if saved.position_us is None else saved.position_us
        has_quotes = self._time.has_quotes()
        reactors = [each for each in self._make_reactors() if has_quotes or not each.needs_quotes]
        desk = Desk(calendars, reactors, position_us, self._standing_cursor(saved.cursor))
        desk.start(saved.states, config)
        self._desk, self._fence, self._leader = desk, fence, ""
        self._board = board_feed(self._client, self._keys, desk)
        self._saved_cursor = saved.cursor
        self._watch_horizons(desk)
        # What is there by now stays: the collector need not look through it again with every batch that is read.
        gc.collect()
        gc.freeze()
        log.info("leads", cursor=desk.cursor, position=format_ts(position_us), markets=len(calendars))

    def _at_desk(self) -> tuple[Desk, DeskTime]:
        assert self._desk is not None and self._time is not None
        return self._desk, self._time

    def _standing_cursor(self, cursor: str) -> str:
        """Where to read on: a stream that began anew below the cursor is read from its beginning, and entries that were
        trimmed before they were heard are told."""
        info = self._stream_info()
        if number_of(info.get("last-generated-id", BEGINNING)) < number_of(cursor):
            log.warning("the stream began anew, it is read from its beginning", cursor=cursor)
            return BEGINNING
        if cursor != BEGINNING and number_of(info.get("max-deleted-entry-id", BEGINNING)) > number_of(cursor):
            up_to = info.get("first-entry-id", info["last-generated-id"])
            log.warning("the stream no longer holds all entries: they are read from the stored ticks",
                        after=cursor, up_to=up_to)  # fmt: skip
            self._missed = missed_entries(cursor, up_to)
        return cursor

    def _stream_info(self) -> dict[str, str]:
        try:
            found: Any = self._bus().xinfo_stream(self._keys.unified)
        except redis.ResponseError:
            return {}  # no stream yet
        said = {name: value.decode() for name, value in found.items() if isinstance(value, bytes)}
        if first := found.get("first-entry"):
            said["first-entry-id"] = first[0].decode()
        return said

    def _bus(self) -> redis.Redis:
        assert self._client is not None
        return self._client

    # --- what people set ------------------------------------------------------------------------------------------

    def _take(self, config: Config) -> dict[str, Calendar]:
        """Market -> its calendar, for the markets that are followed from here on."""
        self._config_at = time.monotonic() + CONFIG_SECONDS
        self._followed = setting(config, MarketCalendars)
        calendars = dict(self._followed.by_market)
        if not calendars:
            raise Problem("no calendar is compiled: run `thor sync_calendars` and `thor seed_markets`")
        names = {each.country: each.display_name for each in setting(config, MarketOpenSettings).markets}
        self._context = Context(calendars, names)
        return calendars

    def _refresh(self, desk: Desk) -> None:
        """Follow what people set, an edited market, and a calendar that was compiled anew."""
        if time.monotonic() < self._config_at:
            return
        config, followed = self._read_config(), self._followed
        calendars = self._take(config)
        desk.configure(config)
        if self._followed != followed:
            desk.follow(calendars)
            self._watch_horizons(desk)
            log.info("calendars or markets changed", markets=len(calendars))

    def _watch_horizons(self, desk: Desk) -> None:
        """A calendar that ends soon is an alarm until it reaches further."""
        ends = {each.calendar: each.end for each in short_horizons(utc(desk.position_us))}
        for name in sorted({each.name for each in self._context.calendars.values()}):
            alert = f"calendar_ends:{name}"
            if name in ends:
                text = f"calendar {name} ends {ends[name]:%Y-%m-%d}: update the libraries, then `thor sync_calendars`"
                desk.effects.append(AlertRaised(alert, "warning", text, desk.position_us))
            else:
                desk.effects.append(AlertEnded(alert, f"calendar {name} reaches further", desk.position_us))

    # --- hearing --------------------------------------------------------------------------------------------------

    def _read(self, desk: Desk, limit: Limit) -> Sequence[Entry]:
        """The next entries. Waits for them until the next timer, but no longer than until the lease is renewed."""
        before = self._read_missed()
        if len(before) == BATCH:
            return before
        cursor = before[-1][0] if before else desk.cursor
        block_ms = None if before else self._patience_ms(desk, limit)
        found: Any = self._bus().xread({self._keys.unified: cursor}, count=BATCH, block=block_ms)
        return [*before, *found] if before else found

    def _read_missed(self) -> Sequence[Entry]:
        """The next of those that were trimmed before this desk heard them."""
        if self._missed is None:
            return ()
        found = list(itertools.islice(self._missed, BATCH))
        if len(found) < BATCH:
            self._missed = None
        return found

    def _patience_ms(self, desk: Desk, limit: Limit) -> int | None:
        """How long the server may keep a read waiting; None: not at all."""
        if limit.last_id is not None:
            self._wait_for_player(desk, limit)
            return None
        board_at = self._board.due_at() if self._board is not None else None
        wanted = (self._renew_at, self._config_at, self._commit_at, board_at)
        seconds = min(each for each in wanted if each) - time.monotonic()
        if desk.due_us is not None:
            until_due = (desk.due_us - limit.until_us) / 1e6
            if 0 < until_due < COARSE_SECONDS:
                self.clock.sleep(min(LOOK_SECONDS, until_due))
                return None
            seconds = min(seconds, until_due - COARSE_SECONDS / 2)
        return round(seconds * 1000) if seconds >= 0.001 else None

    def _wait_for_player(self, desk: Desk, limit: Limit) -> None:
        if desk.position_us >= limit.until_us:
            self.clock.sleep(SIMULATED_LOOK_SECONDS)

    def _hear(self, desk: Desk, at: DeskTime, entries: Sequence[Entry], limit: Limit) -> bool:
        """Hear a batch, then what is due. True when there was nothing more to hear."""
        last = None if limit.last_id is None else number_of(limit.last_id)
        for entry_id, fields in entries:
            text = entry_id.decode()
            if last is not None and number_of(text) > last:
                break  # published after the player last said where it is
            entry_ms = int(text.partition("-")[0])
            quote = quote_of(fields, None if at.is_simulated else entry_ms * 1000)
            if quote is None:
                self._refused += 1
                desk.hear(text, None, desk.position_us, limit.told_us)
                continue
            self._quotes += 1
            desk.hear(text, quote, at.entry_us(entry_ms, quote), limit.told_us)
        drained = len(entries) < BATCH if last is None else number_of(desk.cursor) >= last
        if drained:
            desk.advance(limit.until_us, limit.told_us)
        return drained

    # --- committing -----------------------------------------------------------------------------------------------

    def _commit(self, desk: Desk) -> None:
        """At once when something urgent follows, else now and then."""
        if not desk.is_urgent:
            if not desk.effects and desk.cursor == self._saved_cursor and not self._rows_wait:
                self._commit_at = 0.0
                return
            if not self._commit_at:
                self._commit_at = time.monotonic() + COMMIT_SECONDS
            if time.monotonic() < self._commit_at:
                return
        assert self._store is not None
        effects, timers = desk.take()
        self._has_told = True
        rows = self._rows(desk)
        states = desk.states()
        events = self._store.commit(desk.cursor, desk.position_us, [*effects, *rows], timers, states, self._context)
        self._transitions += sum(isinstance(each, MarketTransitioned) for each in effects)
        self._publish(events)
        self._saved_cursor, self._commit_at = desk.cursor, 0.0

    def _show(self, desk: Desk, *, has_moved: bool) -> None:
        """The board to the pages, but not of a desk that was frozen for so long that another may lead."""
        if self._board is not None and time.monotonic() < self._renew_at + LEASE_SECONDS - RENEW_SECONDS:
            self._board.publish(desk.position_us, has_moved=has_moved or self._has_told)
            self._has_told = False

    def _rows(self, desk: Desk) -> Sequence[Effect]:
        """How the tables should stand; while live not oftener than once a second."""
        assert self._time is not None
        self._rows_wait = not self._time.is_simulated and time.monotonic() < self._rows_at
        if self._rows_wait:
            return ()
        self._rows_at = time.monotonic() + ROW_SECONDS
        return desk.rows()

    def _publish(self, events: Sequence[DomainEvent]) -> None:
        if not events:
            return
        assert self._store is not None
        publish(self._bus(), self._keys.events, events)
        self._store.told()
        for each in events:
            self.say(each)

    def say(self, event: DomainEvent) -> None:
        """What was told to the world, for who runs this desk."""
        # A signal on the edge of a threshold turns often: that is no news for a log.
        (log.debug if event.kind == "signal" else log.info)(event.kind, **event.payload)

    # --- telling how it is ----------------------------------------------------------------------------------------

    def _report(self, desk: Desk, limit: Limit) -> None:
        if time.monotonic() < self._report_at:
            return
        self._report_at = time.monotonic() + REPORT_SECONDS
        following = self._next_transition(desk)
        fields: dict[Any, Any] = {
            "owner": self._owner,
            "standby": self._standby,
            "cursor": desk.cursor,
            "position": format_ts(desk.position_us),
            "lag_ms": max(0, (limit.until_us - desk.position_us) // 1000),
            "next_market": following[0] if following else "",
            "next_kind": following[1] if following else "",
            "next_at": following[2] if following else "",
            "quotes": self._quotes,
            "refused": self._refused,
            "transitions": self._transitions,
            "open": ",".join(name for name, status in desk.clock.statuses().items() if status is Status.OPEN),
            "updated_at": format_ts(self._now.now_us()),
        }
        pipe = self._bus().pipeline(transaction=True)
        pipe.hset(self._keys.desk_health, mapping=fields)
        pipe.expire(self._keys.desk_health, HEALTH_TTL_SECONDS)
        pipe.execute()
        self._tell(fields)

    def _tell(self, fields: Mapping[str, Any]) -> None:
        if not self._tell_seconds or time.monotonic() < self._tell_at:
            return
        self._tell_at = time.monotonic() + self._tell_seconds
        self.stand(fields)

    def stand(self, fields: Mapping[str, Any]) -> None:
        """How it stands, for who runs this desk. ``fields``: its report."""
        told = ("position", "lag_ms", "next_market", "next_kind", "next_at", "quotes", "transitions", "standby")
        log.info("stands", **{name: fields[name] for name in told})

    def _next_transition(self, desk: Desk) -> tuple[str, str, str] | None:
        found = [(turn, market) for market in self._context.calendars if (turn := desk.clock.next_of(market))]
        if not found:
            return None
        turn, market = min(found, key=lambda each: each[0].at_us)
        return market, turn.kind.value, format_ts(turn.at_us)
