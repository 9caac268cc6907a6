"""Rates, expected values, P&L and insights of opens as JSON: the database's sums, the rules' figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from asgiref.sync import sync_to_async

from thor.market_open import selectors, sums
from thor.market_open.analytics import (
    LOW_SAMPLE,
    Compared,
    DaySums,
    Insight,
    PnlDay,
    Rate,
    Share,
    Sums,
    max_drawdown,
    mean_interval,
    rate_of,
    running_pnl,
    share_of,
)
from thor.market_open.answers import names_of, tidy
from thor.market_open.capture import CaptureKind
from thor.market_open.filters import ALL, WEEKDAYS, Filters
from thor.market_open.sums import Group
from thor.markets.live import MarketTable, market_table
from thor.runtime.problem import Problem
from thor.signals.config import Signal

Answer = dict[str, Any]
#: Ratios carry no more digits than anybody can use.
_DIGITS: Final = 6
_OVERALL: Final = Group("overall")
_SIGNALS: Final = tuple(each.value for each in Signal)


class Rates(NamedTuple):
    """The figures of every group, of markets and signals in the order in which people read them."""

    by_group: Mapping[Group, Rate]
    added: Mapping[Group, Sums]
    names: Mapping[str, str]

    @property
    def overall(self) -> Rate:
        return self.by_group.get(_OVERALL) or rate_of(Sums())

    def level(self, level: str) -> list[tuple[Group, Rate]]:
        """The groups of a level."""
        found = [(group, rate) for group, rate in self.by_group.items() if group.level == level]
        return sorted(found, key=lambda each: self._place(each[0]))

    def _place(self, group: Group) -> tuple[int, int, int, str]:
        return (
            _index(self.names, group.country), _index(WEEKDAYS, group.day), _index(_SIGNALS, group.signal),
            f"{group.country}{group.month}",
        )  # fmt: skip


def _index(values: Iterable[str], wanted: str | None) -> int:
    found = list(values)
    return found.index(wanted) if wanted in found else len(found)


# --- stats -----------------------------------------------------------------------------------------------------------


async def stats(filters: Filters) -> Answer:
    """What came of the opens that match. Raises Problem 422."""
    return await sync_to_async(stats_of)(await market_table(), filters)


def stats_of(table: MarketTable, filters: Filters) -> Answer:
    """The same, of a table of markets."""
    sample = filters.sampled
    rates = rates_of(table, filters)
    curve = running_pnl((day.isoformat(), pnl, entries) for day, pnl, entries in sums.pnl_by_date(sample))
    overall = rates.overall
    return {
        "filters": sample.as_json(),
        "overall": rate_json(overall),
        "by_market": [_named(group, rates) | rate_json(rate) for group, rate in rates.level("market")],
        "by_day": [{"day": group.day} | rate_json(rate) for group, rate in rates.level("day")],
        "by_market_day": [
            {"country": group.country, "day": group.day} | rate_json(rate) for group, rate in rates.level("market_day")
        ],
        "by_signal": [{"signal": group.signal} | rate_json(rate) for group, rate in rates.level("signal")],
        "by_month": [{"month": group.month} | rate_json(rate) for group, rate in rates.level("month")],
        "resolution": {"mean_sec": _tidy(overall.mean_resolution_sec), "median_sec": overall.median_resolution_sec},
        "quality": _quality(rates.added.get(_OVERALL, Sums())),
        "pnl_curve": [_pnl(each) for each in curve],
        "max_drawdown_usd": tidy(max_drawdown(curve)),
        "best": {"market": _best_market(rates), "day": _best_day(rates)},
        "left_out": {"manual": 0 if filters.kinds else _manual(filters)},
        "missed": selectors.missed(filters).count(),
    }


def rates_of(table: MarketTable, filters: Filters) -> Rates:
    """Every group's rate over the opens that match. Raises Problem 422 for the rows of all symbols at once."""
    sample = _sample(filters)
    added, medians = sums.rates(sample), sums.medians(sample)
    by_group = {group: rate_of(each, medians.get(group)) for group, each in added.items()}
    return Rates(by_group, added, names_of(table))


def _sample(filters: Filters) -> Filters:
    if filters.symbol == ALL:
        raise Problem("symbol: figures are of one trade an open: give TOTAL, or an instrument such as ES", status=422)
    return filters.sampled


def _manual(filters: Filters) -> int:
    return selectors.filtered(filters._replace(kinds=(CaptureKind.MANUAL.value,))).count()


def _named(group: Group, rates: Rates) -> Answer:
    country = group.country or ""
    return {"country": country, "display_name": rates.names.get(country, country)}


