"""Rates and expected values of opens, from sums per day; every figure with how sure it is. A rule file.

The opens of one day are alike, so that a day is one draw and not eight: intervals are clustered by trade date. They are
of 95 per cent. ``docs/reference/market-opens.md`` has the formulas.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import combinations
from math import sqrt
from typing import Final, NamedTuple

#: Fewer decided than this are marked.
LOW_SAMPLE: Final = 30
#: What a decided trade is worth with $100 either way.
STAKE_USD: Final = 100.0
_Z: Final = 1.959963984540054
_ROUNDING: Final = 1e-12
#: Student's t at 97.5 per cent for 1 to 30 degrees of freedom.
_T: Final = (
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139, 2.200985,
    2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922, 2.093024, 2.085963, 2.079614, 2.073873,
    2.068658, 2.063899, 2.059539, 2.055529, 2.051831, 2.048407, 2.045230, 2.042272,
)  # fmt: skip

Interval = tuple[float, float]


class DaySums(NamedTuple):
    """Of a ratio sum(x) / sum(n), over the ``days`` on which n is not 0: what its clustered variance is made of."""

    days: int = 0
    x: float = 0.0
    n: float = 0.0
    xx: float = 0.0
    xn: float = 0.0
    nn: float = 0.0

    @classmethod
    def of(cls, days: Iterable[tuple[float, float]]) -> DaySums:
        """From (x, n) of each day."""
        kept = [(x, n) for x, n in days if n]
        return cls(
            len(kept), sum(x for x, _ in kept), sum(n for _, n in kept), sum(x * x for x, _ in kept),
            sum(x * n for x, n in kept), sum(n * n for _, n in kept),
        )  # fmt: skip

    @property
    def ratio(self) -> float | None:
        """None of nothing."""
        return self.x / self.n if self.n else None

    def variance(self) -> float | None:
        """Of the ratio, clustered by day; None of fewer than two days."""
        if self.days < 2:
            return None
        ratio = self.x / self.n
        spread = self.xx - 2 * ratio * self.xn + ratio * ratio * self.nn
        # What is left of sums of squares of like numbers is a rounding.
        if spread <= _ROUNDING * self.xx:
            return 0.0
        return spread / (self.n * self.n) * self.days / (self.days - 1)


def wilson(share: float, n: float) -> Interval:
    """Wilson's interval of a share of ``n`` draws, which need not be a whole number."""
    squared = _Z * _Z
    centre = (share + squared / (2 * n)) / (1 + squared / n)
    half = _Z / (1 + squared / n) * sqrt(share * (1 - share) / n + squared / (4 * n * n))
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


def effective_n(hits: DaySums) -> float:
    """As how many independent draws the decided ones count: their number by the design effect, which is at least 1.

    Where the days cannot say how alike their opens are (there is one day only, or all went the same way), each day
    counts as one draw, so far as they are of one size."""
    share = hits.x / hits.n
    variance = hits.variance()
    binomial = share * (1 - share) / hits.n
    if variance is None or binomial <= 0:
        return hits.n * hits.n / hits.nn
    return hits.n / max(1.0, variance / binomial)


def t_quantile(freedom: int) -> float:
    """Student's t at 97.5 per cent: a table, beyond it an expansion that is right to five decimals."""
    if freedom <= len(_T):
        return _T[freedom - 1]
    z, n = _Z, float(freedom)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / n + second / n**2 + third / n**3


def mean_interval(sums: DaySums) -> Interval | None:
    """Of a mean, clustered by day, Student's t with days - 1; None of a single day, and of days that are all the same:
    they do not say how far others may lie."""
    variance = sums.variance()
    if not variance:
        return None
    mean, half = sums.x / sums.n, t_quantile(sums.days - 1) * sqrt(variance)
    return mean - half, mean + half


class Share(NamedTuple):
    """A hit rate with everything that stands beside it."""

    n: int
    hits: int
    rate: float
    interval: Interval
    wilson: Interval
    effective_n: float
    days: int
    low_sample: bool


def share_of(hits: DaySums) -> Share | None:
    """The rate of hits; None where nothing was decided."""
    if not hits.n:
        return None
    rate, sample = hits.x / hits.n, effective_n(hits)
    return Share(
        round(hits.n), round(hits.x), rate, wilson(rate, sample), wilson(rate, hits.n), sample, hits.days,
        hits.n < LOW_SAMPLE,
    )  # fmt: skip


