"""What a run does: the services of the lake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from thor.desk.lake_runs import RunKind, Wish
from thor.lake.build_bars import build_bars
from thor.lake.compact import compact
from thor.lake.export import Wish as ExportWish
from thor.lake.export import export
from thor.lake.layout import Timeframe
from thor.lake.quality_report import report
from thor.lake.root import own_store
from thor.lake.runs import Progress
from thor.lake.session import keep
from thor.lake.verify import verify
from thor.markets.now import market_now
from thor.markets.trade_date import trade_date_span


def work(wish: Wish, progress: Progress) -> str:
    """Do what is asked for. Returns a line for a person. Raises Problem."""
    return WORK[wish.kind](wish, progress)


def export_wish(wish: Wish) -> ExportWish:
    """The same for the lake, to which no symbols are all of them."""
    return ExportWish(wish.first, wish.last, wish.symbols or None, wish.overwrite)


def _session(wish: Wish, progress: Progress) -> str:
    return "; ".join(keep(own_store(), export_wish(wish), progress))


def _export(wish: Wish, progress: Progress) -> str:
    return export(own_store(), export_wish(wish), progress).said()


def _bars(wish: Wish, progress: Progress) -> str:
    span = (wish.first, wish.last, wish.symbols or None)
    return build_bars(own_store(), *span, tuple(Timeframe), progress, overwrite=wish.overwrite).said()


def _quality(wish: Wish, progress: Progress) -> str:
    span = (wish.first, wish.last, wish.symbols or None)
    return report(own_store(), *span, progress, overwrite=wish.overwrite).said()


def _verify(wish: Wish, progress: Progress) -> str:
    return verify(own_store(), wish.first, wish.last, rows=True, progress=progress).said()


def _compact(wish: Wish, progress: Progress) -> str:
    """All months that are over: the span says nothing here."""
    del wish
    today = trade_date_span(market_now().now_us).trade_date
    return compact(own_store(), progress, today).said()


WORK: Final[Mapping[RunKind, Callable[[Wish, Progress], str]]] = {
    RunKind.SESSION: _session,
    RunKind.EXPORT: _export,
    RunKind.BARS: _bars,
    RunKind.QUALITY: _quality,
    RunKind.VERIFY: _verify,
    RunKind.COMPACT: _compact,
}
