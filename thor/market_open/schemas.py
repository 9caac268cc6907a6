"""What the market-open API answers, as OpenAPI describes it. Prices in points, shares 0 to 1, null: not known."""

from __future__ import annotations

from typing import Literal

from ninja import Schema
from pydantic import Field

SignalName = Literal["STRONG_BUY", "BUY", "HOLD", "SELL", "STRONG_SELL"]
OutcomeName = Literal["PENDING", "WORKED", "DIDNT_WORK", "EXPIRED", "NEUTRAL", "ERROR"]
OutcomeText = Literal["Pending", "Worked", "Didn't Work", "Expired", "No Entry", "Error"]
KindName = Literal["OPEN", "LATE", "MANUAL"]
SideName = Literal["BUY", "SELL"]
DayName = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
Interval = tuple[float, float]


class Deciding(Schema):
    """The quote on which an outcome was decided; of an expired trade the last one."""

    stream_id: str
    ts: str
    source: str
    seq: int | None
    bid: float | None
    ask: float | None
    last: float | None


class QuoteRead(Schema):
    """The quote that was read at the capture."""

    ts: str
    age_ms: int | None
    source: str
    seq: int | None
    stream_id: str


class MissingInstrument(Schema):
    symbol: str
    reason: str


class Row(Schema):
    """One of the 12 rows of an open."""

    session_id: str
    session_number: int
    country: str
    display_name: str
    symbol: str
    future: str = Field(description="The same as symbol")
    trade_date: str = Field(description="The market's local date")
    year: int
    month: int
    date: int = Field(description="Day of the month")
    day: DayName
    opened_at: str
    captured_at: str = Field(description="The instant that the prices belong to")
    capture_kind: KindName = Field(description="LATE: Thor came after the open; MANUAL: a person asked for it")
    bhs: SignalName | None = Field(description="Its own signal; of TOTAL the composite")
    weight: int | None = Field(description="Its own signal weight; of TOTAL their sum")
    stat_value: float | None
    contract_weight: float | None
    reason: str = Field(description="Why there is no signal, or no entry; empty where there is")
    quote: QuoteRead | None
    bid_price: float | None
    bid_size: int | None
    ask_price: float | None
    ask_size: int | None
    last_price: float | None
    spread: float | None
    volume: int | None
    market_open: float | None = Field(description="The last at the capture")
    net_change: float | None = Field(description="Last less prev_close_24h")
    baseline_from: str = Field(description="settlement or close; empty: neither")
    prev_close_24h: float | None
    open_price_24h: float | None
    open_prev_diff_24h: float | None
    open_prev_pct_24h: float | None
    low_24h: float | None
    high_24h: float | None
    range_diff_24h: float | None
    range_pct_24h: float | None = Field(description="Of the previous close, per cent")
    low_52w: float | None
    low_pct_52w: float | None = Field(description="How far the last is above it, per cent of it")
    high_52w: float | None
    high_pct_52w: float | None = Field(description="How far the last is below it, per cent of it")
    range_52w: float | None
    range_pct_52w: float | None = Field(description="Of the last, per cent")
    weighted_average: float | None = Field(description="Of TOTAL only, as sum_weighted, instrument_count and status")
    sum_weighted: float | None
    instrument_count: int | None
    status: str = Field(description="LIVE TOTAL, PARTIAL n/11 or STALE; empty of an instrument")
    missing: list[MissingInstrument] | None = Field(description="Of TOTAL: who does not count, and why; else null")
    traded_symbol: str = Field(description="Whose quotes grade it: of TOTAL YM")
    entry_side: SideName | None = Field(description="Null: no entry")
    entry_price: float | None
    target: float | None
    stop: float | None
    target_high: float | None
    target_low: float | None
    exit_price_at_entry: float | None = Field(description="What closing at once would have got")
    target_usd: float | None
    stop_usd: float | None = Field(description="Below zero")
    grading_price: Literal["exit_side", "bid", "last"]
    evaluation_window_sec: int
    window_ends_at: str
    wndw: OutcomeName
    outcome: OutcomeText
    target_hit_type: Literal["TARGET", "STOP"] | None
    target_hit_price: float | None = Field(description="The level that was touched")
    target_hit_at: str | None
    pnl_usd: float | None
    mark_to_market_usd: float | None = Field(description="Of an expired trade, closed at its last price")
    resolution_reason: str
    resolution_price: float | None = Field(description="The price that was seen")
    resolution_quality: Literal["exact", "gap", "bar_only"] | None
    resolved_at: str | None
    elapsed_sec: float | None = Field(description="From the capture to the end")
    observations: int | None = Field(description="Quotes that it was graded on")
    deciding: Deciding | None
    signal_counts: dict[str, dict[str, float | None]] = Field(
        description="Signal -> worked, didn't work and their shares in per cent, as they stood at the capture"
    )
    market_high_open: float | None = Field(description="This and what follows: of the market's session so far")
    market_high_pct_open: float | None
    market_low_open: float | None
    market_low_pct_open: float | None
    market_close: float | None
    market_high_pct_close: float | None
    market_low_pct_close: float | None
    market_close_vs_open_pct: float | None
    market_range: float | None
    market_range_pct: float | None
    session_volume: int | None


