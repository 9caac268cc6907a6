"""Dead letters on the real servers: put back, exported, purged and kept within bounds, none lost and none doubled."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from structlog.testing import capture_logs

from tests.support import CHECKOUT, run_thor, wait_until
from thor.history.dead_letters import DeadLetters, Retrial
from thor.history.letter import Entry
from thor.history.letter_retention import Bounds, keep_dead_letters_bounded
from thor.quotes.bus import DeadLetter

Bench = Any  # tests/integration/history/conftest.py; importlib mode has no package to import it from
Run = Callable[..., str]


@pytest.fixture
def run(bench: Bench, settings: Any) -> Run:
    """The command on the test's own bus; returns what it says."""
    settings.REDIS_URL, settings.THOR_NAMESPACE = bench.redis_url, bench.namespace
    bench.client.hset(bench.keys.instruments, mapping={"ES": "{}", "CL": "{}"})

    def call(*words: str) -> str:
        out = StringIO()
        call_command("dead_letters", *words, stdout=out)
        return out.getvalue()

    return call


def write(
    bench: Bench, count: int, event: bytes = b"nonsense", stage: str = "read", source_id: str = "", age_ms: int = 0
) -> list[str]:
    """``count`` letters, of that age, each of an entry of its own."""
    now_us = bench.now_us()
    base_ms = now_us // 1000 - age_ms
    ids = []
    for n in range(count):
        letter = DeadLetter(event, "not_json: x", stage, source_id or f"{base_ms}-{n}", now_us)
        letter_id = "*" if not age_ms else f"{base_ms + n}-0"
        ids.append(bench.client.xadd(bench.keys.dead, letter.fields(), id=letter_id).decode())
    return ids


def letters(bench: Bench) -> int:
    return int(bench.client.xlen(bench.keys.dead))


def unified(bench: Bench) -> list[dict[bytes, bytes]]:
    return [fields for _, fields in bench.client.xrange(bench.keys.unified)]


# --- looking ---


def test_the_list_shows_the_newest_first_and_what_is_wanted(bench: Bench, run: Run) -> None:
    write(bench, 3)
    [last] = write(bench, 1, b'{"v":1,"symbol":"NQ","source":"TOS"\x00', "store")
    listed = json.loads(run("list", "--json"))
    assert listed["total"] == 4
    assert listed["letters"][0]["id"] == last
    assert [each["id"] for each in json.loads(run("list", "--symbol", "NQ", "--json"))["letters"]] == [last]
    assert len(json.loads(run("list", "--stage", "read", "--json"))["letters"]) == 3
    assert len(json.loads(run("list", "--reason", "NOT_JSON", "--limit", "2", "--json"))["letters"]) == 2
    assert json.loads(run("list", "--since", "2100-01-01", "--json"))["letters"] == []
    table = run("list")
    assert last in table
    assert "NQ" in table
    assert "4 of 4 dead letters" in table


def test_a_letter_is_shown_with_every_byte(bench: Bench, run: Run) -> None:
    [letter_id] = write(bench, 1, b"\xff\x00back\\slash \xc3\xa9")
    assert "event     \\xff\\x00back\\\\slash \u00e9" in run("show", letter_id)
    record = json.loads(run("show", letter_id, "--json"))
    assert base64.b64decode(record["event_base64"]) == b"\xff\x00back\\slash \xc3\xa9"


def test_an_export_has_all_letters_and_never_overwrites(bench: Bench, run: Run, tmp_path: Path) -> None:
    write(bench, 450)
    file = tmp_path / "letters.jsonl"
    run("export", str(file))
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(records) == len({each["id"] for each in records}) == 450
    assert records[0]["event"] == "nonsense"
    with pytest.raises(CommandError, match="exists") as error:
        run("export", str(file), "--format", "csv")
    assert error.value.returncode == 2
    run("export", str(file), "--format", "csv", "--overwrite")
    assert file.read_text().startswith("id,at,stage,")
    assert letters(bench) == 450
    assert [path.name for path in tmp_path.iterdir()] == ["letters.jsonl"]


