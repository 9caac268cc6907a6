"""The close of a session over HTTP: for staff, done by the command in a process of its own."""

from __future__ import annotations

import httpx
import pytest

from tests.integration.web.conftest import Web
from tests.support import run_thor

PATH = "/api/future-trading/market-close/capture"
PASSWORD = "thunder-and-lightning"


@pytest.fixture
def staff(web: Web) -> httpx.Client:
    """A browser in which a member of staff has logged in."""
    account = ["--noinput", "--username", web.namespace, "--email", "a@example.com"]
    run_thor(web.environ | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}, "createsuperuser", *account)
    client = httpx.Client(base_url=web.url, timeout=60)
    client.get("/admin/login/")
    form = {"username": web.namespace, "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    assert client.post("/admin/login/?next=/healthz", data=form).status_code == 302
    return client


def test_staff_looks_and_writes_and_nobody_else(web: Web, staff: httpx.Client) -> None:
    nothing = {
        "status": "no_session", "country": "USA", "session_id": None, "session_number": None, "close_rows_updated": 0,
        "range_rows_updated": 0, "is_written": False,
    }  # fmt: skip
    token = {"X-CSRFToken": staff.cookies["csrftoken"]}
    assert staff.get(PATH, params={"country": "usa"}).json() == nothing
    assert staff.post(PATH, params={"country": "USA", "force": "true"}, headers=token).json() == nothing
    refusals = [
        (httpx.get(f"{web.url}{PATH}", params={"country": "USA"}), 401, "log in"),
        (staff.post(PATH, params={"country": "USA"}), 403, "X-CSRFToken"),
        (staff.get(PATH), 422, "country"),
        (staff.get(PATH, params={"country": "Alfa"}), 422, "no market is called 'Alfa'"),
        (staff.get(PATH, params={"country": "USA", "force": "perhaps"}), 422, "force"),
        (staff.post(PATH, files={"x": b"y"}, headers=token), 415, "send JSON"),
    ]  # fmt: skip
    for answer, status, words in refusals:
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), words
        assert words in answer.json()["detail"]
