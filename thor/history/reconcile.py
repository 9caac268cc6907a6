"""Reconciliation: every entry of a trade date is found again, or named. It reads the stream with code of its own and
judges with the slow rules, so that it would find what the ingestor's fast path got wrong.

The bus is looked at once, in one transaction: what came later is not this run's. Memory is bounded by a page of the
stream, the ids of the dead letters and the leases.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple, cast

import psycopg
import redis

from thor.history.account import Account, Acknowledged, AnyGroup, Place, Span, letter_place, see, span_of, tally_of
from thor.history.dead_letters import DeadLetters
from thor.history.lease import id_key
from thor.history.queries import query
from thor.history.tick import id_ms
from thor.quotes.keys import Keys
from thor.quotes.quote import format_ts
from thor.runtime.problem import Problem

#: Entries of one answer of the bus and of one question to the database.
PAGE: Final = 5000
#: Marks are as many as batches in flight; more than this only where somebody reads the group with other tools.
MOST_PENDING: Final = 1_000_000
_LOOK_AGAIN_SECONDS: Final = 0.1
_NEVER_MS: Final = 10**18 - 1
#: Of a stream id.
_PARTS: Final = ("ms", "number")

Database = psycopg.Connection[tuple[Any, ...]]


class View(NamedTuple):
    """The bus at one moment, ``now_ms`` by its clock. ``last_id``: of the stream; ``losses`` and ``collect_losses``: as
    the hashes say."""

    now_ms: int
    last_id: str
    acknowledged: Acknowledged
    tally: Mapping[str, str]
    losses: Mapping[str, str]
    collect_losses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The result. ``since``: the first id of which the tally counts, empty without one; ``held``: entries of the date
    that the stream still holds."""

    day: date
    is_trade_date: bool
    accounts: list[Account]
    since: str
    held: int
    losses: dict[str, int]
    collect_losses: dict[str, int]

    @property
    def waiting(self) -> int:
        return sum(each.waiting for each in self.accounts)

    @property
    def is_balanced(self) -> bool:
        return all(each.is_balanced for each in self.accounts)

    @property
    def is_done(self) -> bool:
        """Every entry is accounted for, and none waits."""
        return self.is_balanced and not self.waiting


def reconcile(
    client: redis.Redis,
    keys: Keys,
    database: Database,
    groups: Mapping[str, str],
    day: date,
    wait_seconds: float = 0.0,
    on_page: Callable[[float], object] = lambda _share: None,
) -> Reconciliation:
    """The account of a trade date as of now. ``wait_seconds``: how long what is in the stream now may take to be
    acknowledged; ``on_page`` hears which share of the stream was looked through, 0 to 1. Raises redis and psycopg
    errors while a server is away."""
    span = span_of(day)
    view = _settled_view(client, keys, day, wait_seconds)
    book = _Book(client, keys, AnyGroup(groups), day, view)
    if span is not None:
        database.autocommit = True
        database.execute(query("create_reconciled"))
        book.read_letters()
        book.read_stream(database, span, on_page)
        book.count(database, span)
    return book.closed(is_trade_date=span is not None)


