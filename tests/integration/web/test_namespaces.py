"""Looking at a replay through the web: its quotes, its rows, its time, and never anybody else's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from tests.integration.web.conftest import Listener, Web
from tests.replay_support import TRANSITIONS, Site, expected_ticks, made_site, make_recording
from tests.support import wait_until

KEPT = "kept"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_recording(tmp_path_factory.mktemp("recording") / "day.parquet", rows=600)


@pytest.fixture(scope="module")
def site(
    database_url: str, valkey_url: str, tmp_path_factory: pytest.TempPathFactory, recording: Path
) -> Iterator[Site]:
    """With a replay that has ended; since then an instrument was added live."""
    with made_site(database_url, valkey_url, tmp_path_factory.mktemp("home")) as found:
        found.replay("--file", recording, "--as-recorded", "--speed", "max", "--into", KEPT)
        found.database.execute(
            'INSERT INTO instruments_instrument SELECT (jsonb_populate_record(i, \'{"id": 99, "symbol": "XX"}\')).*'
            " FROM instruments_instrument i WHERE symbol = 'ES'"
        )
        yield found


@pytest.fixture(scope="module")
def web(site: Site) -> Iterator[Web]:
    found = Web(site.environ, site.live, site.environ["REDIS_URL"]).start().ready()
    yield found
    assert found.stop() == 0


def test_quotes_of_a_replay_and_live_ones_are_never_mixed(web: Web, recording: Path) -> None:
    there = {quote["symbol"]: quote for quote in web.get(f"/api/quotes?namespace={KEPT}").json()["quotes"]}
    newest = {symbol: (seq, last) for symbol, _, seq, last in expected_ticks(recording)}
    assert {symbol: (quote["seq"], quote["last"]) for symbol, quote in there.items()} == newest
    assert {quote["active_source"] for quote in there.values()} == {"REPLAY"}
    assert web.get("/api/quotes").json()["quotes"] == []
    assert web.get(f"/api/quotes?namespace={web.namespace}").json()["quotes"] == []
    assert web.get(f"/api/feed/quotes/snapshot/?namespace={KEPT}").json()["quotes"] != []
    series = web.get(f"/api/quotes/series?symbols=ES&namespace={KEPT}").json()["series"]["ES"]
    assert series[-1][1] == newest["ES"][1]
    assert web.get("/api/quotes/series?symbols=ES").json()["series"]["ES"] == []


def test_a_replay_has_what_people_set_without_its_history(site: Site) -> None:
    def count(schema: str, table: str) -> int:
        found = site.database.execute(f'SELECT count(*) FROM "{schema}".{table}').fetchone()
        assert found is not None
        return int(found[0])

    live = site.database.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'signals_signalstatvalue'"
                                 f" AND schemaname <> '{KEPT}'").fetchone()  # fmt: skip
    assert live is not None
    for table in ("instruments_watchlistentry", "instruments_rollrule", "signals_signalstatvalue",
                  "signals_contractweight", "signals_signalweight", "signals_totalthresholds"):  # fmt: skip
        assert count(KEPT, table) == count(live[0], table) > 0, table
    assert count(live[0], "signals_historicalsignalstatvalue") == 11
    assert count(KEPT, "signals_historicalsignalstatvalue") == 0


def test_each_request_finds_its_own_tables_on_one_thread_and_on_many(web: Web) -> None:
    """The views of Django run in one thread, one after the other: nothing of a request is left for the next."""

    def symbols(namespace: str) -> set[str]:
        return {each["symbol"] for each in web.get(f"/api/instruments?namespace={namespace}").json()["instruments"]}

    live = symbols("")
    assert live - symbols(KEPT) == {"XX"}
    for _ in range(20):
        assert "XX" in symbols("")
        assert "XX" not in symbols(KEPT)
    with ThreadPoolExecutor(8) as pool:
        names = ["", KEPT] * 40
        assert ["XX" in found for found in pool.map(symbols, names)] == [not name for name in names]
    assert web.get("/api/session?symbol=XX").status_code == 200
    assert web.get(f"/api/session?symbol=XX&namespace={KEPT}").status_code == 422


def test_the_markets_of_a_replay_stand_in_its_time(web: Web) -> None:
    there, here = (web.get(f"/api/markets{query}").json() for query in (f"?namespace={KEPT}", ""))
    assert there["clock"] == {"simulated": True, "speed": 0.0, "namespace": KEPT}
    assert there["now"].startswith("2025-10-10T21:59:59.999999")
    assert here["clock"] == {"simulated": False, "speed": 1.0, "namespace": web.namespace}
    assert not here["now"].startswith("2025")
    session = web.get(f"/api/session?market=USA&namespace={KEPT}").json()
    assert (session["status"], session["now"], session["next_transition_at"]) == (
        "CLOSED", there["now"], "2025-10-13T13:30:00.000000Z",
    )  # fmt: skip
    composite = web.get(f"/api/markets/composite?namespace={KEPT}").json()
    assert (composite["now"], composite["open_weight"]) == (there["now"], "0")


def test_status_and_sources_speak_of_the_replay(web: Web) -> None:
    status = web.get(f"/api/status?namespace={KEPT}").json()
    assert (status["namespace"], status["simulated"], status["ingest"]["lag_entries"]) == (KEPT, True, 0)
    assert status["now"].startswith("2025-10-10T21:59:59")
    assert web.get("/api/status").json()["namespace"] == web.namespace
    assert web.get(f"/api/sources?namespace={KEPT}").json()["sources"] == []


def test_replays_are_listed(web: Web) -> None:
    (found,) = (each for each in web.get("/api/replays").json()["replays"] if each["namespace"] == KEPT)
    first = found.pop("from")
    assert first.startswith("2025-10-09T21:3")
    assert found == {
        "namespace": KEPT, "state": "ended", "until": "2025-10-10T21:59:59.999999Z",
        "now": "2025-10-10T21:59:59.999999Z", "speed": None, "rows": 600, "rows_done": 600, "sources": ["REPLAY"],
    }  # fmt: skip


def test_streams_of_a_replay(web: Web, recording: Path, listen: Callable[..., Listener]) -> None:
    quotes = listen(web, f"/api/quotes/stream?namespace={KEPT}&since=0-0")
    events = listen(web, f"/api/events/stream?namespace={KEPT}&since=0-0")
    heard = [json.loads(quotes.until("quote")) for _ in range(600)]
    times = [each["ts"] for each in heard]
    assert times == sorted(times)
    assert sorted((each["symbol"], each["seq"]) for each in heard) == sorted(
        (symbol, seq) for symbol, _, seq, _ in expected_ticks(recording)
    )
    opened = [json.loads(events.until("market.open"))["market"] for _ in range(3)]
    assert opened == [market for market, kind, _ in TRANSITIONS if kind == "OPEN"][:3]


def test_the_vwap_of_a_replay_is_its_own(web: Web) -> None:
    """Now, by what its desk keeps on the bus, is the same as at its present instant, by its rows."""
    asked = f"symbol=ES&namespace={KEPT}"
    found = web.get(f"/api/vwap/minutes?{asked}").json()
    assert (found["trade_date"], len(found["minutes"]) > 50) == ("2025-10-10", True)
    now = web.get(f"/api/markets?namespace={KEPT}").json()["now"]
    today = web.get(f"/api/vwap/today?{asked}").json()
    assert today["vwap"] == found["minutes"][-1]["vwap"]
    assert web.get(f"/api/vwap/today?{asked}&at={now}").json() == today
    for window in (5, 15, 30, 60):
        kept = web.get(f"/api/vwap/rolling?{asked}&window={window}").json()
        assert web.get(f"/api/vwap/rolling?{asked}&window={window}&at={now}").json() == kept
    assert web.get("/api/vwap/minutes?symbol=ES&trade_date=2025-10-10").json()["minutes"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [("nobody", 404), ("Week", 422), ("..%2Fx", 422), ("public", 422), ("kept&namespace=other", 400), ("a%00b", 422)],
)
@pytest.mark.parametrize(
    "path", ["/api/quotes", "/api/markets", "/api/instruments", "/api/events/stream", "/api/replays"]
)
def test_a_wrong_name_is_one_line(web: Web, path: str, query: str, status: int) -> None:
    reply = web.get(f"{path}?namespace={query}")
    assert reply.status_code == status, reply.text
    assert "\n" not in reply.json()["detail"]


def test_the_time_of_a_running_replay_runs(site: Site, web: Web) -> None:
    words = ("--from", "2025-10-10T13:00Z", "--until", "2025-10-10T23:00Z", "--speed", "600", "--into", "running")
    with site.replaying(*words):
        wait_until(lambda: web.get("/api/markets?namespace=running").status_code == 200, 20)
        wait_until(lambda: _now(web) > "2025-10-10T13:05", 40)
        first, at = _now(web), time.monotonic()
        wait_until(lambda: _now(web) > first, 5)
        later, passed = _now(web), time.monotonic() - at
        assert 0 < _seconds(later) - _seconds(first) < 600 * passed + 60
        clock = web.get("/api/markets?namespace=running").json()["clock"]
        assert clock == {"simulated": True, "speed": 600.0, "namespace": "running"}
        (listed,) = (each for each in web.get("/api/replays").json()["replays"] if each["namespace"] == "running")
        assert (listed["state"], listed["speed"], listed["rows"]) == ("running", 600.0, 0)
        wait_until(lambda: web.get("/api/session?namespace=running").json()["status"] == "OPEN", 40)
    assert web.get("/api/markets?namespace=running").json()["clock"]["speed"] == 0
    still = _now(web)
    assert _now(web) == still


def _now(web: Web) -> str:
    return str(web.get("/api/markets?namespace=running").json()["now"])


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_who_may_not_read_learns_no_names(site: Site) -> None:
    strict = Web({**site.environ, "THOR_REQUIRE_LOGIN": "1"}, site.live, site.environ["REDIS_URL"]).start()
    try:
        for path in ("/api/quotes", "/api/markets", "/api/instruments", "/api/replays"):
            for name in (KEPT, "nobody"):
                assert httpx.get(f"{strict.url}{path}?namespace={name}").status_code == 401
    finally:
        strict.stop()
