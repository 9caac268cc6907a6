"""What the reactors of this room made of the quotes. The desk alone writes these tables, but for the seeds."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from thor.instruments.selectors import known_symbols


def price(**options: Any) -> models.DecimalField[Any, Any]:
    """A column of prices in points, as the lake keeps them."""
    return models.DecimalField(max_digits=18, decimal_places=6, **options)


def percent(**options: Any) -> models.DecimalField[Any, Any]:
    """A column of per cent."""
    return models.DecimalField(max_digits=12, decimal_places=4, **options)


class IntradayMetric(models.Model):
    """One instrument over one market's session (SPEC 9). ``trade_date`` is the market's local date.

    The columns from ``market_close`` on are null until the market has closed."""

    market = models.CharField(max_length=40)
    symbol = models.CharField(max_length=24)
    trade_date = models.DateField()
    opened = models.DateTimeField(help_text="When the market opened.")
    updated = models.DateTimeField(help_text="The newest quote that counts in it.")
    market_open = price()
    market_high_open = price(help_text="Highest last since the open.")
    market_high_pct_open = percent()
    market_low_open = price(help_text="Lowest last since the open.")
    market_low_pct_open = percent(help_text="How far the last is above the low.")
    closed = models.DateTimeField(null=True)
    market_close = price(null=True)
    market_high_pct_close = percent(null=True)
    market_low_pct_close = percent(null=True)
    market_close_vs_open_pct = percent(null=True)
    market_range = price(null=True)
    market_range_pct = percent(null=True)
    session_volume = models.BigIntegerField(null=True, help_text="Contracts from the open to the close.")

    class Meta:
        ordering = ("-opened", "market", "symbol")
        constraints = (
            models.UniqueConstraint(fields=("market", "trade_date", "symbol"), name="a_session_is_measured_once"),
        )
        indexes = (models.Index(fields=("symbol", "market", "-trade_date"), name="metric_by_symbol"),)

    def __str__(self) -> str:
        return f"{self.symbol} at {self.market} {self.trade_date}"


class VwapMinute(models.Model):
    """A minute in which contracts were traded. ``minute`` is its end: a row speaks of the minute before it."""

    symbol = models.CharField(max_length=24)
    minute = models.DateTimeField()
    trade_date = models.DateField()
    last_price = price()
    cumulative_volume = models.BigIntegerField()
    delta_volume = models.BigIntegerField()
    vwap = price(help_text="Of the trade date up to this minute.")
    is_restart = models.BooleanField(help_text="The cumulative volume fell: it was counted anew.")

    class Meta:
        ordering = ("-minute", "symbol")
        constraints = (
            models.UniqueConstraint(fields=("symbol", "minute", "trade_date"), name="a_minute_is_weighed_once"),
        )
        indexes = (models.Index(fields=("symbol", "trade_date", "minute"), name="vwap_by_trade_date"),)

    def __str__(self) -> str:
        return f"{self.symbol} {self.minute:%Y-%m-%d %H:%M}Z"


class DailyRange(models.Model):
    """The highest and lowest good last of a trade date: what 52 weeks are made of, and expire by."""

    symbol = models.CharField(max_length=24)
    trade_date = models.DateField()
    high = price()
    low = price()
    last = price(help_text="The newest; after the session its close.")

    class Meta:
        ordering = ("-trade_date", "symbol")
        constraints = (models.UniqueConstraint(fields=("symbol", "trade_date"), name="a_day_has_one_range"),)

    def __str__(self) -> str:
        return f"{self.symbol} {self.trade_date}"


class Rolling52WeekStats(models.Model):
    """Highest and lowest of the last 364 days, and of all time, each with its trade date (null: not known)."""

    symbol = models.CharField(max_length=24, unique=True)
    high_52w = price()
    high_52w_date = models.DateField(null=True)
    low_52w = price()
    low_52w_date = models.DateField(null=True)
    last_price_checked = price(null=True)
    all_time_high = price()
    all_time_high_date = models.DateField(null=True)
    all_time_low = price()
    all_time_low_date = models.DateField(null=True)
    last_updated = models.DateTimeField()

    class Meta:
        ordering = ("symbol",)
        verbose_name_plural = "rolling 52 week stats"

    def __str__(self) -> str:
        return self.symbol


class ExtremesSeed(models.Model):
    """What a person or a command says the extremes are; the desk takes it up within a second and writes the stats.

    Rows are added, never changed: the newest of a symbol counts."""

    ORIGINS = ("admin", "recompute", "lake", "import")

    symbol = models.CharField(max_length=24)
    high_52w = price()
    high_52w_date = models.DateField(null=True, blank=True)
    low_52w = price()
    low_52w_date = models.DateField(null=True, blank=True)
    all_time_high = price(null=True, blank=True)
    all_time_high_date = models.DateField(null=True, blank=True)
    all_time_low = price(null=True, blank=True)
    all_time_low_date = models.DateField(null=True, blank=True)
    origin = models.CharField(max_length=10, choices=[(each, each) for each in ORIGINS], default="admin")
    reason = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.symbol} {self.low_52w} to {self.high_52w}"

    def clean(self) -> None:
        """An instrument, and prices in their order. Raises ValidationError."""
        if self.symbol not in known_symbols():
            raise ValidationError({"symbol": f"{self.symbol} is no instrument of this Thor."})
        order = (self.all_time_low, self.low_52w, self.high_52w, self.all_time_high)
        known = [price for price in order if price is not None]
        if known != sorted(known):
            raise ValidationError("Wanted: all-time low <= low of 52 weeks <= high of 52 weeks <= all-time high.")