class Sums(NamedTuple):
    """What a group of rows adds up to. ``base``, ``base_after_spread``: the chances of
    the decided, added; ``elapsed_sec``: of the decided, added; ``hits``: worked of decided by day; ``values``: USD of
    entries by day."""

    rows: int = 0
    worked: int = 0
    didnt_work: int = 0
    expired: int = 0
    no_entry: int = 0
    error: int = 0
    pending: int = 0
    gap: int = 0
    bar_only: int = 0
    pnl_usd: Decimal = Decimal(0)
    elapsed_sec: float = 0.0
    base: float = 0.0
    base_after_spread: float = 0.0
    hits: DaySums = DaySums()
    values: DaySums = DaySums()

    @property
    def decided(self) -> int:
        return self.worked + self.didnt_work

    @property
    def entries(self) -> int:
        """Trades whose P&L is known."""
        return self.decided + self.expired


class Rate(NamedTuple):
    """The API's figures of a group; see ``schemas.Rate``. Shares 0 to 1, money in USD, None where nothing says it."""

    sessions: int
    entries: int
    worked: int
    didnt_work: int
    expired: int
    no_entry: int
    error: int
    pending: int
    decided: int
    hit_rate: float | None
    hit_rate_interval: Interval | None
    hit_rate_wilson: Interval | None
    effective_n: float | None
    hit_rate_of_entries: float | None
    base_rate: float | None
    base_rate_after_spread: float | None
    expected_value_per_contract: float | None
    expected_value_interval: Interval | None
    expected_value_decided: float | None
    total_pnl_usd: Decimal
    mean_resolution_sec: float | None
    median_resolution_sec: float | None
    days: int
    gap_share: float | None
    low_sample: bool


def rate_of(sums: Sums, median_sec: float | None = None) -> Rate:
    """The figures of a group. ``median_sec``: of its decided rows' elapsed seconds, which no sums tell."""
    hits = share_of(sums.hits)
    return Rate(
        sessions=sums.rows,
        entries=sums.entries,
        worked=sums.worked,
        didnt_work=sums.didnt_work,
        expired=sums.expired,
        no_entry=sums.no_entry,
        error=sums.error,
        pending=sums.pending,
        decided=sums.decided,
        hit_rate=hits.rate if hits else None,
        hit_rate_interval=hits.interval if hits else None,
        hit_rate_wilson=hits.wilson if hits else None,
        effective_n=hits.effective_n if hits else None,
        hit_rate_of_entries=_over(sums.worked, sums.entries),
        base_rate=_over(sums.base, sums.decided),
        base_rate_after_spread=_over(sums.base_after_spread, sums.decided),
        expected_value_per_contract=_over(float(sums.pnl_usd), sums.entries),
        expected_value_interval=mean_interval(sums.values),
        expected_value_decided=STAKE_USD * (2 * hits.rate - 1) if hits else None,
        total_pnl_usd=sums.pnl_usd,
        mean_resolution_sec=_over(sums.elapsed_sec, sums.decided),
        median_resolution_sec=median_sec,
        days=sums.hits.days,
        gap_share=_over(sums.gap + sums.bar_only, sums.entries),
        low_sample=sums.decided < LOW_SAMPLE,
    )


def _over(part: float, whole: float) -> float | None:
    return part / whole if whole else None


class PnlDay(NamedTuple):
    """A trade date of the running P&L, USD."""

    trade_date: str
    pnl_usd: Decimal
    cumulative_usd: Decimal
    entries: int


def running_pnl(days: Iterable[tuple[str, Decimal, int]]) -> list[PnlDay]:
    """From (trade date, P&L, entries) in their order."""
    found: list[PnlDay] = []
    total = Decimal(0)
    for day, pnl_usd, entries in days:
        total += pnl_usd
        found.append(PnlDay(day, pnl_usd, total, entries))
    return found


def max_drawdown(curve: Iterable[PnlDay]) -> Decimal:
    """The deepest fall below an earlier height, as a positive amount; the curve begins at 0."""
    height = deepest = Decimal(0)
    for each in curve:
        height = max(height, each.cumulative_usd)
        deepest = max(deepest, height - each.cumulative_usd)
    return deepest


# --- what instruments told -------------------------------------------------------------------------------------------


class Sided(NamedTuple):
    """An instrument on a day, with one of its signals, over the opens whose TOTAL trade was decided. ``worked``: of the
    ``n`` in which TOTAL did. A bit for each open of the day in which it ``took`` a side, in which that was ``right``
    (the way that the trade's instrument went), in which it ``agreed`` with TOTAL's. ``chance``: in how many of those
    that it took noise would have been right."""

    symbol: str
    signal: str
    n: int
    worked: int
    took: int
    right: int
    agreed: int
    chance: float


