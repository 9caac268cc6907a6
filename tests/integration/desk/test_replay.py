"""A recording through the whole running stack in simulated time: every transition, every row, at any speed."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import opens
from tests.in_process import heard_in_process, left_by_replay
from tests.replay_support import (
    FIRST,
    SESSION_COLUMNS,
    TRANSITIONS,
    Site,
    expected_ticks,
    made_site,
    make_recording,
)
from tests.support import wait_until
from tests.warm import WarmThor, warm_thor
from thor.markets.trade_date import utc

#: Time alone, over the open of New York.
SHORT = ("--from", "2025-10-10T13:00Z", "--until", "2025-10-10T14:00Z", "--speed", "max")


@pytest.fixture(scope="module")
def site(database_url: str, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with made_site(database_url, valkey_url, tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="module")
def warm(site: Site) -> Iterator[WarmThor]:
    with warm_thor(site.environ) as found:
        yield found


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_recording(tmp_path_factory.mktemp("recording") / "day.parquet", opens=True)


@pytest.fixture(scope="module")
def first(site: Site, recording: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What one replay at full speed left, with the live things as they were before."""
    before = site.live_things()
    said = site.replay("--file", recording, "--as-recorded", "--speed", "max", "--into", "first").stdout
    assert "3,000 of 3,000 rows read, 3,000 published, 0 repeated, 0 refused; 3,000 ticks stored" in said
    assert site.live_things() == before
    return site.left("first")


def test_every_row_is_a_tick_at_its_own_time(first: dict[str, list[tuple[Any, ...]]], recording: Path) -> None:
    found = [(row[0], row[1], row[3], float(row[4])) for row in first["ticks"]]
    assert sorted(found) == expected_ticks(recording)
    assert {row[2] for row in first["ticks"]} == {"REPLAY"}
    assert all(row[13] is not None and row[14]["close"] == 5050.25 for row in first["ticks"])


def test_every_market_opens_and_closes_on_time(first: dict[str, list[tuple[Any, ...]]]) -> None:
    told = [(market, kind, f"{at:%H:%M:%S.%f}") for market, kind, at, *_ in first["transitions"]]
    wanted = [(market, kind, f"{at}:00.000000") for market, kind, at in TRANSITIONS]
    assert sorted(told) == sorted(wanted)
    assert [at for *_, at in told[1:]] == [at for *_, at in wanted[1:]]
    assert all(at == told_at for _, _, at, _, told_at, *_ in first["transitions"])


def test_a_timer_comes_after_every_quote_up_to_it_and_before_the_next(
    first: dict[str, list[tuple[Any, ...]]], recording: Path
) -> None:
    times = sorted(ts for _, ts, *_ in expected_ticks(recording))
    for _, _, at, _, _, _, before, _ in first["transitions"]:
        assert before == max(ts for ts in times if ts <= at)


def test_opens_are_captured_and_closes_summed_up(first: dict[str, list[tuple[Any, ...]]], recording: Path) -> None:
    ticks = expected_ticks(recording)
    assert len(first["snapshots"]) == sum(kind == "OPEN" for _, kind, _ in TRANSITIONS)
    for _, _, opened, baseline, closed, count, *_ in first["snapshots"]:
        assert count == sum(opened < ts <= closed for _, ts, *_ in ticks)
        heard = {symbol for symbol, ts, *_ in ticks if ts <= opened}
        assert baseline.keys() == heard
    assert {status for _, _, status, _ in first["jobs"]} == {"succeeded"}


def test_each_open_is_captured_with_12_rows_and_graded(first: dict[str, list[tuple[Any, ...]]]) -> None:
    captured = Counter(row[1 + SESSION_COLUMNS.index("session_id")] for row in first["sessions"])
    markets = ("japan", "china", "germany", "netherlands", "united-kingdom", "pre-usa", "usa")
    assert captured == dict.fromkeys([f"{name}-2025-10-10" for name in markets], 12)
    ((market, _, _, noted, error),) = first["misses"]
    assert (market, f"{noted:%H:%M:%S}", error[:26]) == ("India", "03:45:06", "YM is not usable: stale, i")
    outcomes = Counter(row[1 + SESSION_COLUMNS.index("wndw")] for row in first["sessions"])
    assert outcomes.keys() >= {"WORKED", "DIDNT_WORK", "EXPIRED", "NEUTRAL"} and "PENDING" not in outcomes
    decided = sum(count for name, count in outcomes.items() if name != "NEUTRAL")
    assert Counter(kind for _, _, kind, *_ in first["records"]) == {"capture": 7, "outcome": decided}


def test_one_process_comes_to_the_same_rows_as_the_whole_stack(
    site: Site, recording: Path, first: dict[str, list[tuple[Any, ...]]]
) -> None:
    state = site.state("first")
    heard = heard_in_process(site, recording, int(state["from_us"]), int(state["until_us"]))
    assert heard == left_by_replay(first)
    assert all(heard.values())