class _Book:
    """The accounts while they are written."""

    def __init__(self, client: redis.Redis, keys: Keys, groups: AnyGroup, day: date, view: View) -> None:
        self._redis = client
        self._keys = keys
        self._groups = groups
        self._day = day
        self._view = view
        self._letters = DeadLetters(client, keys)
        self._with_letter: set[str] = set()
        self._accounts: dict[tuple[str, str], Account] = {}
        self._held = 0
        self._since, self._tally = tally_of(view.tally)

    def account(self, source: str, symbol: str) -> Account:
        key = (source, symbol)
        if key not in self._accounts:
            self._accounts[key] = Account(source, symbol)
        return self._accounts[key]

    # --- dead letters ---

    def read_letters(self) -> None:
        """Letters of entries of the date, also of those that the stream no longer holds."""
        for page in self._letters.oldest_first("+"):
            for letter in page:
                if letter.entry_id and not self._is_later(letter.entry_id):
                    self._with_letter.add(letter.entry_id)
                    self._bury(letter_place(letter.entry_id, letter.event, self._groups))

    def _bury(self, place: Place, *, removed: bool = False) -> None:
        if place.trade_date == self._day:
            account = self.account(place.source, place.symbol)
            account.dead += 1
            account.letters_removed += removed

    def _is_later(self, stream_id: str) -> bool:
        return id_key(stream_id) > id_key(self._view.last_id)

    # --- by identity ---

    def read_stream(self, database: Database, span: Span, on_page: Callable[[float], object]) -> None:
        """Look for each entry of the date that the stream still holds."""
        first_ms, last_ms = 0, min(id_ms(self._view.last_id), span.last_ms)
        for page in self._pages(span):
            first_ms = first_ms or id_ms(page[0][0])
            on_page((id_ms(page[-1][0]) - first_ms) / max(1, last_ms - first_ms))
            removed = self._letters.removed([stream_id for stream_id, _ in page])
            lines = []
            for stream_id, fields in page:
                if stream_id not in self._with_letter and (line := self._line(stream_id, fields, removed)):
                    lines.append(line)
            if lines:
                self._judge(database, span, lines)

    def _pages(self, span: Span) -> Iterator[list[tuple[str, Mapping[bytes, bytes]]]]:
        first, last = span.first_id, self._view.last_id
        if id_key(last)[0] > span.last_ms:
            last = str(span.last_ms)
        while id_key(last) >= id_key(first.lstrip("(")):
            raw = cast("list[Any]", self._redis.xrange(self._keys.unified, first, last, count=PAGE))
            if not raw:
                return
            yield [(stream_id.decode(), fields) for stream_id, fields in raw]
            first = f"({raw[-1][0].decode()}"

    def _line(self, stream_id: str, fields: Mapping[bytes, bytes], removed: set[str]) -> bytes:
        """The row that an entry should be; empty when it should be none, or of another date."""
        seen = see(stream_id, fields, self._groups)
        if seen.place.trade_date != self._day:
            return b""
        self._held += 1
        if stream_id in removed:
            self._bury(seen.place, removed=True)
            return b""
        if not seen.line:
            self._miss(self.account(seen.place.source, seen.place.symbol), stream_id)
        return seen.line

    def _judge(self, database: Database, span: Span, lines: list[bytes]) -> None:
        bounds = {"start": format_ts(span.start_us), "end": format_ts(span.end_us)}
        with database.transaction(), database.cursor() as cursor:
            with cursor.copy(query("copy_reconciled")) as copy:
                copy.write(b"".join(lines))
            # A page is few against a partition: look its rows up, whatever the statistics say.
            cursor.execute("SET LOCAL enable_hashjoin = off")
            cursor.execute("SET LOCAL enable_mergejoin = off")
            for stream_id, source, symbol, verdict in cursor.execute(query("judge_reconciled"), bounds):
                self._enter(self.account(source, symbol), stream_id, verdict)

    def _enter(self, account: Account, stream_id: str, verdict: str) -> None:
        if verdict == "missing":
            self._miss(account, stream_id)
            return
        late = not self._view.acknowledged.holds(stream_id)
        if verdict in ("stored", "changed"):
            account.held_stored += not late
            account.late_stored += late
        else:
            account.held_duplicates += not late
            account.late_duplicates += late
        account.conflicts += verdict == "conflict"
        if verdict.startswith("changed"):
            account.changed += 1
            account.note("changed", stream_id)

    def _miss(self, account: Account, stream_id: str) -> None:
        if self._view.acknowledged.holds(stream_id):
            account.missing_found += 1
            account.note("missing", stream_id)
        else:
            account.waiting += 1

    # --- by count ---

    def count(self, database: Database, span: Span) -> None:
        """Hold the tally against the table."""
        rows = database.execute(query("count_ticks"), self._parameters(span)).fetchall()
        for source, symbol, covered, earlier in rows:
            account = self.account(source, symbol)
            account.rows, account.earlier = covered, earlier
        if self._since:
            for source, symbol in self._tally:
                self.account(source, symbol)
            for key, account in self._accounts.items():
                account.acknowledged, account.tallied_duplicates = self._tally.get(key, (0, 0))
        else:
            for account in self._accounts.values():
                account.earlier = max(0, account.earlier - account.held_stored - account.late_stored)

    def _parameters(self, span: Span) -> dict[str, object]:
        """Without a tally every row is from before it, acknowledged or not."""
        view = self._view
        waiting = view.acknowledged.waiting if self._since else ()
        ids = {
            "since": id_key(self._since) if self._since else (_NEVER_MS, 0),
            "newest": id_key(view.last_id),
            "up_to": id_key(view.acknowledged.last if self._since else view.last_id),
        }
        numbers = {f"{name}_{part}": n for name, each in ids.items() for part, n in zip(_PARTS, each, strict=True)}
        ranges = {
            f"{end}_{part}": [each[side][n] for each in waiting]
            for side, end in enumerate(("first", "last"))
            for n, part in enumerate(_PARTS)
        }
        days = {"day": self._day, "start": format_ts(span.start_us), "end": format_ts(span.end_us)}
        return {**days, **numbers, **ranges, "now_ms": view.now_ms}

    def closed(self, *, is_trade_date: bool) -> Reconciliation:
        losses = {name: int(self._view.losses.get(name, 0)) for name in ("lost_to_trim", "lost_pending")}
        return Reconciliation(
            day=self._day,
            is_trade_date=is_trade_date,
            accounts=[account for _, account in sorted(self._accounts.items())],
            since=self._since,
            held=self._held,
            losses={name: count for name, count in losses.items() if count},
            collect_losses={name: int(count) for name, count in sorted(self._view.collect_losses.items())},
        )


