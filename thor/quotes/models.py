"""How good the quotes were."""

from __future__ import annotations

from django.db import models


class QuoteQuality(models.Model):
    """How many quotes of a symbol's trade date the desk heard, and how many of them were suspect for which reason."""

    symbol = models.CharField(max_length=24)
    trade_date = models.DateField()
    good = models.BigIntegerField()
    suspect = models.BigIntegerField(help_text="Stored and shown; they move no number.")
    crossed = models.BigIntegerField()
    zero = models.BigIntegerField()
    negative = models.BigIntegerField()
    spike = models.BigIntegerField()
    out_of_order = models.BigIntegerField()
    stale = models.BigIntegerField()
    levels = models.BigIntegerField(help_text="New levels that three agreeing spikes made.")
    last_suspect = models.DateTimeField(null=True, blank=True)
    last_reasons = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ("-trade_date", "symbol")
        verbose_name_plural = "quote quality"
        constraints = (models.UniqueConstraint(fields=("symbol", "trade_date"), name="quality_is_counted_once"),)

    def __str__(self) -> str:
        return f"{self.symbol} {self.trade_date}"
