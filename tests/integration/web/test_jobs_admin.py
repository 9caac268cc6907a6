"""Durable jobs in the admin: what is shown, and retry and cancel for those who may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

pytestmark = pytest.mark.django_db
LIST = "/admin/procrastinate/procrastinatejob/"


@pytest.fixture
def jobs() -> dict[str, int]:
    """One job in each state that matters, by state."""
    found = {}
    with connection.cursor() as cursor:
        for end in ("todo", "doing", "succeeded", "failed"):
            cursor.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args, queueing_lock)"
                """ VALUES ('triggers', 'drain', '{"market": "USA"}', %s) RETURNING id""",
                [end],
            )
            found[end] = cursor.fetchone()[0]
            for status in _PATHS[end]:
                cursor.execute("UPDATE procrastinate_jobs SET status = %s WHERE id = %s", [status, found[end]])
    return found


_PATHS: dict[str, tuple[str, ...]] = {
    "todo": (), "doing": ("doing",), "succeeded": ("doing", "succeeded"), "failed": ("doing", "failed")
}  # fmt: skip


@pytest.fixture
def browser(client: Client) -> Iterator[Client]:
    client.defaults["SERVER_NAME"] = "127.0.0.1"
    client.force_login(get_user_model().objects.create_superuser("root"))
    yield client


def test_the_list_and_a_job_are_shown_in_our_words(browser: Client, jobs: dict[str, int]) -> None:
    text = browser.get(LIST).content.decode()
    assert all(word in text for word in ("drain", "USA", "waits", "runs", "done", "failed"))
    one = browser.get(f"{LIST}{jobs['failed']}/change/").content.decode()
    assert "&quot;market&quot;: &quot;USA&quot;" in one
    assert all(event in one for event in ("deferred", "started"))
    assert browser.get("/admin/procrastinate/procrastinateworker/").status_code == 404


def act(browser: Client, action: str, jobs: dict[str, int]) -> None:
    data = {"action": action, "_selected_action": list(jobs.values())}
    assert browser.post(LIST, data).status_code == 302


def states(jobs: dict[str, int]) -> dict[str, str]:
    found = dict(ProcrastinateJob.objects.values_list("id", "status"))
    return {before: found[job_id] for before, job_id in jobs.items()}


def test_only_those_that_failed_are_retried(browser: Client, jobs: dict[str, int]) -> None:
    act(browser, "retry_jobs", jobs)
    assert states(jobs) == {"todo": "todo", "doing": "doing", "succeeded": "succeeded", "failed": "todo"}


def test_only_those_that_wait_are_cancelled(browser: Client, jobs: dict[str, int]) -> None:
    act(browser, "cancel_jobs", jobs)
    assert states(jobs) == {"todo": "cancelled", "doing": "doing", "succeeded": "succeeded", "failed": "failed"}


def test_who_may_only_look_may_not_act(client: Client, jobs: dict[str, int]) -> None:
    reader = get_user_model().objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_procrastinatejob"))
    client.defaults["SERVER_NAME"] = "127.0.0.1"
    client.force_login(reader)
    assert client.get(LIST).status_code == 200
    before = states(jobs)
    client.post(LIST, {"action": "cancel_jobs", "_selected_action": list(jobs.values())})
    assert states(jobs) == before
