"""Work on the lake: asked for once, told as it goes, ended by who may, and what a dead process leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from thor.desk import tasks
from thor.desk.lake_runs import MOST_DAYS, RunKind, Wish, ask
from thor.instruments.services import seed_instruments
from thor.lake.models import LakeRun
from thor.lake.runs import Progress, cancel, carry_out, end_lost_runs, new_run
from thor.quotes.keys import Keys
from thor.runtime.problem import Problem

pytestmark = pytest.mark.django_db

DAY = date(2025, 10, 9)
WISH = Wish(RunKind.EXPORT, DAY, DAY, ("ES", "YM"))
Ask = Callable[..., HttpResponse]


@pytest.fixture
def told(settings: Any, valkey_url: str, fresh_namespace: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """What the bus heard of runs: (status, done, total, note)."""
    seed_instruments()
    settings.REDIS_URL = valkey_url
    events = Keys("").events
    with redis.Redis.from_url(valkey_url) as client:
        client.delete(events)

        def read() -> list[tuple[Any, ...]]:
            found = [json.loads(fields[b"e"]) for _, fields in client.xrange(events) if fields[b"t"] == b"lake.run"]
            return [(each["status"], each["done"], each["total"], each["note"]) for each in found]

        yield read
        client.delete(events)


@pytest.fixture
def send(told: object) -> Ask:
    """A request as somebody: ``None``, ``user``, ``staff``; with the CSRF token unless told otherwise."""

    def act(who: str | None, path: str = "/api/lake/runs", *, token: bool = True, **body: Any) -> HttpResponse:
        client = Client(enforce_csrf_checks=True, HTTP_HOST="127.0.0.1")
        if who:
            user, _ = get_user_model().objects.get_or_create(username=who, defaults={"is_staff": who == "staff"})
            client.force_login(user)
        client.cookies["csrftoken"] = "a" * 32
        headers = {"X-CSRFToken": "a" * 32} if token else {}
        given = {"kind": "export", "start": "2025-10-09", "end": "2025-10-09", **body}
        return client.post(path, json.dumps(given), content_type="application/json", headers=headers)

    return act


@pytest.mark.parametrize(
    ("who", "line"),
    [(None, "log in to do this"), ("user", "this is for staff: ask an administrator"), ("staff", None)],
)
def test_who_looks_is_told_why_he_may_not_ask(told: object, who: str | None, line: str | None) -> None:
    client = Client(HTTP_HOST="127.0.0.1")
    if who:
        client.force_login(get_user_model().objects.create(username=who, is_staff=who == "staff"))
    assert client.get("/api/lake/runs").json() == {"runs": [], "refusal": line}


# --- asking ---------------------------------------------------------------------------------------------------------


def test_who_asks_gets_a_run_and_a_job_and_the_same_wish_again_is_that_run(told: object) -> None:
    run = ask(WISH, "staff")
    assert ask(WISH, "another").pk == run.pk
    assert (run.title, Wish.of(run)) == ("Export, 2025-10-09, ES YM", WISH)
    (job,) = ProcrastinateJob.objects.filter(task_name="lake_run")
    assert (job.args, job.lock) == ({"run_id": run.pk}, "lake")


@pytest.mark.parametrize(
    ("wish", "line"),
    [
        (Wish(RunKind.BARS, DAY, DAY - timedelta(days=1)), "end is before start"),
        (Wish(RunKind.BARS, DAY - timedelta(days=MOST_DAYS), DAY), "more than 1,464 days"),
        (Wish(RunKind.BARS, DAY, DAY, ("ES", "../X")), "no such instrument: ../X"),
    ],
)
def test_what_cannot_be_done_is_said_at_once_and_leaves_nothing(told: object, wish: Wish, line: str) -> None:
    with pytest.raises(Problem, match=line):
        ask(wish, "staff")
    assert not LakeRun.objects.exists() and not ProcrastinateJob.objects.filter(task_name="lake_run").exists()


def test_only_staff_ask_and_cancel_and_everybody_sees(send: Ask) -> None:
    assert [send(who, token=token).status_code for who, token in ((None, True), ("user", True), ("staff", False))] == [
        401, 403, 403,
    ]  # fmt: skip
    assert not LakeRun.objects.exists()
    done = send("staff", symbols=["es"])
    assert done.status_code == 202 and done.json()["status"] == "waiting" and done.json()["asked_by"] == "staff"
    reader, path = Client(HTTP_HOST="127.0.0.1"), f"/api/lake/runs/{done.json()['id']}"
    assert reader.get("/api/lake/runs").json()["runs"] == [done.json()]
    assert reader.get(path).json() == done.json()
    assert send("user", f"{path}/cancel").status_code == 403
    assert send("staff", f"{path}/cancel").json()["status"] == "cancelled"
    assert (
        send("staff", "/api/lake/runs/999999/cancel").status_code == reader.get("/api/lake/runs/9").status_code == 404
    )
    assert send("staff", kind="erase").status_code == send("staff", start="2025-13-01").status_code == 422
    assert send("staff", end="2025-10-08").json()["detail"] == "end is before start: give a later one"


def test_the_end_of_a_session_asks_for_its_week_and_a_replay_for_nothing(told: object, settings: Any) -> None:
    transition = {"market": "CME_Futures", "at_us": 0, "trade_date": "2025-10-09", "after_id": "0-0"}
    assert (
        tasks.keep_lake(**transition)
        == f"run {LakeRun.objects.get().pk}: Export, bars and quality, 2025-10-03 to 2025-10-09"
    )
    settings.THOR_NAMESPACE = "week1"
    assert tasks.keep_lake(**transition) == "a replay has no lake"
    assert LakeRun.objects.count() == 1


# --- how it goes ----------------------------------------------------------------------------------------------------


def test_a_run_is_told_as_it_goes(told: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thor.lake.runs.TELL_SECONDS", 0.0)

    def work(progress: Progress) -> str:
        progress.begin(2, "files")
        progress.advance(1, "ES")
        progress.advance(1, "YM")
        return "2 files"

    run = carry_out(new_run("export", "Export", {}), work)
    assert (run.status, run.done, run.total, run.note) == ("done", 2, 2, "2 files")
    assert told() == [
        ("running", 0, None, ""), ("running", 0, 2, ""), ("running", 1, 2, "ES"), ("running", 2, 2, "YM"),
        ("done", 2, 2, "2 files"),
    ]  # fmt: skip


def test_one_that_fails_says_why_and_one_that_is_cancelled_ends(told: Callable[[], Any], monkeypatch: Any) -> None:
    monkeypatch.setattr("thor.lake.runs.TELL_SECONDS", 0.0)

    def fail(_progress: Progress) -> str:
        raise Problem("no space: free some\nand more")

    with pytest.raises(Problem):
        carry_out(new_run("export", "Export", {}), fail)

    def go_on(progress: Progress) -> str:
        progress.begin(None, "files")
        cancel(LakeRun.objects.latest("asked_at").pk)
        progress.advance(1)
        raise AssertionError("it was cancelled")

    carry_out(new_run("bars", "Bars", {}), go_on)
    ends = [(status, note) for status, _, _, note in told() if status not in ("running", "waiting")]
    assert ends == [("failed", "no space: free some"), ("cancelled", "cancelled at 1 files")]


def test_a_run_whose_process_died_has_failed(told: Callable[[], Any]) -> None:
    run = new_run("export", "Export", {})
    LakeRun.objects.filter(pk=run.pk).update(status="running", heard_at=timezone.now() - timedelta(seconds=61))
    alive = new_run("export", "Export", {})
    LakeRun.objects.filter(pk=alive.pk).update(status="running", heard_at=timezone.now() - timedelta(seconds=5))
    assert end_lost_runs() == 1
    run.refresh_from_db()
    assert run.status == "failed" and "start it again" in run.note
