"""Instruments, watch lists and rolls: seeded from ``instrument.INSTRUMENTS``, edited in the admin with history."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from simple_history.models import HistoricalRecords

from thor.instruments.contract import Anchor, RollMethod
from thor.instruments.instrument import EVERY_MONTH
from thor.markets.trade_date import DEFAULT_GROUP, GROUPS, is_business_day

SOURCES: Final = ("TOS", "SCHWAB", "MOCK", "REPLAY")
#: The watch list that is shown when nothing else is asked for.
BOARD: Final = "board"
_SMALLEST: Final = Decimal("0.000001")


def validate_months(letters: str) -> None:
    """Raises ValidationError for what is not the letters of delivery months in the order of the year."""
    if not letters or letters != "".join(each for each in EVERY_MONTH if each in letters):
        raise ValidationError(f"Give letters of delivery months in the order of the year, of {EVERY_MONTH}: HMUZ.")


class Instrument(models.Model):
    """One root symbol and its contract facts. ``tick_size`` in price points, ``tick_value_usd`` per contract."""

    symbol = models.CharField(
        max_length=24,
        unique=True,
        validators=[RegexValidator(r"\A[A-Z0-9][A-Z0-9._-]{0,23}\Z", "A canonical root: upper case, such as ES.")],
    )
    name = models.CharField(max_length=80)
    exchange = models.CharField(max_length=20)
    tick_size = models.DecimalField(
        max_digits=18, decimal_places=6, validators=[MinValueValidator(_SMALLEST)], help_text="Price points."
    )
    tick_value_usd = models.DecimalField(
        "tick value", max_digits=18, decimal_places=6, validators=[MinValueValidator(_SMALLEST)],
        help_text="USD per contract.",
    )  # fmt: skip
    display_precision = models.PositiveSmallIntegerField(
        "digits", default=2, validators=[MaxValueValidator(6)], help_text="Shown after the point."
    )
    currency = models.CharField(max_length=3, default="USD")
    group = models.CharField(
        "product group",
        max_length=40,
        default=DEFAULT_GROUP,
        choices=[(group, group) for group in GROUPS],
        help_text="Whose trading hours and trade date it follows.",
    )
    months = models.CharField(
        "delivery months", max_length=12, default="HMUZ", validators=[validate_months],
        help_text=f"Letters, of {EVERY_MONTH}.",
    )  # fmt: skip
    spike_limit_pct = models.DecimalField(
        "spike limit, %", max_digits=6, decimal_places=2, null=True, blank=True, default=Decimal(5),
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text="A quote further from the last good one is suspect. Empty: no such limit.",
    )  # fmt: skip
    spike_limit_ticks = models.PositiveIntegerField(
        "spike limit, ticks", null=True, blank=True, validators=[MinValueValidator(1)], help_text="The same in ticks."
    )
    spike_limit_atr = models.DecimalField(
        "spike limit, ATR", max_digits=6, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(Decimal("0.01"))], help_text="The same in average true ranges.",
    )  # fmt: skip
    may_be_negative = models.BooleanField(default=False, help_text="A price below zero is possible, as oil's was.")
    preferred_source = models.CharField(
        max_length=10,
        blank=True,
        choices=[(source, source) for source in SOURCES],
        help_text="The source whose quotes win while it is fresh; empty: the newest quote wins.",
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ("symbol",)

    def __str__(self) -> str:
        return self.symbol


class WatchList(models.Model):
    """Instruments in an order. The one that is called ``board`` is what the board shows and the desk classifies."""

    name = models.CharField(max_length=40, unique=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class WatchListEntry(models.Model):
    """One instrument's place on a watch list."""

    watch_list = models.ForeignKey(WatchList, models.CASCADE, related_name="entries")
    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(default=0, db_index=True, help_text="Smallest first.")
    history = HistoricalRecords()

    class Meta:
        ordering = ("position", "instrument__symbol")
        verbose_name = "watch list entry"
        verbose_name_plural = "watch list entries"
        constraints = (
            models.UniqueConstraint(fields=("watch_list", "instrument"), name="an_instrument_is_once_on_a_list"),
        )

    def __str__(self) -> str:
        return self.instrument.symbol


class RollRule(models.Model):
    """When the front contract of an instrument gives way to the next, and which months are followed."""

    instrument = models.OneToOneField(Instrument, models.CASCADE, related_name="roll_rule")
    method = models.CharField(
        max_length=20, choices=[(each.value, each.label) for each in RollMethod], default=RollMethod.DAYS_BEFORE.value
    )
    days_before = models.PositiveSmallIntegerField(
        default=4, validators=[MaxValueValidator(60)],
        help_text="Business days; for the other methods: the latest that they may decide.",
    )  # fmt: skip
    anchor = models.CharField(
        "before the", max_length=20, choices=[(each.value, each.label) for each in Anchor],
        default=Anchor.LAST_TRADING_DAY.value,
    )  # fmt: skip
    months = models.CharField(
        "followed months", max_length=12, default="HMUZ", validators=[validate_months],
        help_text="Letters of those delivery months that the chain follows.",
    )  # fmt: skip
    history = HistoricalRecords()

    class Meta:
        ordering = ("instrument__symbol",)

    def __str__(self) -> str:
        return f"{self.instrument.symbol}: {self.get_method_display()}"

    def clean(self) -> None:
        if beyond := "".join(each for each in self.months if each not in self.instrument.months):
            raise ValidationError({"months": f"{self.instrument.symbol} has no contract for {beyond}."})


class Roll(models.Model):
    """A row of the roll calendar: from the first moment of ``effective`` on, ``to_contract`` is the front contract."""

    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="rolls")
    from_contract = models.CharField(max_length=10)
    to_contract = models.CharField(max_length=10)
    effective = models.DateField("effective trade date", help_text="From its session's first moment on.")
    decided_by = models.CharField(
        max_length=20, choices=[(each.value, each.label) for each in RollMethod], default=RollMethod.DAYS_BEFORE.value
    )
    reason = models.CharField(max_length=200, blank=True, help_text="The numbers that decided.")
    history = HistoricalRecords()

    class Meta:
        ordering = ("instrument__symbol", "-effective")
        verbose_name_plural = "roll calendar"
        constraints = (
            models.UniqueConstraint(fields=("instrument", "from_contract"), name="a_contract_is_left_once"),
            models.UniqueConstraint(fields=("instrument", "effective"), name="one_roll_a_trade_date"),
        )

    def __str__(self) -> str:
        return f"{self.from_contract} -> {self.to_contract} on {self.effective}"

    def clean(self) -> None:
        if self.effective and not is_business_day(self.effective, self.instrument.group):
            raise ValidationError({"effective": f"{self.effective} is no trade date of {self.instrument.group}."})
