"""Writing what the reactor says: rows of an open, outcomes, misses and answers, each with its audit record.

Everything here runs in the transaction of the desk's commit. Each function returns what is told after it, or None.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import structlog
from django.db.models import Count, Max, Q

from thor.market_open import chain
from thor.market_open.audit import Kind
from thor.market_open.capture import (
    NO_SIDE,
    CaptureKind,
    CaptureMissed,
    CaptureSkipped,
    OutcomeResolved,
    RequestAnswered,
    SessionCaptured,
    outcome_columns,
)
from thor.market_open.grading import Outcome
from thor.market_open.models import CaptureRequest, MarketSession, MissedCapture
from thor.market_open.targets import target_and_stop
from thor.markets.trade_date import utc
from thor.quotes.quote import format_ts
from thor.quotes.rows import columns
from thor.runtime.decimals import plain
from thor.signals.config import Signal

log = structlog.get_logger()

Said = Mapping[str, Any]
_HUNDREDTH: Final = Decimal("0.01")
#: The rules that decide what a capture and an outcome say.
_RULES: Final = (
    "instruments/instrument.py", "markets/calendar.py", "markets/transition.py", "quotes/quote.py", "quotes/quick.py",
    "quotes/gate.py", "indicators/extremes.py", "signals/classification.py", "signals/composite.py",
    "signals/reactor.py", "market_open/targets.py", "market_open/capture.py", "market_open/grading.py",
    "market_open/reactor.py", "desk/desk.py",
)  # fmt: skip


class WithdrawnError(Exception):
    """Everybody who asked for a capture has taken the wish back since the desk heard of it: nothing of it is written,
    and the desk begins anew from its last commit."""

    def __init__(self, session: str) -> None:
        super().__init__(f"nobody asks for {session} any more")


def write_session(effect: SessionCaptured) -> Said | None:
    """The rows of an open with their number and the counts so far; None where the date has its rows already.

    Raises :class:`WithdrawnError`."""
    if effect.kind is CaptureKind.MANUAL and effect.requests:
        # Who takes a wish back from here on waits for the end of this transaction, and finds it fulfilled.
        wishes = CaptureRequest.objects.select_for_update().filter(id__in=effect.requests).order_by("id")
        if not any(each.status == CaptureRequest.Status.WAITING for each in wishes):
            raise WithdrawnError(effect.session_id)
    there = MarketSession.objects.filter(country=effect.country)
    if there.filter(trade_date=effect.trade_date).exists():
        log.warning("captured already, nothing is written", session=effect.session_id)
        return None
    newest: int | None = there.aggregate(number=Max("session_number"))["number"]
    number = (newest or 0) + 1
    counts = signal_counts(effect.country)
    written = [columns(row) for row in effect.rows]
    MarketSession.objects.bulk_create(
        [MarketSession(session_number=number, signal_counts=counts[row["symbol"]], **row) for row in written]
    )
    body = {
        "session_number": number,
        "rows": written,
        "missing": effect.missing,
        "basis": effect.basis,
        "code": code_version(),
    }
    chain.append([chain.Entry(Kind.CAPTURE, effect.session_id, "", body)], effect.captured_us)
    return _captured(effect, number)


def _captured(effect: SessionCaptured, number: int) -> Said:
    total = effect.total
    target, stop = target_and_stop(total.entry_side, total.target_high, total.target_low)
    return {
        "session_id": effect.session_id,
        "session_number": number,
        "country": effect.country,
        "trade_date": effect.trade_date.isoformat(),
        "opened_at": format_ts(effect.opened_us),
        "captured_at": format_ts(effect.captured_us),
        "capture_kind": effect.kind.value,
        "signal": total.bhs,
        "status": total.status,
        "entry_side": total.entry_side or None,
        "entry_price": _text(total.entry_price),
        "target": _text(target),
        "stop": _text(stop),
        "wndw": total.wndw,
        "window_ends_at": format_ts(total.window_ends_at_us),
        "warnings": [f"{row.symbol}: {row.reason}" for row in effect.rows if row.reason.endswith(NO_SIDE)],
    }


def signal_counts(country: str) -> _Counts:
    """Symbol -> signal -> how often its trade worked and didn't at a market until now, and the shares in per cent."""
    won, lost = Q(wndw=Outcome.WORKED.value), Q(wndw=Outcome.DIDNT_WORK.value)
    rows = MarketSession.objects.filter(won | lost, country=country).order_by()
    found = rows.values("symbol", "bhs").annotate(worked=Count("id", filter=won), didnt_work=Count("id", filter=lost))
    return _Counts((row["symbol"], row["bhs"], row["worked"], row["didnt_work"]) for row in found)