# --- the bus at one moment --------------------------------------------------------------------------------------------


def _settled_view(client: redis.Redis, keys: Keys, day: date, wait_seconds: float) -> View:
    """The bus as soon as all that is in the stream now is acknowledged, or as it is when the wait is over."""
    until = time.monotonic() + wait_seconds
    view = first = look(client, keys, day)
    while not _is_settled(view.acknowledged, first.last_id) and time.monotonic() < until:
        time.sleep(_LOOK_AGAIN_SECONDS)
        view = look(client, keys, day)
    return view._replace(now_ms=first.now_ms, last_id=first.last_id)


def _is_settled(acknowledged: Acknowledged, last_id: str) -> bool:
    up_to = id_key(last_id)
    return id_key(acknowledged.last) >= up_to and all(first > up_to for first, _ in acknowledged.waiting)


def look(client: redis.Redis, keys: Keys, day: date) -> View:
    """The bus at this moment, in one transaction."""
    pipe = client.pipeline(transaction=True)
    pipe.time()
    pipe.xrevrange(keys.unified, count=1)
    pipe.xinfo_groups(keys.unified)
    pipe.xpending_range(keys.unified, keys.group, "-", "+", MOST_PENDING)
    pipe.hgetall(keys.leases)
    pipe.get(keys.leased_up_to)
    for name in (keys.tally(day), keys.ingest_losses, keys.collect_losses):
        pipe.hgetall(name)
    now, newest, groups, pending, leases, up_to, *hashes = pipe.execute(raise_on_error=False)
    seconds, micro = _answer(now)
    return View(
        seconds * 1000 + micro // 1000,
        _text(newest[0][0]) if _answer(newest) else "0-0",
        _acknowledged(_delivered(groups, keys.group), _answer(pending), _texts(_answer(leases)), _answer(up_to)),
        *(_texts(_answer(each)) for each in hashes),
    )


def _answer(reply: Any) -> Any:
    """A reply; nothing where the stream or its group is not there."""
    if isinstance(reply, redis.ResponseError) and "no such key" in str(reply).lower():
        return []
    if isinstance(reply, Exception):
        raise reply
    return reply


def _delivered(groups: Any, name: str) -> str:
    for group in _answer(groups):
        facts = _texts(group)
        if facts["name"] == name:
            return facts["last-delivered-id"]
    return "0-0"


def _acknowledged(last: str, pending: Any, leases: Mapping[str, str], up_to: bytes | None) -> Acknowledged:
    """What was acknowledged: handed out, not within a lease, not pending by itself, and not handed out past the leases
    (the ingestor will take that up again)."""
    if len(pending) >= MOST_PENDING:
        raise Problem(f"the group has more than {MOST_PENDING:,} pending entries: let the ingestor take them up first.")
    marks = [_text(each["message_id"]) for each in pending]
    waiting = [(mark, mark) for mark in marks if mark not in leases]
    waiting += [(first, held.split(" ")[0]) for first, held in leases.items()]
    leased = up_to.decode().split(" ")[0] if up_to else "0-0"
    if id_key(last) > id_key(leased):
        ms, number = id_key(leased)
        waiting.append((f"{ms}-{number + 1}", last))
    return Acknowledged(last, waiting)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _texts(mapping: Any) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in mapping.items()} if mapping else {}
