"""What the history API answers, as OpenAPI describes it. Prices in points, volumes in contracts, null: not known."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from thor.lake.layout import Timeframe

AdjustName = Literal["none", "difference"]
FormatName = Literal["json", "csv", "parquet", "arrow"]
SessionsName = Literal["all", "rth"]
CellState = Literal["exported", "stale", "stored", "archived", "damaged", "missing", "empty", "closed"]


class Bar(Schema):
    ts: str = Field(description="When its interval begins, ISO 8601 UTC; of a day, when the session opened")
    trade_date: str
    open: float
    high: float
    low: float
    close: float
    volume: int | None = Field(description="Contracts traded in it; null where the source says no volume")
    vwap: float | None = Field(description="Null where nothing was traded")
    tick_count: int
    bid_close: float | None = Field(description="The last known in the interval")
    ask_close: float | None
    spread_mean: float | None = Field(description="Of ask less bid over its ticks that have both")
    session: Literal["RTH", "ETH"] = Field(description="Regular hours or not")
    contract: str | None = Field(description="Whose prices these are; null where the source does not say")


class Roll(Schema):
    trade_date: str = Field(description="The first trade date of the new contract")
    from_contract: str
    to_contract: str
    difference: float | None = Field(description="Price of the new contract less that of the old; null: not measured")


class DecidedRoll(Roll):
    measured: str | None = Field(description="How the difference was found")
    decided_by: str


class BarsAnswer(Schema):
    symbol: str
    timeframe: Timeframe
    adjust: AdjustName
    bars: list[Bar] = Field(description="Oldest first; intervals without a last price have none")
    rolls: list[Roll] = Field(description="Those within the bars")
    newest: str | None = Field(description="Time of the newest tick that is stored")
    truncated: bool = Field(description="There are more, before these")


class Tick(Schema):
    ts: str
    last: float | None
    bid: float | None
    ask: float | None
    last_size: int | None
    bid_size: int | None
    ask_size: int | None
    volume: int | None = Field(description="Cumulative for the session")
    source: str
    cond: str | None
    venue: str | None
    seq: int | None
    contract: str | None
    stream_id: str | None
    trade_date: str


class TicksAnswer(Schema):
    symbol: str
    ticks: list[Tick] = Field(description="By time, of the same time as they arrived")
    next: str | None = Field(description="Give it as `after` for what follows; null at the end")


class CellQuality(Schema):
    coverage: float | None = Field(description="Share of the open hours that is in no gap")
    gaps: int
    longest_gap_seconds: float | None
    crossed: int
    spikes: int
    duplicates: int
    out_of_order: int


class Cell(Schema):
    symbol: str
    state: CellState = Field(
        description="`exported`: up to date; `stale`: PostgreSQL has more; `stored`: only in PostgreSQL; `archived`:"
        " only in the lake; `damaged`, `missing`: its file is; `empty`: the market was open and nothing is there;"
        " `closed`: it was not"
    )
    ticks: int = Field(description="In the lake's file")
    stored: int | None = Field(description="In PostgreSQL; null of older dates, which are not counted")
    bytes: int = Field(description="Of ticks and bars")
    bars: list[Timeframe]
    quality: CellQuality | None


class Day(Schema):
    trade_date: str
    cells: list[Cell] = Field(description="Of symbols of which there is something to say")


class CoverageSummary(Schema):
    first_date: str | None
    last_date: str | None
    ticks: int
    bytes: int
    files: int
    verified_at: str | None = Field(description="Since then every file was verified; null: some never were")


class CoverageAnswer(Schema):
    start: str
    end: str
    symbols: list[str]
    days: list[Day] = Field(description="Dates of which there is something to say, oldest first")
    summary: CoverageSummary = Field(description="Of the whole lake")


class QualityRow(Schema):
    symbol: str
    trade_date: str
    ticks: int
    first_at: str | None
    last_at: str | None
    gaps: int
    gap_seconds: float = Field(description="From how long on a silence within open hours is a gap")
    longest_gap_seconds: float | None
    open_seconds: float
    covered_seconds: float
    crossed: int
    zero: int
    negative: int
    spikes: int
    duplicates: int
    conflicts: int
    out_of_order: int
    sources: dict[str, int]
    gap_list: list[Any] = Field(description="The longest gaps: [from, to]")
    made_at: str


class QualityAnswer(Schema):
    rows: list[QualityRow]


class RollsAnswer(Schema):
    symbol: str
    rolls: list[DecidedRoll]
