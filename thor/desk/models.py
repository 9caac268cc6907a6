"""What the desk remembers, and the record of what it told."""

from __future__ import annotations

from django.db import models

from thor.markets.calendar import TransitionKind


class DeskCheckpoint(models.Model):
    """How far the desk is: one row, written in the transaction of every effect that rests on it."""

    name = models.CharField(max_length=20, primary_key=True)
    cursor = models.CharField(max_length=41, help_text="The last entry of the unified stream that was heard.")
    position_us = models.BigIntegerField(help_text="Epoch microseconds up to which every timer was told.")
    fence = models.BigIntegerField(help_text="The fencing number of the desk that wrote it: an older one is refused.")
    unpublished = models.JSONField(default=list, help_text="Events of this commit, published again at the next start.")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class ReactorState(models.Model):
    """A part of what one reactor remembers, as of the checkpoint."""

    reactor = models.CharField(max_length=40)
    part = models.CharField(max_length=80)
    state = models.JSONField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("reactor", "part"), name="a_part_is_remembered_once"),)

    def __str__(self) -> str:
        return f"{self.reactor} {self.part}"


class ConfigRecord(models.Model):
    """What people set was taken up by the desk, for every entry of the stream after ``after_id``."""

    at = models.DateTimeField()
    after_id = models.CharField(max_length=41)
    kinds = models.JSONField(help_text="Which settings were new.")

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}Z {', '.join(self.kinds)}"


class TransitionRecord(models.Model):
    """A market opened or closed, told once."""

    market = models.CharField(max_length=40)
    kind = models.CharField(max_length=5, choices=[(kind.value, kind.value) for kind in TransitionKind])
    at = models.DateTimeField()
    trade_date = models.DateField()
    told_at = models.DateTimeField(help_text="When the desk told it: later than at after an absence.")
    after_id = models.CharField(max_length=41, help_text="The stream's entry that came before it.")

    class Meta:
        ordering = ("-at", "market")
        constraints = (models.UniqueConstraint(fields=("market", "at"), name="a_transition_is_told_once"),)

    def __str__(self) -> str:
        return f"{self.market} {self.kind} {self.at:%Y-%m-%d %H:%M:%S}Z"


class FiredTimer(models.Model):
    """Where in the stream a timer fell: a replay of stored ticks feeds exactly the same order."""

    at_us = models.BigIntegerField(unique=True)
    after_id = models.CharField(max_length=41)
    told_us = models.BigIntegerField()

    class Meta:
        ordering = ("-at_us",)

    def __str__(self) -> str:
        return str(self.at_us)


class Alert(models.Model):
    """Something was wrong from then until then."""

    alert = models.CharField(max_length=60)
    severity = models.CharField(max_length=10)
    text = models.CharField(max_length=300)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-started_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("alert",), condition=models.Q(ended_at__isnull=True), name="an_alert_is_raised_once"
            ),
        )

    def __str__(self) -> str:
        return self.text
