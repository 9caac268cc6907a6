"""Markets, their compiled calendars, feature windows and the snapshots taken at each open."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from thor.markets.calendar import IntervalPhase, Phase, Status
from thor.markets.market import Region

#: A calendar that ends sooner than this is an alarm: next year's holidays must be fetched.
HORIZON_ALARM: Final = timedelta(days=30)


def _choices(values: type[Phase] | type[Status] | type[IntervalPhase] | type[Region]) -> list[tuple[str, str]]:
    return [(each.value, each.value) for each in values]


def validate_zone(name: str) -> None:
    """Raises ValidationError for what is no IANA time zone."""
    if name not in _zones():
        raise ValidationError(f"{name} is no time zone: give an IANA name such as Europe/Berlin.")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def validate_phases(value: object) -> None:
    """Raises ValidationError for what is no list of phases."""
    if not isinstance(value, list) or not all(each in tuple(Phase) for each in value):
        raise ValidationError(f"Give a list of phases: {', '.join(Phase)}.")


class Market(models.Model):
    """An exchange session of a country. Local hours are for people: ``calendar`` decides."""

    country = models.CharField(max_length=40, unique=True, help_text="Its key, such as USA.")
    display_name = models.CharField(max_length=60)
    region = models.CharField(max_length=10, choices=_choices(Region))
    timezone_name = models.CharField("time zone", max_length=40, validators=[validate_zone])
    calendar = models.CharField(max_length=40, help_text="The compiled calendar that it follows.")
    open_time = models.TimeField("usual open", help_text="Local; the calendar decides.")
    close_time = models.TimeField("usual close", help_text="Local; the calendar decides.")
    currency = models.CharField(max_length=3)
    weight = models.DecimalField(
        max_digits=6, decimal_places=4, default=0, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    status = models.CharField(
        max_length=10, choices=_choices(Status), default=Status.UNKNOWN.value, editable=False,
        help_text="As the desk's clock last saw it.",
    )  # fmt: skip
    status_at = models.DateTimeField("status since", null=True, blank=True, editable=False)
    position = models.PositiveSmallIntegerField(default=100, help_text="Its place in lists, smallest first.")
    is_active = models.BooleanField("active", default=True, help_text="The clock follows it.")
    is_control_market = models.BooleanField(
        "control market", default=False, help_text="Counts in the weighted view of the world."
    )
    enable_futures_capture = models.BooleanField("capture", default=False, help_text="Master switch of both captures.")
    enable_open_capture = models.BooleanField("at the open", default=False)
    enable_close_capture = models.BooleanField(
        "at the close", default=False,
        help_text="After a close, make of the stored ticks what the desk was not there to measure.",
    )  # fmt: skip

    class Meta:
        ordering = ("position", "country")

    def __str__(self) -> str:
        return self.display_name


class SessionInterval(models.Model):
    """One compiled stretch of a calendar, half-open. Written by ``sync_calendars`` only."""

    calendar = models.CharField(max_length=40)
    trade_date = models.DateField()
    phase = models.CharField(max_length=12, choices=_choices(IntervalPhase))
    open_utc = models.DateTimeField()
    close_utc = models.DateTimeField()
    holiday_name = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=200, help_text="The library, or the override, that says so.")
    library_version = models.CharField(max_length=80)

    class Meta:
        ordering = ("calendar", "open_utc")
        constraints = (
            models.UniqueConstraint(fields=("calendar", "open_utc"), name="one_interval_at_a_time"),
            models.CheckConstraint(condition=Q(close_utc__gt=F("open_utc")), name="interval_not_empty"),
        )
        indexes = (models.Index(fields=("calendar", "trade_date"), name="interval_by_date"),)

    def __str__(self) -> str:
        return f"{self.calendar} {self.trade_date} {self.phase}"


class CalendarDay(models.Model):
    """What is special about a local date of a calendar: a holiday, an early close. Written by ``sync_calendars``."""

    calendar = models.CharField(max_length=40)
    date = models.DateField()
    name = models.CharField(max_length=200)
    is_holiday = models.BooleanField()
    is_closed = models.BooleanField(help_text="No session is held on this date; a CME holiday may have one.")
    is_early_close = models.BooleanField()
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ("calendar", "date")
        constraints = (models.UniqueConstraint(fields=("calendar", "date"), name="one_note_a_day"),)

    def __str__(self) -> str:
        return f"{self.calendar} {self.date} {self.name}"


class CalendarEdition(models.Model):
    """One compiled calendar as a whole: its span, when and from what it was made. Written by ``sync_calendars``."""

    calendar = models.CharField(max_length=40, unique=True)
    timezone_name = models.CharField(max_length=40)
    first_utc = models.DateTimeField()
    end_utc = models.DateTimeField(help_text="Beyond it the answer is UNKNOWN.")
    library_version = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, help_text="Of all its intervals and days: another one is another table.")
    compiled_at = models.DateTimeField()

    class Meta:
        ordering = ("calendar",)

    def __str__(self) -> str:
        return self.calendar


class CalendarOverride(models.Model):
    """A line of ``thor/markets/overrides.yaml`` as it was compiled, for people to look at."""

    calendar = models.CharField(max_length=40)
    what = models.CharField(max_length=200)
    reason = models.CharField(max_length=300)
    source = models.CharField(max_length=300)
    dated = models.DateField(help_text="When we wrote it.")

    class Meta:
        ordering = ("calendar", "what")

    def __str__(self) -> str:
        return f"{self.calendar}: {self.what}"


class FeatureWindow(models.Model):
    """When a named feature is on: by market phase, within dates. ``is_feature_on`` asks."""

    feature = models.CharField(max_length=60)
    market = models.ForeignKey(
        Market, on_delete=models.CASCADE, null=True, blank=True, help_text="Empty: every market."
    )
    phases = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_phases],
        help_text="Phases in which it is on; empty: all of them.",
    )
    starts_at = models.DateTimeField("from", null=True, blank=True)
    ends_at = models.DateTimeField("until", null=True, blank=True)
    is_active = models.BooleanField("active", default=True)
    rollback_at = models.DateTimeField(null=True, blank=True, help_text="Off from then on, whatever else is said.")

    class Meta:
        ordering = ("feature", "id")

    def __str__(self) -> str:
        return self.feature


class MarketDataSnapshot(models.Model):
    """The data of one market's session: the baseline at its open, the summary after its close."""

    market = models.ForeignKey(Market, on_delete=models.PROTECT)
    trade_date = models.DateField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    baseline = models.JSONField(default=dict, help_text="Symbol to previous close and settlement at the open.")
    tick_count = models.BigIntegerField(null=True, blank=True)
    symbols = models.JSONField(default=list, help_text="Those that had ticks between open and close.")
    quality = models.JSONField(default=dict, help_text="Per symbol: ticks, first, last, longest silence in seconds.")
    created_at = models.DateTimeField(auto_now_add=True)
    summarised_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-opened_at",)
        constraints = (models.UniqueConstraint(fields=("market", "opened_at"), name="one_snapshot_an_open"),)

    def __str__(self) -> str:
        return f"{self.market} {self.trade_date}"
