"""Tracked instruments, seeded from ``instrument.INSTRUMENTS`` and editable in the admin."""

from __future__ import annotations

from typing import Final

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from thor.markets.trade_date import DEFAULT_GROUP, GROUPS

SOURCES: Final = ("TOS", "SCHWAB", "MOCK", "REPLAY")


class Instrument(models.Model):
    """One root symbol and its contract facts. ``tick_size`` in price points, ``tick_value_usd`` per contract."""

    symbol = models.CharField(
        max_length=24,
        unique=True,
        validators=[RegexValidator(r"\A[A-Z0-9][A-Z0-9._-]{0,23}\Z", "A canonical root: upper case, such as ES.")],
    )
    name = models.CharField(max_length=80)
    exchange = models.CharField(max_length=20)
    tick_size = models.DecimalField(max_digits=18, decimal_places=6, validators=[MinValueValidator(0)])
    tick_value_usd = models.DecimalField(max_digits=18, decimal_places=6, validators=[MinValueValidator(0)])
    display_precision = models.PositiveSmallIntegerField(default=2)
    currency = models.CharField(max_length=3, default="USD")
    group = models.CharField(
        "product group",
        max_length=40,
        default=DEFAULT_GROUP,
        choices=[(group, group) for group in GROUPS],
        help_text="Whose trading hours and trade date it follows.",
    )
    position = models.PositiveSmallIntegerField(default=100, help_text="Its place on the board, smallest first.")
    is_tracked = models.BooleanField(default=True, help_text="Shown on the board when nothing else is asked for.")
    preferred_source = models.CharField(
        max_length=10,
        blank=True,
        choices=[(source, source) for source in SOURCES],
        help_text="The source whose quotes win while it is fresh; empty: the newest quote wins.",
    )

    class Meta:
        ordering = ("position", "symbol")

    def __str__(self) -> str:
        return self.symbol