class Insight(NamedTuple):
    """An instrument, of one of its signals or (None) of all. ``worked``: TOTAL did; ``right``: its own side was;
    ``chance``: in how many of those noise would have been."""

    symbol: str
    signal: str | None
    worked: DaySums
    right: DaySums
    chance: float

    @property
    def base(self) -> float | None:
        """How often noise is right where it took a side; None where it took none."""
        return _over(self.chance, self.right.n)


class Compared(NamedTuple):
    """Two instruments over the opens in which both took a side. ``difference``: right of a less right of b;
    ``agreed``: in how many more of them a took TOTAL's side than b did."""

    a: str
    b: str
    right_a: int
    right_b: int
    difference: DaySums
    agreed: int

    def chance(self, base: float) -> float:
        """The difference that noise makes, where who agrees with TOTAL is right in ``base`` of the opens."""
        return self.agreed * (2 * base - 1) / self.difference.n


class Insights(NamedTuple):
    """Of every instrument by signal, of every instrument, of every pair: ``a`` before ``b`` by letters."""

    by_signal: list[Insight]
    by_symbol: list[Insight]
    pairs: list[Compared]


class _Adding:
    """Day sums that grow."""

    __slots__ = ("days", "n", "nn", "x", "xn", "xx")

    def __init__(self) -> None:
        self.days = self.x = self.n = self.xx = self.xn = self.nn = 0

    def add(self, x: int, n: int) -> None:
        if n:
            self.days += 1
            self.x += x
            self.n += n
            self.xx += x * x
            self.xn += x * n
            self.nn += n * n

    def sums(self) -> DaySums:
        return DaySums(self.days, self.x, self.n, self.xx, self.xn, self.nn)


_Two = tuple[_Adding, _Adding]


def _two() -> _Two:
    return _Adding(), _Adding()


def insights_of(days: Iterable[Sequence[Sided]]) -> Insights:
    """From the rows of each day."""
    by_signal: dict[tuple[str, str], _Two] = defaultdict(_two)
    by_symbol: dict[str, _Two] = defaultdict(_two)
    pairs: _Pairs = defaultdict(lambda: [0] * 8)
    chances: dict[tuple[str, str | None], float] = defaultdict(float)
    for day in days:
        for each in day:
            worked, right = by_signal[each.symbol, each.signal]
            worked.add(each.worked, each.n)
            right.add(each.right.bit_count(), each.took.bit_count())
            chances[each.symbol, each.signal] += each.chance
            chances[each.symbol, None] += each.chance
        whole = _whole_day(day)
        for symbol, (n, own_worked, took, own_right, _) in whole.items():
            worked, right = by_symbol[symbol]
            worked.add(own_worked, n)
            right.add(own_right.bit_count(), took.bit_count())
        _compare(pairs, whole)
    return Insights(
        [Insight(*key, worked.sums(), right.sums(), chances[key]) for key, (worked, right) in by_signal.items()],
        [
            Insight(symbol, None, worked.sums(), right.sums(), chances[symbol, None])
            for symbol, (worked, right) in by_symbol.items()
        ],
        [_compared(*key, *sums) for key, sums in pairs.items()],
    )


_Whole = dict[str, tuple[int, int, int, int, int]]


def _whole_day(day: Sequence[Sided]) -> _Whole:
    """Symbol -> n, worked, took, right and agreed over its signals, by letters."""
    found: _Whole = {}
    for each in sorted(day):
        n, worked, took, right, agreed = found.get(each.symbol, (0, 0, 0, 0, 0))
        found[each.symbol] = (
            n + each.n, worked + each.worked, took | each.took, right | each.right, agreed | each.agreed
        )  # fmt: skip
    return found


#: Two symbols -> right of the first, how much oftener it agreed, then what :class:`DaySums` holds of the difference.
_Pairs = dict[tuple[str, str], list[int]]


def _compare(pairs: _Pairs, day: _Whole) -> None:
    # Tens of thousands of these are one answer: sums in a list, and no call but bit counts.
    for (a, (*_, took_a, right_a, agreed_a)), (b, (*_, took_b, right_b, agreed_b)) in combinations(day.items(), 2):
        both = took_a & took_b
        if not both:
            continue
        n, of_a = both.bit_count(), (right_a & both).bit_count()
        x = of_a - (right_b & both).bit_count()
        sums = pairs[a, b]
        sums[0] += of_a
        sums[1] += (agreed_a & both).bit_count() - (agreed_b & both).bit_count()
        sums[2] += 1
        sums[3] += x
        sums[4] += n
        sums[5] += x * x
        sums[6] += x * n
        sums[7] += n * n


def _compared(a: str, b: str, right_a: int, agreed: int, *difference: int) -> Compared:
    sums = DaySums(*difference)
    return Compared(a, b, right_a, right_a - difference[1], sums, agreed)