class BestMarket(Schema):
    country: str
    display_name: str
    pnl_usd: float


class Summary(Schema):
    sessions: int
    worked: int
    didnt_work: int
    expired: int
    no_entry: int
    error: int
    pending: int
    missed: int
    entries: int
    hit_rate: float | None = Field(description="Worked of those decided")
    total_pnl_usd: float
    best_market: BestMarket | None


class Missed(Schema):
    opened_at: str
    noted_at: str
    error: str


class Card(Schema):
    country: str
    display_name: str
    timezone: str
    opens_at: str | None = Field(description="By the calendar; null: no session on that date")
    closes_at: str | None
    state: Literal["captured", "missed", "upcoming", "open", "holiday", "off"] = Field(
        description="open: it opened, and its capture is not there yet; off: it is not captured"
    )
    holiday_name: str | None
    session: Row | None = Field(description="TOTAL")
    missed: Missed | None


class TodayAnswer(Schema):
    date: str
    as_of: str
    markets: list[Card] = Field(description="In the order of opening")
    summary: Summary


class FiltersUnderstood(Schema):
    market: list[str]
    day_of_week: list[DayName]
    start_date: str | None
    end_date: str | None
    outcome: list[OutcomeName]
    signal: list[SignalName]
    symbol: str = Field(description="TOTAL, an instrument, or all")
    kind: list[KindName]


class HistoryAnswer(Schema):
    rows: list[Row]
    total: int
    page: int
    page_size: int
    sort: str
    summary: Summary = Field(description="Of all that match, not of the page")
    filters: FiltersUnderstood


class AuditLine(Schema):
    number: int
    at: str
    kind: str
    symbol: str
    hash: str


class SessionAnswer(Schema):
    session_id: str
    session_number: int
    country: str
    display_name: str
    trade_date: str
    day: DayName
    opened_at: str
    captured_at: str
    capture_kind: KindName
    window_ends_at: str
    rows: list[Row] = Field(description="In the board's order, TOTAL last")
    audit: list[AuditLine]


class PathPoint(Schema):
    ts: str
    bid: float | None
    ask: float | None
    last: float | None
    graded: float | None = Field(description="The price that was compared with the levels; null without an entry")


class PathQuote(Schema):
    ts: str
    bid: float | None
    ask: float | None
    last: float | None
    source: str
    seq: int | None
    stream_id: str
    is_deciding: bool


class PathAnswer(Schema):
    session_id: str
    symbol: str
    traded_symbol: str
    entry_side: SideName | None
    entry_price: float | None
    target: float | None
    stop: float | None
    opened_at: str
    captured_at: str
    window_ends_at: str
    resolved_at: str | None
    points: list[PathPoint] = Field(description="At most 1,500: of each interval its extremes")
    quotes: list[PathQuote] = Field(description="Five before the deciding one, it, and five after")
    ticks: int = Field(description="How many there were")


class PendingAnswer(Schema):
    rows: list[Row]


