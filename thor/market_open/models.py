"""What was captured at each open and what became of it, the chain of records that proves it, and what people set."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from thor.indicators.models import percent, price
from thor.instruments.models import Instrument
from thor.market_open.capture import CaptureKind
from thor.market_open.config import (
    DEFAULT_MAX_QUOTE_AGE_SECONDS,
    DEFAULT_WINDOW_SECONDS,
    GradingPrice,
    TargetMode,
)
from thor.market_open.grading import HitType, Outcome, Quality
from thor.market_open.targets import Side
from thor.markets.models import Market
from thor.signals.config import Signal


def _choices(kind: type[StrEnum]) -> list[tuple[str, str]]:
    return [(each.value, each.value) for each in kind]


def usd(**options: Any) -> models.DecimalField[Any, Any]:
    """A column of USD to the cent."""
    return models.DecimalField(max_digits=14, decimal_places=2, **options)


_EMPTY: Final[dict[str, Any]] = {"null": True, "blank": True}
_LONGEST_WINDOW_SECONDS: Final = 86_400


class MarketSession(models.Model):
    """One of the 12 rows of an open session: an instrument, or TOTAL, which carries the YM trade.

    Prices in points, ``_pct`` in per cent. Null is unknown. ``trade_date`` is the market's local date. The rows are
    written by the desk in one transaction; a graded row is changed by a correction only, which the audit chain holds.
    """

    session_id = models.CharField(max_length=60, help_text="Such as usa-2025-10-09.")
    session_number = models.PositiveIntegerField(help_text="From 1, rising by one per market.")
    country = models.CharField(max_length=40, help_text="The market's key.")
    symbol = models.CharField(max_length=24)
    trade_date = models.DateField()
    year = models.PositiveSmallIntegerField()
    month = models.PositiveSmallIntegerField()
    date = models.PositiveSmallIntegerField(help_text="Day of the month.")
    day = models.CharField(max_length=9, help_text="Day of the week.")
    opened_at = models.DateTimeField()
    captured_at = models.DateTimeField(help_text="The instant that the prices belong to.")
    capture_kind = models.CharField(max_length=6, choices=_choices(CaptureKind))

    bhs = models.CharField("signal", max_length=11, choices=_choices(Signal), **_EMPTY)
    weight = models.SmallIntegerField(help_text="Own signal weight; of TOTAL their sum.", **_EMPTY)
    stat_value = price(**_EMPTY)
    contract_weight = models.DecimalField(max_digits=9, decimal_places=4, **_EMPTY)
    reason = models.CharField(max_length=200, blank=True, help_text="Why there is no signal, or no entry.")

    quote_ts = models.DateTimeField(help_text="Time of the quote that was read.", **_EMPTY)
    quote_age_ms = models.BigIntegerField(help_text="Its age at the capture.", **_EMPTY)
    quote_source = models.CharField(max_length=10, blank=True)
    quote_seq = models.BigIntegerField(**_EMPTY)
    quote_stream_id = models.CharField(max_length=41, blank=True)
    bid_price = price(**_EMPTY)
    bid_size = models.BigIntegerField(**_EMPTY)
    ask_price = price(**_EMPTY)
    ask_size = models.BigIntegerField(**_EMPTY)
    last_price = price(**_EMPTY)
    spread = price(**_EMPTY)
    volume = models.BigIntegerField(**_EMPTY)
    market_open = price(help_text="The last at the capture.", **_EMPTY)
    net_change = price(help_text="Last less what prev_close_24h says.", **_EMPTY)
    baseline_from = models.CharField(max_length=10, blank=True, help_text="settlement or close.")
    prev_close_24h = price(**_EMPTY)
    open_price_24h = price(**_EMPTY)
    open_prev_diff_24h = price(**_EMPTY)
    open_prev_pct_24h = percent(**_EMPTY)
    low_24h = price(**_EMPTY)
    high_24h = price(**_EMPTY)
    range_diff_24h = price(**_EMPTY)
    range_pct_24h = percent(help_text="Range in per cent of the previous close.", **_EMPTY)
    low_52w = price(**_EMPTY)
    low_pct_52w = percent(help_text="How far the last is above it, in per cent of it.", **_EMPTY)
    high_52w = price(**_EMPTY)
    high_pct_52w = percent(help_text="How far the last is below it, in per cent of it.", **_EMPTY)
    range_52w = price(**_EMPTY)
    range_pct_52w = percent(help_text="Range in per cent of the last.", **_EMPTY)

    # Of TOTAL only.
    weighted_average = models.DecimalField(max_digits=18, decimal_places=3, **_EMPTY)
    sum_weighted = models.DecimalField(max_digits=18, decimal_places=6, **_EMPTY)
    instrument_count = models.PositiveSmallIntegerField(**_EMPTY)
    status = models.CharField(max_length=20, blank=True, help_text="LIVE TOTAL, PARTIAL n/11 or STALE.")

    traded_symbol = models.CharField(max_length=24, help_text="Whose quotes grade it: of TOTAL YM.")
    entry_side = models.CharField(max_length=4, choices=_choices(Side), blank=True)
    entry_price = price(**_EMPTY)
    target_high = price(**_EMPTY)
    target_low = price(**_EMPTY)
    exit_price_at_entry = price(help_text="What closing at once would have got.", **_EMPTY)
    target_usd = usd(help_text="P&L at the target.", **_EMPTY)
    stop_usd = usd(help_text="P&L at the stop, below zero.", **_EMPTY)
    grading_price = models.CharField(max_length=10, choices=_choices(GradingPrice))
    evaluation_window_sec = models.PositiveIntegerField()
    window_ends_at = models.DateTimeField()

    wndw = models.CharField("outcome", max_length=10, choices=_choices(Outcome))
    target_hit_type = models.CharField(max_length=6, choices=_choices(HitType), blank=True)
    target_hit_price = price(help_text="The level that was touched.", **_EMPTY)
    target_hit_at = models.DateTimeField(**_EMPTY)
    pnl_usd = usd(**_EMPTY)
    mark_to_market_usd = usd(help_text="Of an expired trade, closed at its last price.", **_EMPTY)
    resolution_reason = models.CharField(max_length=200, blank=True)
    resolution_price = price(help_text="The price that was seen.", **_EMPTY)
    resolution_quality = models.CharField(max_length=8, choices=_choices(Quality), **_EMPTY)
    resolved_at = models.DateTimeField(**_EMPTY)
    elapsed_sec = models.DecimalField(
        max_digits=14, decimal_places=6, help_text="From the capture to the end.", **_EMPTY
    )
    observations = models.PositiveIntegerField(help_text="Quotes that it was graded on.", **_EMPTY)
    deciding_stream_id = models.CharField(max_length=41, blank=True)
    deciding_ts = models.DateTimeField(**_EMPTY)
    deciding_source = models.CharField(max_length=10, blank=True)
    deciding_seq = models.BigIntegerField(**_EMPTY)
    deciding_bid = price(**_EMPTY)
    deciding_ask = price(**_EMPTY)
    deciding_last = price(**_EMPTY)

    signal_counts = models.JSONField(
        default=dict, help_text="Signal -> worked, didn't work and their shares in per cent, as they stood at capture."
    )

    class Meta:
        ordering = ("-opened_at", "country", "id")
        constraints = (
            models.UniqueConstraint(fields=("country", "trade_date", "symbol"), name="an_open_is_captured_once"),
            models.UniqueConstraint(fields=("country", "session_number", "symbol"), name="a_session_has_its_number"),
        )
        indexes = (
            models.Index(fields=("session_id",), name="rows_of_a_session"),
            models.Index(fields=("symbol", "-trade_date", "-opened_at"), name="sessions_of_a_symbol"),
            models.Index(fields=("symbol", "country", "trade_date"), name="sessions_of_a_market"),
            models.Index(fields=("opened_at",), condition=Q(wndw=Outcome.PENDING.value), name="pending_rows"),
        )

    def __str__(self) -> str:
        return f"{self.session_id} {self.symbol}"


class MissedCapture(models.Model):
    """A market opened and was not captured."""

    country = models.CharField(max_length=40, help_text="The market's key.")
    trade_date = models.DateField(help_text="The market's local date.")
    opened_at = models.DateTimeField()
    noted_at = models.DateTimeField()
    error = models.CharField(max_length=300)

    class Meta:
        ordering = ("-opened_at", "country")
        constraints = (models.UniqueConstraint(fields=("country", "opened_at"), name="a_miss_is_noted_once"),)

    def __str__(self) -> str:
        return f"{self.country} {self.trade_date}"


class CaptureRequest(models.Model):
    """A person asked for a capture; the desk that leads answers it, in the transaction of what it did."""

    class Status(models.TextChoices):
        WAITING = "WAITING"
        CAPTURED = "CAPTURED"
        REFUSED = "REFUSED"
        WITHDRAWN = "WITHDRAWN"

    country = models.CharField(max_length=40)
    requested_by = models.CharField(max_length=150)
    reason = models.CharField(max_length=300)
    requested_at = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    answer = models.CharField(max_length=300, blank=True)
    session_id = models.CharField(max_length=60, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("id",), condition=Q(status="WAITING"), name="waiting_requests"),)

    def __str__(self) -> str:
        return f"{self.country} {self.requested_at:%Y-%m-%d %H:%M:%S}Z {self.status}"


class AuditRecord(models.Model):
    """A link of the chain: what was captured, decided or corrected, and on what. Rows are only ever added.

    ``hash`` is sha256 of the hash before it and this row's number, time, kind, subject and body (``audit``)."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=20)
    session_id = models.CharField(max_length=60)
    symbol = models.CharField(max_length=24, blank=True, help_text="Empty: of the whole session.")
    body = models.TextField(help_text="Canonical JSON.")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("-number",)
        indexes = (models.Index(fields=("session_id", "number"), name="records_of_a_session"),)

    def __str__(self) -> str:
        return f"{self.number} {self.kind} {self.session_id} {self.symbol}".rstrip()


