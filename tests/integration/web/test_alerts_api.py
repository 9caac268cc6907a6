"""The alerts that hold now, as a page that is opened asks for them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from thor.desk.models import Alert

pytestmark = pytest.mark.django_db(transaction=True)


def test_those_that_hold_newest_first(client: Client) -> None:
    for hour, (name, ended) in enumerate([("old", None), ("gone", 14), ("new", None)]):
        Alert.objects.create(
            alert=name, severity="critical", text=f"{name}!", started_at=datetime(2026, 11, 20, hour, tzinfo=UTC),
            ended_at=ended and datetime(2026, 11, 20, ended, tzinfo=UTC),
        )  # fmt: skip
    found = client.get("/api/alerts", headers={"host": "127.0.0.1"}).json()["alerts"]
    assert [each["alert"] for each in found] == ["new", "old"]
    assert found[1] == {"alert": "old", "severity": "critical", "text": "old!", "at": "2026-11-20T00:00:00.000000Z"}
