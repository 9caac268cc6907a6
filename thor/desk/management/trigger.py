"""What ``trigger_market_open`` and ``trigger_market_close`` share: the jobs of a transition, set off by hand."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from typing import Any, ClassVar

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from thor.desk.jobs import Deferred, find, job_counts, retry
from thor.desk.models import TransitionRecord
from thor.desk.triggers import AFTER, Trigger, defer, tasks_of
from thor.history.group import IngestGroup
from thor.markets.calendar import Calendar, Transition, TransitionKind
from thor.markets.now import market_now
from thor.markets.selectors import calendar_of, market_named
from thor.markets.session import parse_instant
from thor.markets.trade_date import utc
from thor.quotes.keys import Keys
from thor.runtime.bus import connect
from thor.runtime.problem import Problem


def instant(text: str) -> int:
    """Epoch microseconds of a time with its zone: without one it is a guess."""
    try:
        return parse_instant(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}: wanted a time with its zone, such as 2025-10-09T13:30Z") from None


class TriggerCommand(BaseCommand):
    """Defers what the desk would defer, under the same keys: what was done is not done again."""

    kind: ClassVar[TransitionKind]

    def add_arguments(self, parser: ArgumentParser) -> None:
        word = self.kind.value.lower()
        parser.add_argument("--market", required=True, metavar="NAME", help="its key, such as USA")
        parser.add_argument("--at", type=instant, metavar="TIME", help=f"the newest {word} up to then (now)")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            for line in self._run(options["market"], options["at"], options["dry_run"]):
                self.stdout.write(line)
        except (Problem, redis.RedisError) as error:
            raise CommandError(str(error), returncode=2) from error

    def _run(self, name: str, at_us: int | None, dry_run: bool) -> Iterator[str]:
        market = market_named(name)
        turn = _newest(calendar_of(market), self.kind, market_now().now_us if at_us is None else at_us)
        trigger = Trigger(market.country, turn.at_us, turn.trade_date, _after_id(market.country, turn))
        word = "opened" if self.kind is TransitionKind.OPEN else "closed"
        yield f"{market.country} {word} {utc(turn.at_us):%Y-%m-%d %H:%M:%S} UTC, trade date {turn.trade_date}"
        with transaction.atomic():
            lines = [_step(task, trigger, dry_run) for task in tasks_of(market.country, self.kind)]
        yield from (f"{task}: {line}" for task, line, _ in lines)
        if not any(is_news for *_, is_news in lines):
            yield "nothing new to do"
        elif dry_run:
            yield "nothing was done: leave --dry-run out to do it"
        elif not job_counts().workers:
            yield "no job worker is alive: the jobs wait for `thor up` or `thor jobs`"


def _step(task: str, trigger: Trigger, dry_run: bool) -> tuple[str, str, bool]:
    """Defer a step, or say what became of it. Returns the step, a line, and whether something is done."""
    there = find(task, trigger.key(task))
    if there is not None:
        return _step_again(there, dry_run)
    if task in AFTER:
        return task, f"follows {AFTER[task]}", False
    if dry_run:
        return task, "would be queued", True
    done = defer(task, trigger)
    return (task, f"queued as job {done.job_id}", True) if done.is_new else _step_again(done, dry_run)


def _step_again(there: Deferred, dry_run: bool) -> tuple[str, str, bool]:
    if there.status != "failed":
        return there.task, f"already there, job {there.job_id}: {_STATES[there.status]}", False
    if not dry_run:
        retry(there.job_id)
    return there.task, f"job {there.job_id} failed and {'would be' if dry_run else 'is'} queued again", True


_STATES = {
    "todo": "waits", "doing": "runs", "succeeded": "done", "cancelled": "cancelled by hand", "aborted": "broken off"
}  # fmt: skip


def _newest(calendar: Calendar, kind: TransitionKind, at_us: int) -> Transition:
    turn = calendar.last_transition(at_us)
    if turn is not None and turn.kind is not kind:
        turn = calendar.last_transition(turn.at_us - 1)
    if turn is None:
        raise Problem(
            f"the calendar {calendar.name} knows no {kind.value.lower()} up to {utc(at_us):%Y-%m-%d %H:%M} UTC: "
            f"it reaches from {utc(calendar.first_us):%Y-%m-%d} to {utc(calendar.end_us):%Y-%m-%d}."
        )
    return turn


def _after_id(market: str, turn: Transition) -> str:
    """The entry after which the desk told the transition; when it did not, the newest there is."""
    told = TransitionRecord.objects.filter(market=market, at=utc(turn.at_us)).first()
    if told is not None:
        return told.after_id
    client = connect(settings.REDIS_URL)
    try:
        return IngestGroup(client, Keys(settings.THOR_NAMESPACE)).last_id()
    finally:
        client.close()