class GlobalConfig(models.Model):
    """Captures and grading of all markets: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    capture_enabled = models.BooleanField(default=True)
    grading_enabled = models.BooleanField(
        default=True, help_text="Off: outcomes are held back until it is on again; none is lost."
    )
    default_evaluation_window_sec = models.PositiveIntegerField(
        "evaluation window, s", default=DEFAULT_WINDOW_SECONDS,
        validators=[MinValueValidator(1), MaxValueValidator(_LONGEST_WINDOW_SECONDS)],
    )  # fmt: skip
    grading_price = models.CharField(
        max_length=10, choices=_choices(GradingPrice), default=GradingPrice.EXIT_SIDE.value,
        help_text="exit_side: bid for a BUY, ask for a SELL.",
    )  # fmt: skip
    capture_max_quote_age_sec = models.PositiveIntegerField(
        "oldest quote, s", default=DEFAULT_MAX_QUOTE_AGE_SECONDS,
        validators=[MinValueValidator(1), MaxValueValidator(3_600)],
        help_text="An older quote is stale at a capture.",
    )  # fmt: skip
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "settings of all markets"
        constraints = (models.CheckConstraint(condition=Q(id=1), name="market_opens_have_one_config"),)

    def __str__(self) -> str:
        return "captures and grading"


class RegionConfig(models.Model):
    """Captures and grading of one market."""

    market = models.OneToOneField(Market, models.CASCADE, related_name="region_config")
    is_active = models.BooleanField("active", default=True, help_text="Off: it is not captured.")
    evaluation_window_sec = models.PositiveIntegerField(
        "evaluation window, s", null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(_LONGEST_WINDOW_SECONDS)],
        help_text="Empty: that of all markets.",
    )  # fmt: skip
    notes = models.TextField(blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ("market__position",)
        verbose_name = "settings of a market"
        verbose_name_plural = "settings of markets"

    def __str__(self) -> str:
        return str(self.market)


class TargetHighLowConfig(models.Model):
    """An instrument's own target and stop, instead of $100 each way."""

    instrument = models.OneToOneField(Instrument, models.CASCADE, related_name="target_config")
    mode = models.CharField(max_length=8, choices=_choices(TargetMode))
    high = price(default=0, help_text="Above the entry, in points or in per cent of it.")
    low = price(default=0, help_text="Below the entry, in points or in per cent of it.")
    history = HistoricalRecords()

    class Meta:
        ordering = ("instrument__symbol",)
        verbose_name = "target and stop of an instrument"
        verbose_name_plural = "targets and stops of instruments"
        constraints = (
            models.CheckConstraint(
                condition=Q(mode="DISABLED") | Q(high__gt=Decimal(0), low__gt=Decimal(0)),
                name="levels_lie_on_both_sides",
                violation_error_message="Wanted: high and low above 0.",
            ),
            models.CheckConstraint(
                condition=~Q(mode="PERCENT") | Q(low__lt=Decimal(100)),
                name="a_stop_is_above_zero",
                violation_error_message="Wanted: low below 100 per cent.",
            ),
        )

    def __str__(self) -> str:
        return self.instrument.symbol
