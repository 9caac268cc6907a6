"""What the desk warns of, over HTTP."""

from __future__ import annotations

from typing import Literal

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from thor.desk.models import Alert
from thor.markets.trade_date import epoch_us
from thor.quotes.quote import format_ts

router = Router(tags=["desk"])


class AlertRow(Schema):
    alert: str = Field(description="Its name: it is raised once until it ends")
    severity: Literal["critical", "warning", "info"]
    text: str
    at: str = Field(description="Since when")


class AlertsAnswer(Schema):
    alerts: list[AlertRow]


@router.get("/alerts", response=AlertsAnswer, operation_id="alerts", summary="The alerts that hold now, newest first")
async def alerts(request: HttpRequest) -> dict[str, list[dict[str, str]]]:
    """Those that were raised and did not end."""
    del request
    return {"alerts": await sync_to_async(_standing)()}


def _standing() -> list[dict[str, str]]:
    return [
        {"alert": each.alert, "severity": each.severity, "text": each.text, "at": format_ts(epoch_us(each.started_at))}
        for each in Alert.objects.filter(ended_at=None)
    ]
