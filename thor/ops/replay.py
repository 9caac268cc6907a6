"""A replay as recorded: the whole running stack in a namespace of its own, in simulated time.

The ingestor, the desk and the jobs are the same programs as live, children of this process. It publishes the tape,
waits until they have taken all of it, says what came out, and ends them; what they left stays for looking at.
"""

from __future__ import annotations

import os
import signal
import time
import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final, NamedTuple, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import redis
from django.conf import settings
from redis.exceptions import RedisError

from thor.history.group import IngestGroup
from thor.history.lease import id_key
from thor.history.player import Player
from thor.history.tape import Tape
from thor.ops import namespaces
from thor.ops.life import Life, Phase
from thor.ops.stack import thor_argv
from thor.ops.supervisor import Service, Supervisor, command
from thor.quotes.keys import Keys
from thor.quotes.quote import format_ts, parse_ts
from thor.quotes.replay_clock import RUNNING, SILENT_US, ReplayState
from thor.quotes.replaying import DisplacedError, ReplayBus
from thor.runtime.bus import connect
from thor.runtime.home import log_dir
from thor.runtime.problem import Problem

#: Each service of a replay, and its `thor` command.
PROGRAMS: Final[Mapping[str, tuple[str, ...]]] = {
    "ingestor": ("redis_to_postgres", "--as-recorded"),
    "desk": ("market_monitor",),
    "jobs": ("jobs",),
}
STEP_SECONDS: Final = 0.02
READY_SECONDS: Final = 60.0
#: Who takes nothing for so long, with something to take, has failed.
STALL_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.2
ALIVE_SECONDS: Final = 1.0
#: Nobody is left further behind than this, so that the stream can be kept short.
MOST_BEHIND: Final = 100_000
#: So much of the unified stream is kept.
KEPT_ENTRIES: Final = 400_000


class Plan(NamedTuple):
    """What is replayed, from and until when (epoch microseconds), how fast (None: as fast as it goes), into where."""

    name: str
    tape: Tape
    from_us: int
    until_us: int
    speed: float | None
    keeps_pace_to_end: bool


class Standing(NamedTuple):
    """How far everybody is. ``ingestor`` and ``desk``: entries behind; ``position_us``: the desk's simulated time;
    ``jobs``: not done yet."""

    ingestor: int
    desk: int
    position_us: int
    jobs: int


class Done(NamedTuple):
    """What came of a replay. ``seconds``: from the first event to the last job."""

    state: ReplayState
    tape: Tape
    published: int
    ticks: int
    transitions: int
    jobs: int
    seconds: float

    @property
    def speed(self) -> float:
        """How many times as fast as the recording it was."""
        return (self.state.until_us - self.state.from_us) / 1e6 / max(self.seconds, 1e-6)


Show = Callable[[ReplayState, Standing], None]


class Listeners:
    """Those who hear the replay: the ingestor, the desk and the jobs of a namespace."""

    def __init__(self, client: redis.Redis, name: str) -> None:
        self._redis = client
        self._name = name
        self._keys = Keys(name)
        self._group = IngestGroup(client, self._keys)
        self._ids: list[tuple[int, int]] = []
        self._counts: list[int] = []

    def told(self, last_id: str, published: int) -> None:
        """So many entries were published up to this id."""
        self._ids.append(id_key(last_id))
        self._counts.append(published)

    def are_ready(self) -> bool:
        """The ingestor and the desk are there."""
        return bool(self._desk()) and bool(self._group.reports())

    def look(self) -> Standing:
        """Where they stand."""
        desk = self._desk()
        heard = bisect_right(self._ids, id_key(desk.get("cursor", "0-0")))
        position_us = parse_ts(desk["position"]) if "position" in desk else 0
        behind = (self._counts[-1] if self._counts else 0) - (self._counts[heard - 1] if heard else 0)
        self._forget(heard)
        return Standing(self._group.lag().entries, behind, position_us, self._open_jobs())

    def trim(self) -> None:
        """Keep the stream short; what goes was taken by all."""
        self._redis.xtrim(self._keys.unified, maxlen=KEPT_ENTRIES, approximate=True)

    def _forget(self, heard: int) -> None:
        if heard > 1:
            del self._ids[: heard - 1], self._counts[: heard - 1]

    def _desk(self) -> dict[str, str]:
        found = cast("dict[bytes, bytes]", self._redis.hgetall(self._keys.desk_health))
        return {name.decode(): value.decode() for name, value in found.items()}

    def _open_jobs(self) -> int:
        return namespaces.count_rows(self._name, "procrastinate_jobs", "status IN ('todo', 'doing')")