class Rate(Schema):
    """What came of a set of rows. Intervals are of 95 per cent; null where nothing was decided."""

    sessions: int
    entries: int
    worked: int
    didnt_work: int
    expired: int
    no_entry: int
    error: int
    pending: int
    decided: int = Field(description="worked + didnt_work")
    hit_rate: float | None = Field(description="worked / decided")
    hit_rate_interval: Interval | None = Field(description="Wilson on effective_n: opens of one day are alike")
    hit_rate_wilson: Interval | None = Field(description="As if every open were independent")
    effective_n: float | None
    hit_rate_of_entries: float | None = Field(description="worked / entries")
    base_rate: float | None = Field(
        description="What noise would give: stop distance / (stop + target distance), from the entry"
    )
    base_rate_after_spread: float | None = Field(description="The same from where the trade could be closed at once")
    expected_value_per_contract: float | None = Field(description="USD: total P&L / entries")
    expected_value_interval: Interval | None = Field(description="Clustered by day; null of a single day")
    expected_value_decided: float | None = Field(description="USD: hit rate x 100 - (1 - hit rate) x 100")
    total_pnl_usd: float
    mean_resolution_sec: float | None
    median_resolution_sec: float | None
    days: int = Field(description="Days with something decided")
    gap_share: float | None = Field(description="Of those decided and expired, whose resolution_quality is not exact")
    low_sample: bool = Field(description="Fewer than 30 decided")


class MarketRate(Rate):
    country: str
    display_name: str


class DayRate(Rate):
    day: DayName


class MarketDayRate(Rate):
    country: str
    day: DayName


class SignalRate(Rate):
    signal: SignalName | None


class MonthRate(Rate):
    month: str


class Resolution(Schema):
    mean_sec: float | None
    median_sec: float | None


class QualityShares(Schema):
    exact: float | None
    gap: float | None
    bar_only: float | None
    n: int


class PnlPoint(Schema):
    trade_date: str
    pnl_usd: float
    cumulative_usd: float
    entries: int


class BestMarketValue(Schema):
    country: str
    display_name: str
    expected_value: float
    entries: int
    low_sample: bool


class BestDayValue(Schema):
    day: DayName
    expected_value: float
    entries: int
    low_sample: bool


class Best(Schema):
    """By expected value."""

    market: BestMarketValue | None
    day: BestDayValue | None


class LeftOut(Schema):
    manual: int


class StatsAnswer(Schema):
    filters: FiltersUnderstood
    overall: Rate
    by_market: list[MarketRate]
    by_day: list[DayRate]
    by_market_day: list[MarketDayRate]
    by_signal: list[SignalRate]
    by_month: list[MonthRate]
    resolution: Resolution
    quality: QualityShares
    pnl_curve: list[PnlPoint]
    max_drawdown_usd: float
    best: Best
    left_out: LeftOut = Field(description="Captures on request are counted here only, unless kind asks for them")
    missed: int


class SignalInsight(Schema):
    """How often TOTAL worked when an instrument showed a signal."""

    symbol: str
    signal: SignalName
    n: int
    worked: int
    rate: float
    interval: Interval
    wilson: Interval
    effective_n: float
    days: int
    lift: float = Field(description="rate - that of all")
    low_sample: bool


class Predictor(Schema):
    """How often an instrument's own side was the way that YM went."""

    symbol: str
    n: int
    right: int
    rate: float
    interval: Interval
    wilson: Interval
    effective_n: float
    days: int
    low_sample: bool
    base: float = Field(description="How often noise is right there: who agrees with TOTAL's trade pays its spread")


class Comparison(Schema):
    """Two predictors over the sessions in which both took a side."""

    a: str
    b: str
    n: int
    rate_a: float
    rate_b: float
    difference: float
    interval: Interval | None = Field(description="Of the difference, paired, clustered by day; null of a single day")
    chance: float = Field(description="The difference that noise makes, as one agrees with TOTAL oftener")
    days: int
    low_sample: bool


class InsightsAnswer(Schema):
    filters: FiltersUnderstood
    base: Rate
    by_signal: list[SignalInsight]
    predictors: list[Predictor]
    comparisons: list[Comparison]


class QuestionAnswer(Schema):
    id: str
    question: str
    answer: str
    figures: dict[str, float | int | str | bool | list[float] | None]


class AnswersAnswer(Schema):
    as_of: str
    answers: list[QuestionAnswer]
