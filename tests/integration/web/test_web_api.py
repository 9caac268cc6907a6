"""The API of a real web process: answers, refusals, rights, readiness."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.web.conftest import Web
from tests.support import CHECKOUT, run_thor, wait_until

BOARD = ["YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB"]
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def api(prepared_database: str, valkey_url: str) -> Iterator[Web]:
    environ = os.environ | {"DATABASE_URL": prepared_database, "REDIS_URL": valkey_url, "THOR_NAMESPACE": "webapi"}
    web = Web(environ, "webapi", valkey_url).start().ready()
    yield web
    assert web.stop() == 0


def assert_problem(reply: httpx.Response, status: int) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == PROBLEM
    document: dict[str, Any] = reply.json()
    assert document["status"] == status
    assert document["detail"]
    assert "\n" not in document["detail"]
    return document


def test_snapshot_in_the_boards_order_with_unknown_and_missing(api: Web) -> None:
    api.add(2, "ZB")
    newest = api.add(1, "ES", first=7)[0]
    wait_until(lambda: len(api.get("/api/quotes").json()["quotes"]) == 2, 5)
    answer = api.get("/api/quotes").json()
    assert [quote["symbol"] for quote in answer["quotes"]] == ["ES", "ZB"]
    assert answer["missing"] == [symbol for symbol in BOARD if symbol not in ("ES", "ZB")]
    quote = answer["quotes"][0]
    assert (quote["stream_id"], quote["active_source"], quote["last"]) == (newest, "MOCK", 7.25)
    asked = api.get("/api/quotes?symbols=ES,xx,ym").json()
    assert (asked["unknown"], asked["missing"]) == (["XX"], ["YM"])
    assert api.get("/api/quotes?source=TOS").json()["quotes"] == []
    assert api.get("/api/feed/tos/quotes/latest/").json()["quotes"] == []
    for alias in ("/api/quotes/", "/api/feed/quotes/snapshot"):
        assert api.get(alias).json()["quotes"] == answer["quotes"]


def test_the_snapshot_keeps_every_digit(api: Web) -> None:
    payload = (
        '{"v":1,"symbol":"HG","ts":"2025-10-09T13:31:15.123456Z","source":"MOCK","last":5.1000,"bid":5,"ask":null}'
    )
    api.bus.xadd(api.stream, {"s": "HG", "e": payload})
    wait_until(lambda: "5.1000" in api.get("/api/quotes?symbols=HG").text, 5)


def test_the_hot_path_answers_as_its_schema_says(api: Web) -> None:
    from thor.quotes.api import QuotesAnswer

    QuotesAnswer.model_validate_json(api.get("/api/quotes").content)


def test_instruments_series_sources_status(api: Web) -> None:
    instruments = api.get("/api/instruments").json()["instruments"]
    assert [each["symbol"] for each in instruments] == BOARD
    zb = instruments[-1]
    assert (zb["tick_size"], zb["tick_value_usd"], zb["preferred_source"]) == ("0.03125", "31.25", None)
    assert api.get("/api/quotes/series?symbols=ES").json() == {"series": {"ES": []}}
    assert api.get("/api/sources").json()["sources"] == []
    status = api.get("/api/status").json()
    assert (status["namespace"], status["simulated"]) == ("webapi", True)
    assert status["ingest"].keys() == {"lag_entries", "lag_seconds", "pending", "dead", "lost", "rate"}


@pytest.mark.parametrize("path", ["/api/quotes", "/api/quotes/stream", "/api/quotes/series", "/api/events/stream"])
@pytest.mark.parametrize(
    "query",
    [
        "symbols=", "symbols=,", "symbols=ES,,YM", "symbols=%20", "symbols=%00", "symbols=E%0aS", "symbols=%1b[31m",
        "symbols=%ff", "symbols=%f0%9f%92%a9", "symbols=ES'%20OR%201=1--", "symbols=<script>", "symbols=../../etc",
        "symbols=" + ",".join(f"S{n}" for n in range(101)), "symbols=" + "A" * 10_000, "symbols=%7B%7B7*7%7D%7D",
        "symbols=" + ",".join(["ES"] * 10_000), "symbols=ES&symbols=YM",
    ],
)  # fmt: skip
def test_hostile_queries_are_refused_in_one_line(api: Web, path: str, query: str) -> None:
    reply = api.get(f"{path}?{query}")
    assert 400 <= reply.status_code < 500
    assert_problem(reply, reply.status_code)


@pytest.mark.parametrize("conflate", ["9ms", "5001", "x", "-1", "1e3", "50 ms", "", "0"])
def test_a_wrong_conflation_is_refused(api: Web, conflate: str) -> None:
    assert_problem(api.get("/api/quotes/stream", params={"conflate": conflate}), 422)


def test_a_stream_of_unknown_symbols_is_refused(api: Web) -> None:
    assert "XX" in assert_problem(api.get("/api/quotes/stream?symbols=ES,XX"), 422)["detail"]


@pytest.mark.parametrize("path", ["/api/nope", "/api", "/api/quotes/x", "/api/quotes/../x", "/api/%00"])
def test_no_html_under_api(api: Web, path: str) -> None:
    reply = api.get(path)
    if path == "/api":
        assert reply.status_code == 404
    else:
        assert_problem(reply, 404)


@pytest.mark.parametrize("path", ["/api/quotes", "/api/quotes/stream", "/api/status", "/api/instruments"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_not_allowed(api: Web, path: str, method: str) -> None:
    reply = httpx.request(method, f"{api.url}{path}")
    assert_problem(reply, 405)
    assert "GET" in reply.headers["allow"]


def test_head_and_options(api: Web) -> None:
    for path in ("/api/quotes", "/api/quotes/stream"):
        head = httpx.head(f"{api.url}{path}")
        assert (head.status_code, head.content) == (200, b"")
        options = httpx.options(f"{api.url}{path}")
        assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("path", ["/api/quotes", "/api/quotes/stream", "/api/status", "/", "/admin/login/"])
def test_a_foreign_host_name_is_refused(api: Web, path: str) -> None:
    assert_problem(api.get(path, headers={"Host": "evil.example"}), 400)


def test_headers_that_browsers_obey(api: Web) -> None:
    page = api.get("/api/docs")
    assert page.status_code == 200
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin"
    for path in ("/api/docs", "/api/quotes", "/static/ninja/swagger-ui-init.js", "/api/status", "/nowhere.txt"):
        reply = api.get(path)
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in reply.headers
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", page.text) == []


def test_openapi_documents_every_problem(api: Web) -> None:
    document = api.get("/api/openapi.json").json()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) >= 10
    for operation in operations:
        assert {"400", "401", "404", "405", "422", "429", "503"} <= operation["responses"].keys()
        assert len({each["operationId"] for each in operations}) == len(operations)


def test_export_openapi_gives_the_same_bytes_twice(api: Web, tmp_path: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file in files:
        run_thor(api.environ, "export_openapi", "--file", str(file))
    assert files[0].read_bytes() == files[1].read_bytes()
    assert json.loads(files[0].read_text())["paths"] == api.get("/api/openapi.json").json()["paths"]
    refused = run_thor(api.environ, "export_openapi", "--file", str(tmp_path / "no" / "x.json"), check=False)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)


def test_the_web_app_or_a_page_that_says_how_to_build_it(make_web: Any, tmp_path: Path) -> None:
    web = make_web(THOR_WEB_DIST=str(tmp_path)).ready()
    page = web.get("/futures", headers={"Accept": "text/html"})
    assert page.status_code == 503
    assert "make web" in page.text
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-abc123.js").write_text("1")
    (tmp_path / "index.html").write_text("<!doctype html><title>built</title>")
    page = web.get("/futures", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    assert "built" in page.text
    asset = web.get("/assets/index-abc123.js")
    assert asset.status_code == 200
    assert "immutable" in asset.headers["cache-control"]
    assert web.get("/assets/gone.js").status_code == 404
    assert web.get("/futures", headers={"Accept": "application/json"}).status_code == 404


def test_login_is_required_where_it_is(make_web: Any) -> None:
    web = make_web(THOR_REQUIRE_LOGIN="1").ready()
    for path in ("/api/quotes", "/api/quotes/stream", "/api/events/stream", "/api/status", "/api/instruments"):
        assert_problem(web.get(path), 401)
        assert_problem(web.get(path, cookies={"sessionid": "x" * 32}), 401)
    assert web.get("/healthz").status_code == 200
    key = run_thor(web.environ, "shell", "--no-imports", "-c", LOG_IN).stdout.strip().splitlines()[-1]
    for path in ("/api/quotes", "/api/status", "/api/instruments"):
        assert web.get(path, cookies={"sessionid": key}).status_code == 200
    with httpx.stream("GET", f"{web.url}/api/quotes/stream", cookies={"sessionid": key}) as stream:
        assert stream.status_code == 200


LOG_IN = """
import uuid
from django.contrib.auth import get_user_model, SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
user = get_user_model().objects.create_user(f"viewer-{uuid.uuid4().hex[:8]}", password=uuid.uuid4().hex)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
"""


def test_not_ready_without_a_database(make_web: Any) -> None:
    web = make_web(DATABASE_URL="postgresql://thor@127.0.0.1:9/thor")
    document = assert_problem(web.get("/readyz"), 503)
    assert document["checks"]["database"]["ok"] is False
    assert "database" in document["detail"]
    assert assert_problem(web.get("/api/instruments"), 503)
    assert web.get("/api/quotes").status_code == 200


def test_a_port_in_use_is_one_line(api: Web) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "thor", "web", "--port", str(api.port)],
        env=api.environ, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert f":{api.port}" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_slow_headers_do_not_keep_a_connection(api: Web) -> None:
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as client:
        client.sendall(b"GET /api/quotes HTTP/1.1\r\nHost: 127")
        assert client.recv(100) == b""


def test_the_web_process_imports_nothing_heavy(api: Web) -> None:
    code = (
        "import sys, thor.config.asgi, thor.config.urls\n"
        "print([m for m in ('polars', 'numba', 'numpy', 'pandas', 'openpyxl', 'xlwings') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=api.environ, cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
