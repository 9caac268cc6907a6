"""Reading captures, what became of them, and what people set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db.models import Count, F, Q, QuerySet, Sum

from thor.indicators.models import IntradayMetric
from thor.market_open.filters import ALL, DEFAULT_SORT, WEEKDAYS, Filters
from thor.market_open.grading import Outcome
from thor.market_open.models import AuditRecord, GlobalConfig, MarketSession, MissedCapture, RegionConfig
from thor.signals.composite import TOTAL

Values = dict[str, Any]

#: The columns of a row, and which of the intraday metric stand beside them.
COLUMNS: Final = tuple(each.attname for each in MarketSession._meta.concrete_fields)
METRICS: Final = (
    "market_high_open", "market_high_pct_open", "market_low_open", "market_low_pct_open", "market_close",
    "market_high_pct_close", "market_low_pct_close", "market_close_vs_open_pct", "market_range", "market_range_pct",
    "session_volume",
)  # fmt: skip
_NO_METRICS: Final[Values] = dict.fromkeys(METRICS)


class Tally(NamedTuple):
    """What came of a market's rows. ``counts``: by outcome."""

    country: str
    sessions: int
    counts: dict[str, int]
    pnl_usd: Decimal

    @property
    def entries(self) -> int:
        """Trades whose P&L is known."""
        return sum(self.counts.get(each, 0) for each in (Outcome.WORKED, Outcome.DIDNT_WORK, Outcome.EXPIRED))


class Read(NamedTuple):
    """Rows with what stands beside them: ``missing`` by session, (symbol, why it does not count in TOTAL)."""

    rows: list[Values]
    missing: Mapping[str, list[tuple[str, str]]]


def filtered(filters: Filters) -> QuerySet[MarketSession]:
    """The rows that somebody asks about."""
    found = MarketSession.objects.filter(_condition(filters))
    return found if filters.symbol == ALL else found.filter(symbol=filters.symbol)


def _condition(filters: Filters) -> Q:
    lists = {
        "country__in": filters.markets, "day__in": filters.days, "wndw__in": filters.outcomes,
        "bhs__in": filters.signals, "capture_kind__in": filters.kinds,
    }  # fmt: skip
    asked: Values = {name: values for name, values in lists.items() if values}
    if filters.start is not None:
        asked["trade_date__gte"] = filters.start
    if filters.end is not None:
        asked["trade_date__lte"] = filters.end
    return Q(**asked)


def page_of(filters: Filters, sort: str, page: int, page_size: int) -> Read:
    """A page, the first is 1. Equal rows stand in the order in which they were written, the newest first; null last."""
    first = (page - 1) * page_size
    return read(filtered(filters).order_by(*_order(sort))[first : first + page_size])


def _order(sort: str) -> list[Any]:
    field = F(sort.removeprefix("-"))
    ordered = field.desc(nulls_last=True) if sort.startswith("-") else field.asc(nulls_last=True)
    return [ordered, *(() if sort == DEFAULT_SORT else ("-opened_at",)), "-id"]


def tallies(filters: Filters) -> list[Tally]:
    """By market what came of all rows that somebody asks about, and how many they are."""
    rows = filtered(filters).order_by().values_list("country", "wndw")
    found: dict[str, Tally] = {}
    for country, wndw, count, pnl in rows.annotate(Count("id"), Sum("pnl_usd")):
        before = found.get(country, Tally(country, 0, {}, Decimal(0)))
        counts = {**before.counts, wndw: count}
        found[country] = Tally(country, before.sessions + count, counts, before.pnl_usd + (pnl or 0))
    return list(found.values())


def sessions(filters: Filters) -> int:
    """How many opens they are of."""
    return filtered(filters).order_by().values("session_id").distinct().count()


def rows_of_session(session_id: str) -> Read:
    """Its 12 rows in the board's order, TOTAL last; none of an unknown one."""
    return read(MarketSession.objects.filter(session_id=session_id).order_by("id"))


def row_of(session_id: str, symbol: str) -> Values | None:
    """One of the rows, without what stands beside it."""
    found: Values | None = MarketSession.objects.filter(session_id=session_id, symbol=symbol).values(*COLUMNS).first()
    return found


def pending_rows(symbol: str) -> Read:
    """Those that are graded now, the oldest first."""
    found = MarketSession.objects.filter(wndw=Outcome.PENDING.value)
    return read((found if symbol == ALL else found.filter(symbol=symbol)).order_by("opened_at", "id"))


def totals_on(day: date) -> Read:
    """The TOTAL rows of a trade date."""
    return read(MarketSession.objects.filter(symbol=TOTAL, trade_date=day).order_by("opened_at", "id"))


def read(rows: QuerySet[MarketSession]) -> Read:
    """Rows with the intraday metrics of their sessions."""
    found = list(rows.values(*COLUMNS))
    metrics = _metrics(found)
    for row in found:
        row.update(metrics.get((row["country"], row["opened_at"], row["symbol"]), _NO_METRICS))
    return Read(found, _missing(row["session_id"] for row in found if row["symbol"] == TOTAL))


def _metrics(rows: Sequence[Values]) -> dict[tuple[Any, ...], Values]:
    if not rows:
        return {}
    named = {name: {row[name] for row in rows} for name in ("country", "trade_date", "symbol")}
    found = IntradayMetric.objects.filter(
        market__in=named["country"], trade_date__in=named["trade_date"], symbol__in=named["symbol"]
    )
    return {
        (market, opened, symbol): dict(zip(METRICS, values, strict=True))
        for market, opened, symbol, *values in found.values_list("market", "opened", "symbol", *METRICS)
    }


def _missing(sessions: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Session -> who does not count in its TOTAL, and why, in the board's order."""
    wanted = list(sessions)
    if not wanted:
        return {}
    unsigned = MarketSession.objects.filter(session_id__in=wanted, bhs=None).exclude(symbol=TOTAL).order_by("id")
    found: dict[str, list[tuple[str, str]]] = {}
    for session_id, symbol, reason in unsigned.values_list("session_id", "symbol", "reason"):
        found.setdefault(session_id, []).append((symbol, reason))
    return found


def audit_of(session_id: str) -> list[Values]:
    """The records of a session in their order, without their bodies."""
    found = AuditRecord.objects.filter(session_id=session_id).order_by("number")
    return [dict(each) for each in found.values("number", "at", "kind", "symbol", "hash")]


def board() -> list[str]:
    """The instruments of the newest open, in the board's order."""
    newest = MarketSession.objects.filter(symbol=TOTAL).order_by("-trade_date", "-opened_at").values("session_id")[:1]
    rows = MarketSession.objects.filter(session_id=newest).exclude(symbol=TOTAL).order_by("id")
    return list(rows.values_list("symbol", flat=True))


def missed(filters: Filters) -> QuerySet[MissedCapture]:
    """The opens that were not captured, of the markets and dates that somebody asks about."""
    found = MissedCapture.objects.all()
    if filters.markets:
        found = found.filter(country__in=filters.markets)
    if filters.start is not None:
        found = found.filter(trade_date__gte=filters.start)
    if filters.end is not None:
        found = found.filter(trade_date__lte=filters.end)
    if filters.days:
        found = found.filter(trade_date__iso_week_day__in=[WEEKDAYS.index(day) + 1 for day in filters.days])
    return found


def switched_off() -> tuple[bool, frozenset[str]]:
    """Whether nothing is captured at all, and the markets that are not."""
    enabled = GlobalConfig.objects.values_list("capture_enabled", flat=True).first()
    regions = RegionConfig.objects.filter(is_active=False).values_list("market__country", flat=True)
    return enabled is False, frozenset(regions)