class _Counts(dict[str, dict[str, dict[str, Any]]]):
    """Of a symbol that was never graded: noughts."""

    def __init__(self, found: Iterable[tuple[str, str, int, int]]) -> None:
        super().__init__()
        for symbol, signal, worked, didnt_work in found:
            self[symbol][signal] = _count(worked, didnt_work)

    def __missing__(self, symbol: str) -> dict[str, dict[str, Any]]:
        self[symbol] = {signal.value: _count(0, 0) for signal in Signal}
        return self[symbol]


def _count(worked: int, didnt_work: int) -> dict[str, Any]:
    decided = worked + didnt_work
    shares = [_share(each, decided) for each in (worked, didnt_work)]
    return {"worked": worked, "worked_pct": shares[0], "didnt_work": didnt_work, "didnt_work_pct": shares[1]}


def _share(part: int, whole: int) -> str | None:
    return str((Decimal(part) * 100 / whole).quantize(_HUNDREDTH, ROUND_HALF_UP)) if whole else None


def write_outcome(effect: OutcomeResolved) -> Said | None:
    """How a row's trade ended; None where the row is not pending: it was graded before, or is another capture's."""
    pending = MarketSession.objects.filter(
        session_id=effect.session_id, symbol=effect.symbol, wndw=Outcome.PENDING.value,
        captured_at=utc(effect.captured_us),
    )  # fmt: skip
    written = outcome_columns(effect.resolution, effect.captured_us)
    if not pending.update(**written):
        log.warning("graded already, nothing is written", session=effect.session_id, symbol=effect.symbol)
        return None
    body = {"outcome": written, "code": code_version()}
    chain.append([chain.Entry(Kind.OUTCOME, effect.session_id, effect.symbol, body)], effect.resolution.at_us)
    return {
        "session_id": effect.session_id,
        "country": effect.country,
        "trade_date": effect.trade_date.isoformat(),
        "symbol": effect.symbol,
        "wndw": effect.resolution.outcome.value,
        "outcome": effect.resolution.outcome.text,
        "pnl_usd": _text(effect.resolution.pnl_usd),
        "resolution_quality": written["resolution_quality"],
        "resolved_at": format_ts(effect.resolution.at_us),
        "elapsed_sec": str(written["elapsed_sec"]),
        "reason": effect.resolution.reason,
    }


def write_missed(effect: CaptureMissed) -> Said | None:
    """A market opened and was not captured; None where that is known."""
    _, is_new = MissedCapture.objects.get_or_create(
        country=effect.country,
        opened_at=utc(effect.opened_us),
        defaults={"trade_date": effect.trade_date, "noted_at": utc(effect.noted_us), "error": effect.error[:300]},
    )
    if not is_new:
        return None
    return {
        "country": effect.country,
        "trade_date": effect.trade_date.isoformat(),
        "opened_at": format_ts(effect.opened_us),
        "error": effect.error,
    }


def skipped(effect: CaptureSkipped) -> Said:
    """A second open of a date that has its capture."""
    return {
        "country": effect.country,
        "trade_date": effect.trade_date.isoformat(),
        "opened_at": format_ts(effect.opened_us),
        "reason": effect.reason,
    }


def write_answer(effect: RequestAnswered) -> None:
    """What became of a person's wish, unless it was withdrawn."""
    status = CaptureRequest.Status.CAPTURED if effect.session_id else CaptureRequest.Status.REFUSED
    CaptureRequest.objects.filter(id=effect.request_id, status=CaptureRequest.Status.WAITING).update(
        status=status, answer=effect.answer, session_id=effect.session_id, answered_at=utc(effect.at_us)
    )


@cache
def code_version() -> Mapping[str, str]:
    """The release, and a digest of the source of the rules: another digest is other code."""
    home = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for name in _RULES:
        digest.update(f"{name}\0".encode() + (home / name).read_bytes())
    return {"version": version("thor"), "rules": digest.hexdigest()}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