def test_another_speed_and_crashes_leave_the_same_rows(
    site: Site, recording: Path, first: dict[str, list[tuple[Any, ...]]]
) -> None:
    until = ("--until", "2025-10-10T23:59:59.999999Z")  # the trade date of DX ends last
    with site.replaying("--file", recording, "--as-recorded", "--speed", "8000", "--into", "second", *until) as child:
        for service, rows in (("desk", 200), ("ingestor", 900), ("desk", 1_500), ("jobs", 2_000), ("ingestor", 2_200)):
            wait_until(lambda rows=rows: int(site.state("second").get("rows_done", 0)) >= rows, 60)  # type: ignore[misc]
            os.kill(_pid_of(child.pid, service), signal.SIGKILL)
        said, complained = child.communicate(timeout=90)
    assert child.returncode == 0, complained
    assert "3,000 ticks stored" in said
    left = site.left("second")
    assert {what: left[what] == rows for what, rows in first.items()} == dict.fromkeys(first, True)


def test_desks_that_take_over_from_each_other_leave_the_same_rows(
    site: Site, recording: Path, first: dict[str, list[tuple[Any, ...]]]
) -> None:
    """The short form of ``python -m tests.faults.opens``."""
    begin, until = (utc(int(site.state("first")[name])) for name in ("from_us", "until_us"))
    result = opens.Result()
    day = opens.Day((recording,), begin, until, (), 2025)
    opens.torment(site, day, "max", "fourth", 3, random.Random(2), result)
    assert (result.wrong, result.kills) == ([], 3)
    left = site.left("fourth")
    assert {what: left[what] == rows for what, rows in first.items()} == dict.fromkeys(first, True)


def _pid_of(parent: int, service: str) -> int:
    """The newest process of a service of a replay."""
    word = {"desk": "market_monitor", "ingestor": "redis_to_postgres", "jobs": "jobs"}[service]

    def find() -> int | None:
        for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if word.encode() in words:
                return int(child)
        return None

    return wait_until(find, 20, lambda: f"{service} does not run")


def test_a_killed_player_is_seen_and_begins_anew(site: Site, recording: Path) -> None:
    with site.replaying("--file", recording, "--as-recorded", "--speed", "2000", "--into", "third") as child:
        wait_until(lambda: int(site.state("third").get("rows_done", 0)) >= 100, 60)
        taken = site.replay("--file", recording, "--as-recorded", "--into", "third", check=False)
        assert (taken.returncode, taken.stderr.strip().splitlines()[-1]) == (
            2, "CommandError: third is being replayed: wait for its end, or choose another name with --into.",
        )  # fmt: skip
        child.kill()
    assert site.state("third")["state"] == "running"
    assert site.rows("third", "SELECT count(*) FROM {n}.ticks") != [(0,)]
    again = site.replay(*SHORT, "--into", "third")
    assert "third was there: it begins anew" in again.stderr
    left = site.left("third", "ticks", "transitions")
    assert (left["ticks"], [row[0] for row in left["transitions"]]) == ([], ["Canada", "Mexico", "Pre_USA", "USA"])


def test_ctrl_c_ends_it_cleanly(site: Site) -> None:
    words = ("--from", "2025-10-09T20:00Z", "--until", "2025-10-10T20:00Z", "--speed", "60", "--as-recorded")
    with site.replaying(*words, "--into", "stopped") as child:
        began_us = int(FIRST.timestamp() - 5400) * 1_000_000
        wait_until(lambda: int(site.state("stopped").get("watermark_us", 0)) > began_us, 60)
        children = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
        child.send_signal(signal.SIGINT)
        _, complained = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "Traceback" not in complained
    assert site.state("stopped")["state"] == "failed"
    assert not [each for each in children if Path(f"/proc/{each}").exists()]


def test_a_stored_day_is_replayed_in_the_order_of_its_arrival(
    site: Site, recording: Path, first: dict[str, list[tuple[Any, ...]]]
) -> None:
    with site.database.transaction():
        site.database.execute("CREATE TABLE ticks_made (LIKE ticks INCLUDING ALL)")
        site.database.execute("INSERT INTO ticks_made SELECT * FROM first.ticks")
        site.database.execute(
            "ALTER TABLE ticks ATTACH PARTITION ticks_made"
            " FOR VALUES FROM ('2025-10-04 00:00Z') TO ('2025-10-11 00:00Z')"
        )
    said = site.replay("--date", "2025-10-10", "--speed", "max").stdout
    stored = [row for row in first["ticks"] if f"{row[13]}" == "2025-10-10"]
    assert f"replay_20251010: {len(stored):,} of {len(stored):,} rows read, {len(stored):,} published" in said
    left = site.left("replay_20251010")
    assert left["ticks"] == stored
    assert [row[:5] for row in left["transitions"]] == [row[:5] for row in first["transitions"]]
    order = "SELECT symbol, seq FROM {n}.ticks WHERE trade_date = '2025-10-10' ORDER BY"
    by_id = order + " split_part(stream_id, '-', 1)::bigint, split_part(stream_id, '-', 2)::bigint"
    assert site.rows("replay_20251010", by_id) == site.rows("first", by_id)


