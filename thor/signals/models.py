"""What a person sets for signals, kept with its history, and what the desk writes down of them."""

from __future__ import annotations

from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from thor.instruments.models import Instrument
from thor.signals.config import Signal, Thresholds

_SIGNALS: Final = [(each.value, each.value) for each in Signal]
#: The same order for thresholds of an instrument and of TOTAL.
_ORDER: Final = Q(strong_buy__gt=F("buy"), buy__gte=0, sell__lte=0, strong_sell__lt=F("sell"))
_ORDER_WANTED: Final = "Wanted: strong buy > buy >= 0 >= sell > strong sell."
#: A signal's weight in TOTAL has its signal's sign.
_SIGN: Final = (
    Q(signal__in=("STRONG_BUY", "BUY"), weight__gte=0)
    | Q(signal="HOLD", weight=0)
    | Q(signal__in=("SELL", "STRONG_SELL"), weight__lte=0)
)
_LARGEST: Final = 10


class SignalStatValue(models.Model):
    """The thresholds of one instrument, in price points of net change. Without a row it is not classified."""

    instrument = models.OneToOneField(Instrument, models.CASCADE, related_name="stat_value")
    strong_buy = models.DecimalField(max_digits=18, decimal_places=6, help_text="A net change above it.")
    buy = models.DecimalField(max_digits=18, decimal_places=6, help_text="A net change above it.")
    sell = models.DecimalField(max_digits=18, decimal_places=6, help_text="A net change below it.")
    strong_sell = models.DecimalField(max_digits=18, decimal_places=6, help_text="A net change below it.")
    history = HistoricalRecords()

    class Meta:
        ordering = ("instrument__symbol",)
        verbose_name = "thresholds of an instrument"
        verbose_name_plural = "thresholds of instruments"
        constraints = (
            models.CheckConstraint(
                condition=_ORDER, name="thresholds_are_in_order", violation_error_message=_ORDER_WANTED
            ),
        )

    def __str__(self) -> str:
        return self.instrument.symbol

    def thresholds(self) -> Thresholds:
        """As the value that rules take."""
        return Thresholds(self.strong_buy, self.buy, self.sell, self.strong_sell)


class ContractWeight(models.Model):
    """How an instrument counts in TOTAL. Without a row: weight 1, not a bear."""

    instrument = models.OneToOneField(Instrument, models.CASCADE, related_name="contract_weight")
    weight = models.DecimalField(
        max_digits=9, decimal_places=4, default=1, help_text="Of its stat value in the weighted average."
    )
    is_bear = models.BooleanField(
        "bear", default=False, help_text="It rises when markets fall: its signal weight is turned."
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ("instrument__symbol",)

    def __str__(self) -> str:
        return self.instrument.symbol


class SignalWeight(models.Model):
    """What one signal counts in TOTAL's sum."""

    signal = models.CharField(max_length=11, unique=True, choices=_SIGNALS)
    weight = models.SmallIntegerField(validators=[MinValueValidator(-_LARGEST), MaxValueValidator(_LARGEST)])
    history = HistoricalRecords()

    class Meta:
        ordering = ("-weight",)
        constraints = (
            models.CheckConstraint(
                condition=_SIGN,
                name="a_weight_has_its_signals_sign",
                violation_error_message="Wanted: buys at least 0, HOLD 0, sells at most 0.",
            ),
        )

    def __str__(self) -> str:
        return self.signal


class TotalThresholds(models.Model):
    """How TOTAL is classified: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    strong_buy = models.SmallIntegerField(default=9, help_text="A sum above it.")
    buy = models.SmallIntegerField(default=3, help_text="A sum above it.")
    sell = models.SmallIntegerField(default=-3, help_text="A sum below it.")
    strong_sell = models.SmallIntegerField(default=-9, help_text="A sum below it.")
    minimum_count = models.PositiveSmallIntegerField(
        default=8, validators=[MinValueValidator(1)], help_text="With fewer classified instruments TOTAL is HOLD."
    )
    max_quote_age_seconds = models.PositiveIntegerField(
        "oldest quote, s", default=10, validators=[MinValueValidator(1), MaxValueValidator(86_400)],
        help_text="An instrument whose newest quote is older does not count.",
    )  # fmt: skip
    history = HistoricalRecords()

    class Meta:
        verbose_name = "thresholds of TOTAL"
        verbose_name_plural = "thresholds of TOTAL"
        constraints = (
            models.CheckConstraint(
                condition=_ORDER, name="total_thresholds_are_in_order", violation_error_message=_ORDER_WANTED
            ),
            models.CheckConstraint(condition=Q(id=1), name="total_has_one_row"),
        )

    def __str__(self) -> str:
        return "TOTAL"


class SessionBaseline(models.Model):
    """What a source said at a session's start. A correction adds a row; the newest holds; none is ever changed."""

    symbol = models.CharField(max_length=24)
    trade_date = models.DateField()
    source = models.CharField(max_length=10)
    settlement = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    previous_close = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    open = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    from_stream_id = models.CharField(max_length=41, help_text="The entry of the unified stream that said it.")
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("symbol", "trade_date", "id"), name="baseline_of_a_session"),)

    def __str__(self) -> str:
        return f"{self.symbol} {self.trade_date}"


class SignalChange(models.Model):
    """A signal became another. ``symbol`` is an instrument's or TOTAL; an empty signal is none."""

    symbol = models.CharField(max_length=24)
    at = models.DateTimeField()
    signal_from = models.CharField(max_length=11, blank=True, choices=_SIGNALS)
    signal_to = models.CharField(max_length=11, blank=True, choices=_SIGNALS)
    net_change = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    entry_id = models.CharField(max_length=41, help_text="The entry of the unified stream that made it.")

    class Meta:
        ordering = ("-at", "symbol")
        indexes = (models.Index(fields=("symbol", "at"), name="signal_changes_of_a_symbol"),)

    def __str__(self) -> str:
        return f"{self.symbol} {self.signal_from} -> {self.signal_to}"


class SignalDay(models.Model):
    """An instrument's signal as it last stood on a trade date. An empty signal: it was never classified."""

    symbol = models.CharField(max_length=24)
    trade_date = models.DateField()
    baseline = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    baseline_from = models.CharField(max_length=10, blank=True, help_text="settlement or close.")
    net_change = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    signal = models.CharField(max_length=11, blank=True, choices=_SIGNALS)
    quotes = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("-trade_date", "symbol")
        constraints = (models.UniqueConstraint(fields=("symbol", "trade_date"), name="one_signal_day_a_trade_date"),)

    def __str__(self) -> str:
        return f"{self.symbol} {self.trade_date}"