def rate_json(rate: Rate) -> Answer:
    """A rate as the API writes it."""
    return {name: _tidy(value) for name, value in rate._asdict().items()}


def _tidy(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, Decimal):
        return tidy(value)
    return tuple(map(_tidy, value)) if isinstance(value, tuple) else value


def _quality(added: Sums) -> Answer:
    n = added.entries
    shares = {"exact": n - added.gap - added.bar_only, "gap": added.gap, "bar_only": added.bar_only}
    return {name: round(count / n, _DIGITS) if n else None for name, count in shares.items()} | {"n": n}


def _pnl(each: PnlDay) -> Answer:
    return {name: _tidy(value) for name, value in each._asdict().items()}


def _best_market(rates: Rates) -> Answer | None:
    found = best_of(rates, "market")
    return found and _named(found, rates) | _value(rates, found)


def _best_day(rates: Rates) -> Answer | None:
    found = best_of(rates, "day")
    return found and {"day": found.day} | _value(rates, found)


def best_of(rates: Rates, level: str) -> Group | None:
    """The group with the highest expected value: of those with enough decided, where there are any."""
    traded = [(group, rate) for group, rate in rates.level(level) if rate.expected_value_per_contract is not None]
    enough = [(group, rate) for group, rate in traded if not rate.low_sample]
    found = max(enough or traded, key=lambda each: each[1].expected_value_per_contract or 0, default=None)
    return found and found[0]


def _value(rates: Rates, group: Group) -> Answer:
    rate = rates.by_group[group]
    return {
        "expected_value": _tidy(rate.expected_value_per_contract),
        "entries": rate.entries,
        "low_sample": rate.low_sample,
    }


# --- insights --------------------------------------------------------------------------------------------------------


async def insights(filters: Filters) -> Answer:
    """Whose signal told what became of TOTAL's trade. Raises Problem 422."""
    return await sync_to_async(insights_of)(filters)


def insights_of(filters: Filters) -> Answer:
    """The same, in a thread."""
    sample = _sample(filters)
    # Without the median: who asks for insights waits for enough.
    base = rate_of(sums.rates(sample).get(_OVERALL, Sums()))
    found, board = sums.insights(sample), selectors.board()
    signs = sorted(found.by_signal, key=lambda each: _of_board(each, board))
    shares = [(each, share_of(each.right)) for each in found.by_symbol]
    predictors = sorted(
        ((each, share) for each, share in shares if share is not None), key=lambda found: -found[1].rate
    )
    pairs = sorted(found.pairs, key=lambda each: -each.difference.n)
    return {
        "filters": sample.as_json(),
        "base": rate_json(base),
        "by_signal": [_by_signal(each, base) for each in signs],
        "predictors": [
            {"symbol": each.symbol} | share_json(share, "right") | {"base": _tidy(each.base)}
            for each, share in predictors
        ],
        "comparisons": [comparison(each, board, base.base_rate_after_spread) for each in pairs],
    }


def _of_board(each: Insight, board: list[str]) -> tuple[int, int]:
    return _index(board, each.symbol), _index(_SIGNALS, each.signal)


def _by_signal(each: Insight, base: Rate) -> Answer:
    share = share_of(each.worked)
    assert share is not None  # it has a row because something was decided
    lift = share.rate - (base.hit_rate or 0)
    return {"symbol": each.symbol, "signal": each.signal} | share_json(share, "worked") | {"lift": _tidy(lift)}


def share_json(share: Share, hits: str) -> Answer:
    """A share as the API writes it; ``hits``: what its hits are called."""
    return {hits if name == "hits" else name: _tidy(value) for name, value in share._asdict().items()}


def comparison(each: Compared, board: list[str], base: float | None) -> Answer:
    """Two predictors, the one that stands before the other on the board first. ``base``: that of TOTAL's trades."""
    is_in_order = _index(board, each.a) <= _index(board, each.b)
    found = each if is_in_order else turned(each)
    sample = found.difference
    n, interval = round(sample.n), mean_interval(sample)
    return {
        "a": found.a,
        "b": found.b,
        "n": n,
        "rate_a": _tidy(found.right_a / n),
        "rate_b": _tidy(found.right_b / n),
        "difference": _tidy(sample.ratio),
        "interval": _tidy(interval),
        "chance": _tidy(found.chance(0.5 if base is None else base)),
        "days": sample.days,
        "low_sample": n < LOW_SAMPLE,
    }


def turned(each: Compared) -> Compared:
    """The same with the other one first."""
    difference = each.difference
    other = DaySums(
        difference.days, -difference.x, difference.n, difference.xx, -difference.xn, difference.nn
    )  # fmt: skip
    return Compared(each.b, each.a, each.right_b, each.right_a, other, -each.agreed)
