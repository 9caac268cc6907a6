"""What is in the lake and what was done to it: the list that files are held against."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from django.db import models
from django.db.models import Q

from thor.lake.layout import Kind


class FileState(StrEnum):
    """``ARCHIVED``: its rows are no longer in PostgreSQL, this file is the only one that has them."""

    OK = "ok"
    ARCHIVED = "archived"
    DAMAGED = "damaged"
    MISSING = "missing"


class RunStatus(StrEnum):
    """How a piece of work stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: In which a run changes no more.
ENDED: Final = (RunStatus.DONE, RunStatus.FAILED, RunStatus.CANCELLED)


def _choices(kind: type[StrEnum]) -> list[tuple[str, str]]:
    return [(each.value, each.value) for each in kind]


class LakeFile(models.Model):
    """A file that was published: what was in it then. Written after the file is there."""

    key = models.CharField(max_length=200, unique=True, help_text="Its path below the lake's root.")
    kind = models.CharField(max_length=5, choices=_choices(Kind))
    trade_date = models.DateField()
    symbol = models.CharField(max_length=24, blank=True)
    timeframe = models.CharField(max_length=3, blank=True)
    rows = models.BigIntegerField()
    stored = models.BigIntegerField(
        default=0,
        help_text="Of ticks: of its rows, how many PostgreSQL had when it was made, or since it was archived.",
    )
    size = models.BigIntegerField(help_text="Bytes.")
    rows_sha256 = models.CharField(max_length=64, help_text="Of its rows as lines of CSV: thor.sha256 of the file.")
    file_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of the file's bytes; empty while it is replaced."
    )
    made_of = models.CharField(max_length=128, blank=True, help_text="Of bars: what they were made of.")
    suspect = models.BigIntegerField(default=0, help_text="Of bars: suspect ticks that were left out.")
    state = models.CharField(max_length=8, choices=_choices(FileState), default=FileState.OK.value)
    exported_at = models.DateTimeField()
    archived_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it has rows that PostgreSQL has no more."
    )
    verified_at = models.DateTimeField(null=True, blank=True, help_text="When all of it was last read and compared.")
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["trade_date", "symbol"])]
        ordering = ["key"]
        verbose_name = "file"

    def __str__(self) -> str:
        return self.key


class LakeRun(models.Model):
    """A piece of work on the lake, and how far it is."""

    kind = models.CharField(max_length=20)
    title = models.CharField(max_length=200, help_text="In words.")
    arguments = models.JSONField(default=dict)
    status = models.CharField(max_length=9, choices=_choices(RunStatus), default=RunStatus.WAITING.value)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True, help_text="Null while nobody knows.")
    unit = models.CharField(max_length=20, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="What it is at, or what came of it.")
    asked_by = models.CharField(max_length=150, blank=True)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True, help_text="When it last said how far it is.")
    ended_at = models.DateTimeField(null=True)
    wants_cancel = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["-asked_at"])]
        ordering = ["-asked_at"]
        verbose_name = "run"

    def __str__(self) -> str:
        return f"{self.title}: {self.status}"


class RollDifference(models.Model):
    """How far apart two contracts were when an instrument went from one to the other: what back-adjusting takes away.
    The rolls themselves are the instrument's (``instruments.Roll`` and its rule)."""

    symbol = models.CharField(max_length=24)
    from_contract = models.CharField(max_length=10)
    to_contract = models.CharField(max_length=10)
    trade_date = models.DateField(help_text="The last trade date of the old contract, at whose end it was measured.")
    difference = models.DecimalField(
        max_digits=18, decimal_places=6, help_text="Price of the new contract less that of the old one, in points."
    )
    measured = models.CharField(max_length=200, help_text="How it was found.")
    by_hand = models.BooleanField(default=False, help_text="A person's word: it is not measured again.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["symbol", "from_contract", "to_contract"], name="one_difference_a_roll")
        ]
        ordering = ["symbol", "trade_date"]
        verbose_name = "roll difference"

    def __str__(self) -> str:
        return f"{self.from_contract} to {self.to_contract}"


def _count(**options: Any) -> models.BigIntegerField[Any, Any]:
    return models.BigIntegerField(default=0, **options)


class QualityDay(models.Model):
    """How good the ticks of a symbol's trade date are. Shares are of ``ticks``, 0 to 1; gaps within open hours."""

    symbol = models.CharField(max_length=24)
    trade_date = models.DateField()
    ticks = _count()
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    gaps = _count(help_text="Silences within open hours that are longer than gap_seconds.")
    gap_seconds = models.FloatField(default=0, help_text="From how long on a silence is a gap.")
    longest_gap_seconds = models.FloatField(null=True)
    open_seconds = models.FloatField(default=0, help_text="How long the market was open.")
    covered_seconds = models.FloatField(default=0, help_text="Of these, outside gaps.")
    crossed = _count()
    zero = _count()
    negative = _count()
    spikes = _count(help_text="Last prices further than ten average true ranges from the one before.")
    duplicates = _count(help_text="Ticks equal to one before in all but seq and arrival.")
    conflicts = _count(help_text="Events that came under a stored tick's key with other values.")
    out_of_order = _count(help_text="Ticks that arrived after one of a later time.")
    sources = models.JSONField(default=dict, help_text="Source -> ticks.")
    gap_list = models.JSONField(default=list, help_text="The longest gaps: [from, to] as ISO times.")
    made_of = models.CharField(max_length=64, help_text="thor.sha256 of the ticks it was made of.")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["symbol", "trade_date"], name="one_quality_a_day"),
            models.CheckConstraint(
                condition=Q(covered_seconds__lte=models.F("open_seconds")), name="covers_at_most_all"
            ),
        ]
        ordering = ["trade_date", "symbol"]
        verbose_name = "quality of a day"
        verbose_name_plural = "quality of days"

    def __str__(self) -> str:
        return f"{self.symbol} {self.trade_date}"