def test_a_day_that_a_desk_heard_live_is_heard_again_in_the_same_order(site: Site) -> None:
    """Each tick arrived a minute after its own time, and a timer was told among them: now arrival counts."""
    with site.database.transaction():
        site.database.execute(
            "UPDATE ticks_made t SET stream_id = n.stream_id FROM (SELECT ctid AS place,"
            " (extract(epoch FROM ts) * 1000)::bigint + 60000 || '-' || row_number() OVER (ORDER BY ts, seq)"
            " AS stream_id FROM ticks_made) n WHERE t.ctid = n.place"
        )
        site.database.execute(
            "INSERT INTO desk_firedtimer (at_us, after_id, told_us) VALUES (1760054400000000, '0-0', 1760054400000000)"
        )
    site.replay("--date", "2025-10-10", "--speed", "max", "--into", "heard")
    named = "SELECT symbol, seq, stream_id FROM {n}.ticks WHERE trade_date = '2025-10-10' ORDER BY symbol, seq"
    assert site.rows("heard", named) == site.rows("public", named)
    # The last one that had arrived before the transition's millisecond, whatever its own time says.
    wanted = (
        "SELECT r.market, r.at, r.after_id, (SELECT stream_id FROM ticks_made WHERE trade_date = '2025-10-10'"
        " AND split_part(stream_id, '-', 1)::bigint < (extract(epoch FROM r.at) * 1000)::bigint"
        " ORDER BY split_part(stream_id, '-', 1)::bigint DESC, split_part(stream_id, '-', 2)::bigint DESC LIMIT 1)"
        " FROM {n}.desk_transitionrecord r ORDER BY r.at, r.market"
    )
    found = site.rows("heard", wanted)
    assert [(market, at) for market, at, *_ in found] == [(m, at) for m, _, at, *_ in site.left("first")["transitions"]]
    assert [after for *_, after, _ in found][1:] == [last for *_, last in found][1:]


def test_replays_are_listed_and_dropped_and_nothing_else_is(
    site: Site, warm: WarmThor, first: dict[str, list[tuple[Any, ...]]]
) -> None:
    del first
    before = site.live_things()
    listed = warm.run("replay", "--list").stdout
    assert "first: ended, 2025-10-09T21:30" in listed
    site.database.execute("CREATE SCHEMA somebody")
    for name in ("somebody", "public", site.live, "quotes", "Caps"):
        refused = warm.run("replay", "--drop", name, check=False)
        assert refused.returncode == 2
        assert len(refused.stderr.strip().splitlines()) == 1
    assert warm.run("replay", "--drop", "nobody", check=False).returncode == 2
    site.replay(*SHORT, "--into", "short")
    assert site.left("short")["transitions"] != []
    assert warm.run("replay", "--drop", "short").stdout.strip() == "short is dropped"
    assert "short" not in warm.run("replay", "--list").stdout
    assert [*site.client.scan_iter(match="short:*")] == []
    assert site.live_things() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--as-recorded"], "nothing to replay"),
        (["--from", "1990-10-05T20:00Z", "--until", "1990-10-06T20:00Z"], "no calendar knows 1990-10-05"),
        (["--date", "2025-02-30"], "give a date such as"),
        (["--date", "2025-10-12"], "is no trade date"),
        (["--date", "2025-10-07"], "no tick of 2025-10-07 is stored"),
        (["--date", "2025-10-10", "--rebase"], "--rebase plays files as of now"),
        (["--from", "2025-10-10T13:00", "--until", "2025-10-10T14:00Z"], "give a time with its zone"),
        (["--from", "2025-10-10T15:00Z", "--until", "2025-10-10T14:00Z"], "is not before --until"),
        (["--file", "{file}", "--into", "x"], "--into belongs to a replay as recorded"),
        (["--file", "{file}", "--as-recorded", "--into", "Week"], "is no name for a replay"),
        (["--file", "{file}", "--as-recorded", "--into", "{live}"], "is the namespace of this Thor"),
        (["--file", "{file}", "--date", "2025-10-10"], "give one of them"),
        (["--file", "/no/such.parquet", "--as-recorded"], "does not exist"),
    ],
)
def test_what_cannot_be_replayed_is_one_line_and_exit_2(
    site: Site, warm: WarmThor, recording: Path, words: list[str], said: str
) -> None:
    done = warm.run("replay", *(word.format(file=recording, live=site.live) for word in words), check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