class Replay:
    """One run. ``say`` tells a line for a person, ``show`` how far it is."""

    def __init__(self, plan: Plan, client: redis.Redis, say: Callable[[str], None], show: Show) -> None:
        self._plan = plan
        self._redis = client
        self._say = say
        self._show = show
        self._published = 0
        self._alive_at = self._look_at = 0.0
        self._standing = Standing(0, 0, 0, 0)

    def run(self) -> Done:
        """Everything, from the namespace to the last ended child. Raises Problem, and KeyboardInterrupt after a signal,
        with nothing left running."""
        name = self._plan.name
        with _interrupted_by_signals(), namespaces.held(name):
            if namespaces.drop(name, self._redis):
                self._say(f"{name} was there: it begins anew")
            namespaces.create(name)
            bus = ReplayBus(self._redis, name)
            state = _first_state(self._plan)
            bus.begin(state)
            self._player = Player(bus, self._plan.tape, state, keeps_pace_to_end=self._plan.keeps_pace_to_end)
            self._listeners = Listeners(self._redis, name)
            self._supervisor = Supervisor(_services(name), log_folder=_log_folder(name), forward=_say_nothing)
            try:
                return self._run()
            except DisplacedError:
                raise Problem(f"{name} was dropped, or taken by another player, while it was replayed.") from None
            except (Problem, RedisError, KeyboardInterrupt):
                self._fail()
                raise
            finally:
                self._supervisor.run_until_stopped()

    def _run(self) -> Done:
        self._await_ready()
        begun = time.monotonic()
        self._player.begin(_wall_us())
        while not self._player.has_ended:
            self._step()
        self._await_listeners()
        seconds = time.monotonic() - begun
        return self._done(seconds)

    def _step(self) -> None:
        self._look()
        if max(self._standing.ingestor, self._standing.desk) > MOST_BEHIND:
            self._player.wait(_wall_us())
            self._supervisor.tick(STEP_SECONDS)
            return
        is_busy = self._player.step(_wall_us())
        self._published = self._player.published
        self._listeners.told(self._player.state.last_id, self._published)
        self._supervisor.tick(0.0 if is_busy else STEP_SECONDS)

    def _look(self) -> bool:
        """Look where the others stand, now and then. True when it was looked."""
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + LOOK_SECONDS
        self._standing = self._listeners.look()
        self._listeners.trim()
        self._show(self._player.state, self._standing)
        return True

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._listeners.are_ready():
            self._supervisor.tick(STEP_SECONDS)
            self._stay_alive()
            if time.monotonic() > deadline:
                raise Problem(f"the stack of {self._plan.name} does not start: {self._trouble()}")

    def _await_listeners(self) -> None:
        """Until everything was stored, told and worked off. Raises Problem where nothing moves any more."""
        before, moved_at = self._standing, time.monotonic()
        while True:
            self._supervisor.tick(STEP_SECONDS)
            if not self._look():
                continue
            if self._is_all_taken():
                return
            if self._standing != before:
                before, moved_at = self._standing, time.monotonic()
            if time.monotonic() - moved_at > STALL_SECONDS:
                raise Problem(f"{_behind(self._standing)} for {STALL_SECONDS:.0f} s: {self._trouble()}")

    def _is_all_taken(self) -> bool:
        s = self._standing
        return not (s.ingestor or s.desk or s.jobs) and s.position_us >= self._plan.until_us

    def _stay_alive(self) -> None:
        if time.monotonic() >= self._alive_at:
            self._alive_at = time.monotonic() + ALIVE_SECONDS
            self._player.wait(_wall_us())

    def _trouble(self) -> str:
        """What the children say."""
        lives = self._supervisor.lives()
        wrong = [name for name, life in lives.items() if _is_failing(life)] or list(lives)
        said = "; ".join(f"{name}: {self._supervisor.last_line(name) or 'says nothing'}" for name in wrong)
        return f"{said} (all of it: {_log_folder(self._plan.name)})"

    def _fail(self) -> None:
        with suppress(RedisError, DisplacedError):  # without a word, too, everyone sees that nobody is alive
            self._player.fail(_wall_us())

    def _done(self, seconds: float) -> Done:
        name = self._plan.name
        return Done(
            state=self._player.state,
            tape=self._plan.tape,
            published=self._published,
            ticks=namespaces.count_rows(name, "ticks"),
            transitions=namespaces.count_rows(name, "desk_transitionrecord"),
            jobs=namespaces.count_rows(name, "procrastinate_jobs", "status = 'succeeded'"),
            seconds=seconds,
        )


def _first_state(plan: Plan) -> ReplayState:
    """Before anything was published: time stands still."""
    return ReplayState(
        run=uuid.uuid4().hex,
        state=RUNNING,
        from_us=plan.from_us,
        until_us=plan.until_us,
        watermark_us=plan.from_us - 1,
        last_id="0-0",
        speed=plan.speed,
        anchor_us=plan.from_us,
        anchor_wall_us=_wall_us() + SILENT_US,
        beat_wall_us=_wall_us(),
        rows=plan.tape.rows,
        rows_done=0,
        sources=(),
        order=plan.tape.order,
    )


def _services(name: str) -> list[Service]:
    env = {
        **os.environ,
        "THOR_HOME": str(settings.THOR_HOME),
        "THOR_NAMESPACE": name,
        "DATABASE_URL": without_options(settings.DATABASE_URL),
        "REDIS_URL": settings.REDIS_URL,
        "THOR_LOG_FORMAT": "json",
        "PYTHONUNBUFFERED": "1",
    }
    return [Service(service, command(thor_argv(*words), env, Path.cwd())) for service, words in PROGRAMS.items()]


def without_options(url: str) -> str:
    """A database URL without a search_path of its own, which would win over the namespace's."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name != "options"]
    return parts._replace(query=urlencode(kept)).geturl()


def _log_folder(name: str) -> Path:
    folder = log_dir(settings.THOR_HOME) / f"replay_{name}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _say_nothing(service: str, line: str) -> None:
    del service, line  # the log has it


def _is_failing(life: Life) -> bool:
    return life.phase is Phase.BACKOFF or life.failures > 0


def _behind(standing: Standing) -> str:
    """Who has not taken everything, in words."""
    said = []
    if standing.ingestor:
        said.append(f"{standing.ingestor:,} entries are not stored")
    if standing.desk:
        said.append(f"{standing.desk:,} entries are not heard")
    if standing.jobs:
        said.append(f"{standing.jobs:,} jobs are not done")
    return ", ".join(said) or f"the desk stands at {format_ts(standing.position_us)}"


def _wall_us() -> int:
    return time.time_ns() // 1000


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end a replay as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before: dict[int, Any] = {each: signal.signal(each, interrupt) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def connect_bus() -> redis.Redis:
    """The bus of this Thor. Raises BusUnavailableError in one line."""
    return connect(settings.REDIS_URL)
