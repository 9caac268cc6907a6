"""What a person fills in to capture, to correct and to grade anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from thor.market_open.corrections import ENDS
from thor.market_open.grading import Quality
from thor.market_open.models import MarketSession
from thor.market_open.reasons import LONGEST, SHORTEST, reason_of
from thor.markets.models import Market
from thor.runtime.edits import PlainDecimalField
from thor.runtime.problem import Problem


class ReasonField(forms.CharField):
    """Why: kept for good."""

    def __init__(self) -> None:
        said = f"{SHORTEST} to {LONGEST} characters. It stands in the audit chain for good."
        super().__init__(widget=UnfoldAdminTextareaWidget({"rows": 2}), help_text=said)

    def clean(self, value: Any) -> str:
        try:
            return reason_of(super().clean(value))
        except Problem as problem:
            raise ValidationError(problem.detail) from problem


class MarketField(forms.ChoiceField):
    """A market by its name."""

    def __init__(self) -> None:
        super().__init__(choices=_markets, widget=UnfoldAdminSelectWidget)


def _markets() -> Iterable[tuple[str, str]]:
    return [(each.country, each.display_name) for each in Market.objects.all()]


class CaptureForm(forms.Form):
    """A wish for a capture."""

    market = MarketField()
    reason = ReasonField()


class CloseForm(forms.Form):
    """Whose close is captured."""

    market = MarketField()
    force = forms.BooleanField(
        required=False, widget=UnfoldBooleanWidget, help_text="Also over rows that have their close."
    )


class ReasonForm(forms.Form):
    """A reason alone."""

    reason = ReasonField()


class CorrectForm(forms.Form):
    """The outcome of a row as it should be. P&L and level follow from it."""

    wndw = forms.ChoiceField(
        label="Outcome", choices=[(each.value, each.text) for each in ENDS], widget=UnfoldAdminSelectWidget
    )
    resolved_at = forms.DateTimeField(
        label="Ended at, UTC", required=False, widget=UnfoldAdminTextInputWidget,
        help_text="Such as 2025-10-09 13:31:15.123456.",
    )  # fmt: skip
    resolution_price = PlainDecimalField(
        label="Price that was seen", required=False, max_digits=18, decimal_places=6,
        widget=UnfoldAdminDecimalFieldWidget,
    )  # fmt: skip
    resolution_quality = forms.ChoiceField(
        label="Quality", required=False, choices=[("", "-"), *((each.value, each.value) for each in Quality)],
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    resolution_reason = forms.CharField(
        label="How it ended", required=False, max_length=200, widget=UnfoldAdminTextInputWidget
    )
    reason = ReasonField()

    @classmethod
    def of(cls, row: MarketSession, posted: Any) -> CorrectForm:
        """As the row stands, or as it was posted."""
        return cls(posted, initial={name: getattr(row, name) for name in _CORRECTED})

    def changes(self) -> dict[str, Any]:
        """What is another than before."""
        return {name: self.cleaned_data[name] for name in _CORRECTED if name in self.changed_data}


_CORRECTED: Final = ("wndw", "resolved_at", "resolution_price", "resolution_quality", "resolution_reason")