def test_an_export_to_nowhere_says_so(bench: Bench, run: Run, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        run("export", str(tmp_path / "absent" / "letters.jsonl"))


# --- trying again ---


def test_what_is_put_back_is_stored_or_a_letter_again(bench: Bench, run: Run) -> None:
    """n in = n out: an instrument was missing, then it is there; nonsense stays nonsense, with its new reason."""
    bench.store_all()
    now_us = bench.now_us()
    for seq in range(300):
        write(bench, 1, bench.event("CL", now_us, "61.25", seq))
    write(bench, 2)
    said = run("retry", "--all")
    assert "302 dead letters were put back" in said
    assert "2 not_json" in said
    assert letters(bench) == 0
    bench.store_all()
    assert bench.count() == 300
    assert [fields[b"event"] for fields in bench.letters()] == [b"nonsense"] * 2


def test_only_the_chosen_are_put_back(bench: Bench, run: Run) -> None:
    first, second, _third = write(bench, 3)
    assert "1 dead letters would be put back" in run("retry", first, "--dry-run")
    assert (letters(bench), unified(bench)) == (3, [])
    run("retry", first, second)
    assert letters(bench) == 1
    assert "0 dead letters were" in run("retry", "--reason", "too_old")
    assert "1 dead letters were" in run("retry", "--reason", "not_json")
    with pytest.raises(CommandError, match="there is no dead letter") as error:
        run("retry", first)
    assert error.value.returncode == 2


@pytest.mark.parametrize(
    "words", [("retry",), ("retry", "--all", "--reason", "x"), ("purge",), ("purge", "1-0", "--all")]
)
def test_what_to_take_is_said_in_one_way(run: Run, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="in one way") as error:
        run(*words)
    assert error.value.returncode == 2


def test_what_a_collector_refused_is_judged_again_and_goes_to_its_source_too(bench: Bench, run: Run) -> None:
    event = bench.event("CL", bench.now_us(), "61.25", "null")
    write(bench, 2, event, "collect", "MOCK/mock")
    write(bench, 1, bench.event("ZZ", bench.now_us(), "1", "null"), "collect", "MOCK/mock")
    said = run("retry", "--all")
    assert "2 dead letters were put back" in said
    assert "1 that no collector published stay" in said
    assert "1 unknown_symbol" in said
    assert letters(bench) == 1
    assert bench.client.xlen(bench.keys.source_stream("MOCK")) == 2
    bench.store_all()
    seqs = [row[0] for row in bench.rows("seq", "ORDER BY seq")]
    assert len(set(seqs)) == 2
    assert None not in seqs


def test_an_old_event_is_said_to_be_refused_again(bench: Bench, run: Run) -> None:
    write(bench, 1, bench.event("ES", bench.now_us() - 8 * 86_400_000_000, "5000.25", 1))
    said = run("retry", "--all", "--dry-run")
    assert "1 too_old" in said
    assert "older than 7 days" in said


def test_two_retries_of_one_letter_put_it_back_once(bench: Bench) -> None:
    write(bench, 1)
    box = DeadLetters(bench.client, bench.keys)
    [[letter]] = box.oldest_first(box.last_id())
    retrial = Retrial(letter, Entry("", letter.event))
    assert box.retry([retrial, retrial]) == 1
    assert len(unified(bench)) == 1
    assert box.removed([letter.entry_id, "1-1"]) == {letter.entry_id}


@pytest.fixture
def full_bus(bench: Bench) -> Iterator[Callable[[], object]]:
    """Call it: from then on the bus is out of memory, to the end of the test."""
    yield lambda: bench.client.config_set("maxmemory", 1)
    bench.client.config_set("maxmemory", 0)


def test_a_full_bus_keeps_its_letters_and_still_lets_them_be_purged(
    bench: Bench, run: Run, full_bus: Callable[[], object]
) -> None:
    write(bench, 5)
    bench.client.script_flush()
    full_bus()
    with pytest.raises(CommandError, match="out of memory: 0 dead letters were put back") as error:
        run("retry", "--all")
    assert error.value.returncode == 2
    assert (letters(bench), unified(bench)) == (5, [])
    assert "5 dead letters deleted" in run("purge", "--all", "--yes")
    assert letters(bench) == 0
    assert bench.client.zcard(bench.keys.dead_removed) == 5


RETRY_ONE_BY_ONE = """
import sys, redis
from thor.history.dead_letters import DeadLetters, Retrial
from thor.history.letter import Entry
from thor.quotes.keys import Keys
box = DeadLetters(redis.Redis.from_url(sys.argv[1]), Keys(sys.argv[2]))
for page in box.oldest_first(box.last_id()):
    for each in page:
        box.retry([Retrial(each, Entry("", each.event))])
"""


@pytest.mark.parametrize("after", [1, 700, 2000])
def test_a_retry_that_is_killed_neither_loses_nor_doubles(bench: Bench, after: int) -> None:
    for n in range(20):
        write(bench, 200, b"%d" % n)
    child = subprocess.Popen([sys.executable, "-c", RETRY_ONE_BY_ONE, bench.redis_url, bench.namespace], cwd=CHECKOUT)
    wait_until(lambda: bench.client.xlen(bench.keys.unified) >= after, 30)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert letters(bench) + bench.client.xlen(bench.keys.unified) == 4000


# --- deleting ---


def test_a_purge_deletes_only_when_sure(bench: Bench, run: Run) -> None:
    write(bench, 250, age_ms=40 * 86_400_000)
    young = write(bench, 2)
    assert "250 dead letters would be deleted" in run("purge", "--older-than", "30d")
    assert letters(bench) == 252
    assert "250 dead letters deleted" in run("purge", "--older-than", "30d", "--yes")
    assert "1 dead letters deleted" in run("purge", young[0], "--yes")
    assert [each.decode() for each, _ in bench.client.xrange(bench.keys.dead)] == young[1:]
    assert "1 dead letters deleted" in run("purge", "--all", "--yes")


# --- bounds ---


def archived(folder: Path) -> list[str]:
    return [json.loads(line)["id"] for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def keep(bench: Bench, folder: Path, most: int = 100_000, days: float = 30, seconds: float = 60) -> Any:
    return keep_dead_letters_bounded(bench.client, bench.keys, folder, Bounds(most, days), seconds)


def test_the_oldest_over_the_count_go_to_a_file_first(bench: Bench, tmp_path: Path) -> None:
    ids = write(bench, 700)
    with capture_logs() as said:
        assert keep(bench, tmp_path, most=100) == (600, True, "")
    assert [each["event"] for each in said] == ["dead letters over their bounds were moved to files"]
    assert archived(tmp_path) == ids[:600]
    assert letters(bench) == 100
    with capture_logs() as said:
        assert keep(bench, tmp_path, most=100) == (0, True, "")
    assert said == []


def test_the_too_old_go_to_a_file_of_their_month(bench: Bench, tmp_path: Path) -> None:
    old = write(bench, 3, age_ms=40 * 86_400_000)
    write(bench, 2)
    assert keep(bench, tmp_path).archived == 3
    assert archived(tmp_path) == old
    assert letters(bench) == 2


def test_a_round_takes_only_so_long(bench: Bench, tmp_path: Path) -> None:
    write(bench, 500)
    assert keep(bench, tmp_path, most=0, seconds=0) == (200, False, "")
    assert letters(bench) == 300


def test_a_kill_between_file_and_bus_leaves_a_letter_twice_and_never_nowhere(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = write(bench, 10)

    def killed(*_args: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(DeadLetters, "remove", killed)
        keep(bench, tmp_path, most=0)
    assert letters(bench) == 10
    [file] = tmp_path.iterdir()
    with file.open("a") as torn:
        torn.write('{"id": "half a li')
    keep(bench, tmp_path, most=0)
    assert archived(tmp_path) == ids + ids
    assert letters(bench) == 0


def test_an_archive_that_cannot_be_written_trims_nothing_and_says_so(bench: Bench, tmp_path: Path) -> None:
    write(bench, 5)
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with capture_logs() as said:
        kept = keep(bench, blocked, most=0)
    assert (kept.archived, kept.is_done) == (0, False)
    assert "cannot be written" in kept.trouble
    assert [each["log_level"] for each in said] == ["error"]
    assert letters(bench) == 5


def test_removed_letters_are_remembered_while_the_stream_has_their_entry(
    bench: Bench, run: Run, tmp_path: Path
) -> None:
    bench.add_raw(b"nonsense")
    bench.store_all()
    [entry_id] = [fields[b"source_id"].decode() for fields in bench.letters()]
    run("purge", "--all", "--yes")
    box = DeadLetters(bench.client, bench.keys)
    keep(bench, tmp_path)
    assert box.removed([entry_id]) == {entry_id}
    bench.client.xtrim(bench.keys.unified, maxlen=0, approximate=False)
    keep(bench, tmp_path)
    assert box.removed([entry_id]) == set()


# --- as a person runs it ---


@pytest.mark.parametrize(
    "words",
    [
        ("show", "one"),
        ("list", "--limit", "0"),
        ("list", "--since", "soon"),
        ("purge", "--older-than", "30"),
        ("retry", "5"),
        (),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(
    fresh_namespace: str, valkey_url: str, words: tuple[str, ...]
) -> None:
    environ = {**os.environ, "REDIS_URL": valkey_url, "THOR_NAMESPACE": fresh_namespace}
    done = run_thor(environ, "dead_letters", *words, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
