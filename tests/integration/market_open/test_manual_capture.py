"""Captures that a person asks for: one desk makes them, who is not answered takes the wish back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client

from tests.desk_support import ALPHA, BEGIN_US, BETA, MINUTE_US
from tests.integration.desk.conftest import DeskBench
from tests.integration.desk.test_desk_opens import SECOND, rising, say, trade
from thor.market_open import requests
from thor.market_open.audit import faults
from thor.market_open.chain import links
from thor.market_open.models import AuditRecord, CaptureRequest, MarketSession
from thor.market_open.requests import Became, ask
from thor.markets.models import Market
from thor.runtime.problem import Problem

REASON = "the feed was down at the open"
NOW_US = BEGIN_US + 2 * MINUTE_US


@pytest.fixture
def missed(bench: DeskBench) -> DeskBench:
    """Alpha has been open for two minutes and was not captured; quotes of now are there."""
    Market.objects.filter(country=ALPHA).update(enable_open_capture=False)
    say(bench, NOW_US, rising(NOW_US - SECOND))
    bench.worker().drain()
    return bench


@pytest.fixture
def listening(missed: DeskBench, monkeypatch: pytest.MonkeyPatch) -> DeskBench:
    """A desk that hears of a wish while its asker waits."""

    class Waiting:
        def sleep(self, _seconds: float) -> None:
            missed.worker().drain()

    async def sleep(_seconds: float) -> None:
        await sync_to_async(missed.worker().drain)()

    monkeypatch.setattr(requests, "SystemClock", Waiting)
    monkeypatch.setattr("asyncio.sleep", sleep)
    return missed


def test_the_desk_captures_what_a_person_asks_for(listening: DeskBench) -> None:
    assert ask("alpha", "ann", REASON) == (Became.CAPTURED, "alpha-2025-10-09", "captured")
    total = trade()
    assert (total.capture_kind, total.session_number, total.entry_side) == ("MANUAL", 1, "BUY")
    assert MarketSession.objects.count() == 12
    row = CaptureRequest.objects.get()
    assert (row.status, row.requested_by, row.reason, row.session_id) == ("CAPTURED", "ann", REASON, total.session_id)
    assert [record.kind for record in AuditRecord.objects.order_by("number")] == ["request", "capture"]
    assert '"who":"ann"' in AuditRecord.objects.get(number=1).body and list(faults(links())) == []
    again = ask(ALPHA, "bob", REASON)
    assert again.status is Became.ALREADY_CAPTURED and again.session_id == total.session_id
    assert MarketSession.objects.count() == 12


def test_a_market_that_is_closed_is_refused_with_why(listening: DeskBench) -> None:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("capture_market_open", market=BETA, reason=REASON, user="ann", stdout=out)
    assert ended.value.code == 1
    assert out.getvalue().startswith("refused: Beta is closed: a capture now would take the place of its next open")


def test_who_is_not_answered_takes_the_wish_back_for_good(missed: DeskBench) -> None:
    with pytest.raises(Problem, match="no desk answered within 0 s, so nothing is captured") as refused:
        ask(ALPHA, "ann", REASON, patience_seconds=0)
    assert refused.value.status == 503
    missed.worker().drain()
    assert not MarketSession.objects.exists()
    assert CaptureRequest.objects.get().status == "WITHDRAWN"


def test_a_desk_that_took_a_wish_up_forgets_it_when_it_is_taken_back(missed: DeskBench) -> None:
    """It looks for quotes, and dies; the next one comes later."""
    later_us = NOW_US + MINUTE_US
    say(missed, later_us, [("ES", later_us - SECOND, {})])
    missed.worker().drain()
    row = CaptureRequest.objects.create(country=ALPHA, requested_by="ann", reason=REASON)
    missed.worker().drain()
    row.refresh_from_db()
    assert row.status == "WAITING"  # YM is stale: it looks again in two seconds
    requests._withdraw(row.pk)
    say(missed, later_us + 3 * SECOND, rising(later_us + 2 * SECOND))
    missed.worker().drain()
    assert not MarketSession.objects.exists()


def test_an_answer_in_the_very_moment_of_giving_up_counts(missed: DeskBench, monkeypatch: pytest.MonkeyPatch) -> None:
    def answered_meanwhile(_wish: int) -> bool:
        missed.worker().drain()
        return True

    monkeypatch.setattr(requests, "_waits", answered_meanwhile)
    assert ask(ALPHA, "ann", REASON, patience_seconds=0).status is Became.CAPTURED


def test_a_wish_whose_asker_was_killed_is_not_fulfilled_later(missed: DeskBench) -> None:
    row = CaptureRequest.objects.create(country=ALPHA, requested_by="ann", reason=REASON)
    CaptureRequest.objects.update(requested_at=row.requested_at - timedelta(minutes=2))
    missed.worker().drain()
    assert not MarketSession.objects.exists()


@pytest.mark.parametrize(
    ("country", "reason", "complaint"),
    [("Alfa", REASON, r"no market is called 'Alfa' \(did you mean Alpha\?\)"), (ALPHA, " so \n", "say why, in 5 to")],
)
def test_a_wrong_wish_is_one_line(missed: DeskBench, country: str, reason: str, complaint: str) -> None:
    with pytest.raises(Problem, match=complaint) as refused:
        ask(country, "ann", reason)
    assert refused.value.status == 422 and not CaptureRequest.objects.exists()
    with pytest.raises(CommandError, match="no market is called"):
        call_command("capture_market_open", market="Alfa", reason=REASON)


# --- over HTTP --------------------------------------------------------------------------------------------------------

PATHS = [
    "/api/market-open/capture", "/api/futures/market-opens/capture", "/api/futures/market-opens/capture/",
    "/api/futuretrading/market-open/capture", "/api/futuretrading/market-open/capture/",
]  # fmt: skip
Post = Callable[..., Any]


@pytest.fixture
def post() -> Iterator[Post]:
    """POST as somebody: ``None``, ``user``, ``staff``; with the CSRF token unless told otherwise."""

    def send(who: str | None, path: str = PATHS[0], *, token: bool = True, body: Any = None) -> Any:
        client = Client(enforce_csrf_checks=True, SERVER_NAME="127.0.0.1")
        headers = {}
        if who is not None:
            user, _ = get_user_model().objects.get_or_create(username=who, defaults={"is_staff": who == "staff"})
            client.force_login(user)
        if token:
            client.get("/admin/login/")
            client.cookies["csrftoken"] = "a" * 32
            headers["X-CSRFToken"] = "a" * 32
        given = {"country": ALPHA, "reason": REASON} if body is None else body
        return client.post(path, given, content_type="application/json", headers=headers)

    yield send


def test_staff_captures_over_http_under_every_name(listening: DeskBench, post: Post) -> None:
    done = post("staff")
    assert (done.status_code, done.json()) == (
        200, {"status": "captured", "session_id": "alpha-2025-10-09", "answer": "captured"},
    )  # fmt: skip
    assert CaptureRequest.objects.get().requested_by == "staff"
    for path in PATHS[1:]:
        assert post("staff", path).json()["status"] == "already_captured"
    refused = post("staff", body={"country": BETA, "reason": REASON}).json()
    assert (refused["status"], refused["session_id"]) == ("refused", None)


def test_nobody_else_writes(missed: DeskBench, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "POLL_SECONDS", 0.001)
    monkeypatch.setattr(requests.ask_async, "__defaults__", (0.0,))
    answers = [
        (post(None), 401, "log in"), (post("user"), 403, "for staff"), (post("staff", token=False), 403, "X-CSRFToken"),
        (post("staff", body={"country": ALPHA}), 422, "reason"),
        (post("staff", body={"country": "Alfa", "reason": REASON}), 422, "no market is called"),
        (post("staff", f"{PATHS[0]}?namespace=week1"), 404, "week1"),
        (post("staff"), 503, "no desk answered"),
    ]  # fmt: skip
    for answer, status, words in answers:
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
        assert words in answer.json()["detail"]
    assert [row.status for row in CaptureRequest.objects.all()] == ["WITHDRAWN"]
    for path in PATHS[1:3]:
        assert Client(SERVER_NAME="127.0.0.1").get(path).status_code in (404, 405)
