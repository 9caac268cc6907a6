"""PostgreSQL and Valkey as child processes on loopback, with data and passwords of their own under THOR_HOME.

Only the programs of the wheels are used, not their Python wrappers, which change rights on parent folders, trust every
local user or keep nothing on disk. The data folders are taken over from a killed Thor: what it left running is stopped
and started again, so there is one way to start, and it is recovery.

    with embedded_servers(home) as servers:
        connect(servers.database_url)
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from thor.runtime import binaries as programs
from thor.runtime.home import (
    PRIVATE_FILE,
    ServerAddresses,
    ensure_home,
    log_dir,
    read_servers,
    run_dir,
    write_private,
    write_servers,
)
from thor.runtime.log_sync import APPEND_ONLY_FOLDER, keep_synced
from thor.runtime.problem import Problem
from thor.runtime.processes import (
    Account,
    die_with_parent,
    free_port,
    home_lock,
    is_running,
    is_zombie,
    port_is_free,
    spawn,
    stop_child,
    stop_stranger,
    works_in,
)

HOST = "127.0.0.1"
ROLE = DATABASE = "thor"
SMALLEST_FREE_BYTES = 200 * 1024 * 1024
LARGEST_LOG_BYTES = 10 * 1024 * 1024
READY_SECONDS = 60.0  # crash recovery of a busy database takes longer than a start
BLOCKED_SECONDS = 15.0  # how long a dead server's lock may block the next start
RETRY_SECONDS = 0.3
ZOMBIE_SECONDS = 3.0
FALLBACK_ROOT = Path("/var/lib/thor")

Report = Callable[[str], None]


def quiet(line: str) -> None:
    """The report of callers that show nothing."""
    del line


@dataclass(frozen=True)
class Servers:
    """Addresses with passwords; None for a server that was not asked for."""

    database_url: str | None
    redis_url: str | None


class EmbeddedServer(ABC):
    """One server over one data folder: make it ready to start, start it, say when it serves, stop it."""

    name: str
    stop_signal: signal.Signals
    stop_seconds: float
    #: The server itself looks into a dead one's pid file for what else it must check: leave it one.
    reads_pid_file: bool

    def __init__(self, home: Path, root: Path, account: Account | None, environ: Mapping[str, str]) -> None:
        self.home = home
        self.root = root
        self.account = account
        self.environ = environ
        self.data = root / self.name
        self.log = log_dir(home) / f"{self.name}.log"
        self.port = 0

    @abstractmethod
    def prepare(self, report: Report) -> None:
        """Make the data folder when there is none and check it when there is one. Raises Problem."""

    @abstractmethod
    def argv(self) -> list[str]:
        """The command line; it holds no secret, since every user of the machine may read it."""

    @abstractmethod
    def serves(self, pid: int) -> bool:
        """The server with this pid answers clients now."""

    @property
    @abstractmethod
    def url(self) -> str:
        """The address with its password."""

    @property
    @abstractmethod
    def pid_file(self) -> Path:
        """Where the server itself writes its pid."""

    @property
    def password_file(self) -> Path:
        """The password lives with the data it opens, so that a data folder which is moved stays usable."""
        return self.data / "thor.password"

    def kept_password(self) -> str:
        """The password of this data folder; '' when it was never written or is lost."""
        try:
            return self.password_file.read_text().strip()
        except FileNotFoundError:
            return ""

    def choose_port(self, last_url: str | None) -> None:
        """The port of last time when it is free, so that addresses noted elsewhere stay true; else another free one."""
        last = urlsplit(last_url or "").port
        self.port = last if last and port_is_free(HOST, last) else free_port()

    def clear_the_way(self, report: Report) -> None:
        """Stop what a killed Thor left running on this data, and take away a pid file that points at nobody of ours.

        The servers' own interlock on the data (PostgreSQL's shared memory, keyed by the folder's inode) still stands.
        """
        pid = self.pid_in_file()
        if pid is None:
            return
        if pid == 0:
            report(f"{self.name}: {self.pid_file.name} is damaged; it is made anew")
            self.pid_file.unlink(missing_ok=True)
        elif is_running(pid) and works_in(pid, self.data):
            report(f"{self.name}: stopping process {pid}, left by a Thor that was killed")
            stop_stranger(pid, self.stop_signal, self.stop_seconds)
        elif is_running(pid):
            self.pid_file.unlink(missing_ok=True)  # the number now belongs to a stranger
        elif is_zombie(pid):
            self._outwait_zombie(pid)
        elif not self.reads_pid_file:
            self.pid_file.unlink(missing_ok=True)

    def _outwait_zombie(self, pid: int) -> None:
        """A killed server that nobody reaps holds nothing but its name in the pid file."""
        deadline = time.monotonic() + ZOMBIE_SECONDS
        while is_zombie(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        if is_zombie(pid):
            self.pid_file.unlink(missing_ok=True)

    def pid_in_file(self) -> int | None:
        """The pid in the server's pid file: None without a file, 0 when it cannot be read as one."""
        try:
            first = self.pid_file.read_text(errors="replace").split("\n", 1)[0].strip()
        except FileNotFoundError:
            return None
        return int(first) if first.isdigit() else 0

    def start(self) -> subprocess.Popen[bytes]:
        """Start the process; its output goes to its log file directly, so that it never waits for us to read it."""
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > LARGEST_LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
        with os.fdopen(descriptor, "ab") as output:
            return spawn(
                self.argv(),
                env=server_environment(self.data),
                cwd=self.data,
                output=output,
                parent_death_signal=self.stop_signal,
                account=self.account,
            )

    def own(self, *paths: Path) -> None:
        """Hand paths of ours to the server's account, when it has one of its own."""
        if self.account:
            for path in paths:
                os.chown(path, self.account.uid, self.account.gid)

    def last_words(self) -> str:
        """The end of the log that tells why the server ended: its last complaint, or its last line."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-30:]
        except OSError:
            return "no log"
        complaints = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR", "Fatal", "#"))]
        return (complaints or lines or ["empty log"])[-1].strip()


class Postgres(EmbeddedServer):
    """PostgreSQL with checksums, UTF-8, UTC, scram passwords, and no socket but a loopback port."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": closes connections, writes a checkpoint
    stop_seconds = 30.0
    reads_pid_file = True

    def __init__(self, home: Path, root: Path, account: Account | None, environ: Mapping[str, str]) -> None:
        super().__init__(home, root, account, environ)
        self.bin = Path()
        self.password = ""

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}:{self.password}@{HOST}:{self.port}/{DATABASE}"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def prepare(self, report: Report) -> None:
        found = programs.postgres_binaries(self.environ)
        version = programs.require_postgres(found)
        self.bin = _reachable_copy(found, self.root, self.account)
        if self.data.exists() and not any(self.data.iterdir()):
            self.data.rmdir()
        if not self.data.exists():
            report("postgres: making a new database (once)")
            self._initialise()
        self._check_data(version)
        self._find_password(report)

    def _check_data(self, version: int) -> None:
        _refuse_foreign_owner(self.data, self.account)
        try:
            made_by = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError as error:
            raise Problem(
                f"{self.data} holds no PostgreSQL data. Move it away, then start again: a new database is made."
            ) from error
        if made_by != str(version):
            raise Problem(
                f"{self.data} was made by PostgreSQL {made_by}, and {self.bin} is version {version}. "
                f"Set THOR_PG_BIN to PostgreSQL {made_by}'s bin folder, save the data with pg_dump, "
                "then move the folder away."
            )
        self.data.chmod(0o700)

    def _initialise(self) -> None:
        """Make the data folder beside its place and move it there when complete: half a database is never seen."""
        self.password = secrets.token_urlsafe(24)
        fresh = self.root / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password_file = self.root / "postgres.new.password"
        try:
            _write_for(password_file, self.password, self.account)
            self.own(fresh)
            self._run(
                [
                    str(self.bin / "initdb"),
                    f"--pgdata={fresh}",
                    f"--username={ROLE}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--data-checksums",
                    "--no-instructions",
                ],
                cwd=fresh,
            )
            self._single_user(fresh, f"CREATE DATABASE {DATABASE};\n")
            _write_for(fresh / "thor.password", self.password, self.account)
            fresh.rename(self.data)
        finally:
            password_file.unlink(missing_ok=True)
            shutil.rmtree(fresh, ignore_errors=True)

    def _find_password(self, report: Report) -> None:
        self.password = self.kept_password()
        if self.password:
            return
        report("postgres: its password file is missing; setting a new password")
        self.clear_the_way(report)
        password = secrets.token_urlsafe(24)
        self._single_user(self.data, f"ALTER ROLE {ROLE} PASSWORD '{password}';\n")
        _write_for(self.password_file, password, self.account)
        self.password = password

    def _single_user(self, data: Path, sql: str) -> None:
        """Run one statement without any server or port, through standard input (a command line is public)."""
        argv = [str(self.bin / "postgres"), "--single", "-D", str(data), "-c", "exit_on_error=true", "postgres"]
        self._run(argv, cwd=data, text=sql)

    def _run(self, argv: Sequence[str], *, cwd: Path, text: str = "") -> None:
        result = subprocess.run(
            argv,
            input=text,
            env=server_environment(cwd),
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=die_with_parent(signal.SIGKILL),
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )
        if result.returncode:
            why = (result.stderr.strip() or result.stdout.strip() or f"exit code {result.returncode}").splitlines()
            telling = [line for line in why if "FATAL" in line or "error" in line.lower()]
            raise Problem(
                f"PostgreSQL's {Path(argv[0]).name} failed in {cwd}: {(telling or why)[-1]}. "
                "`thor doctor` checks the parts."
            )

    def argv(self) -> list[str]:
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": "256MB",
            "max_wal_size": "2GB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
            "log_line_prefix": "%m [%p] ",
        }
        words = [str(self.bin / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            words += ["-c", f"{name}={value}"]
        return words

    def serves(self, pid: int) -> bool:
        """PostgreSQL writes its pid on line 1 and its state on line 8 of postmaster.pid, as pg_ctl reads them."""
        try:
            lines = self.pid_file.read_text(errors="replace").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


class Valkey(EmbeddedServer):
    """Valkey (or Redis 7) that keeps what it acknowledged, evicts nothing, and asks for a password."""

    name = "valkey"
    stop_signal = signal.SIGTERM
    stop_seconds = 10.0
    reads_pid_file = False

    def __init__(self, home: Path, root: Path, account: Account | None, environ: Mapping[str, str]) -> None:
        super().__init__(home, root, account, environ)
        self.program = Path()
        self.password = ""

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    @property
    def pid_file(self) -> Path:
        return self.data / "valkey.pid"

    @property
    def _configuration(self) -> Path:
        return self.data / "valkey.conf"

    def prepare(self, report: Report) -> None:
        found = programs.valkey_binary(self.environ)
        programs.require_valkey(found.tree[0])
        self.program = _reachable_copy(found, self.root, self.account) / found.tree[0].name
        if not self.data.exists():
            report("valkey: making a new store (once)")
            self.data.mkdir(mode=0o700)
            self.own(self.data)
        _refuse_foreign_owner(self.data, self.account)
        self.password = self.kept_password()
        if not self.password:
            self.password = secrets.token_urlsafe(24)
            _write_for(self.password_file, self.password, self.account)

    def argv(self) -> list[str]:
        _write_for(self._configuration, self._configuration_text(), self.account)
        return [str(self.program), str(self._configuration)]

    def _configuration_text(self) -> str:
        settings = {
            "bind": HOST,
            "port": str(self.port),
            "requirepass": self.password,
            "dir": _quoted(str(self.data)),
            "pidfile": _quoted(str(self.pid_file)),
            "daemonize": "no",
            "set-proc-title": "no",  # keeps the data folder visible in the command line, by which an orphan is known
            "logfile": '""',
            "save": '""',
            "appendonly": "yes",
            # Not everysec: while its fsync runs, that one answers before it has written (see log_sync.py).
            "appendfsync": "no",
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def start(self) -> subprocess.Popen[bytes]:
        child = super().start()
        keep_synced(self.data / APPEND_ONLY_FOLDER, lambda: child.poll() is None)
        return child

    def serves(self, pid: int) -> bool:
        """A PING with the password is answered; while Valkey reads its log back it answers -LOADING."""
        if self.pid_in_file() != pid:
            return False
        try:
            with socket.create_connection((HOST, self.port), timeout=1.0) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    piece = connection.recv(512)
                    if not piece:
                        break
                    answer += piece
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"


def make_servers(
    home: Path, *, postgres: bool, valkey: bool, environ: Mapping[str, str], report: Report
) -> list[EmbeddedServer]:
    """The wanted servers over THOR_HOME's data, prepared, ports chosen. The caller holds THOR_HOME's lock."""
    if not (postgres or valkey):
        return []
    account = server_account(home, environ)
    root = data_root(home, account, report)
    refuse_full_disk(root)
    kinds: list[type[EmbeddedServer]] = ([Postgres] if postgres else []) + ([Valkey] if valkey else [])
    last = read_servers(home)
    servers = [kind(home, root, account, environ) for kind in kinds]
    for server in servers:
        server.prepare(report)
        server.clear_the_way(report)
        server.choose_port(last.database_url if isinstance(server, Postgres) else last.redis_url)
    return servers


def stop_orphans(home: Path) -> None:
    """Stop servers that a killed Thor left running on this home. The caller holds its lock."""
    root = data_root(home, None)
    for kind in (Postgres, Valkey):
        kind(home, root, None, {}).clear_the_way(quiet)


def addresses_of(servers: Sequence[EmbeddedServer]) -> Servers:
    """The addresses of these servers."""
    urls = {server.name: server.url for server in servers}
    return Servers(urls.get("postgres"), urls.get("valkey"))


def start_servers(servers: Sequence[EmbeddedServer], report: Report) -> dict[str, subprocess.Popen[bytes]]:
    """Start all at once, wait until all serve, publish their addresses. Raises Problem, with nothing left running."""
    started: dict[str, subprocess.Popen[bytes]] = {}
    begun = time.monotonic()
    blocked: dict[str, float] = {}
    told = begun
    try:
        while len(waiting := _not_serving(servers, started)) > 0:
            now = time.monotonic()
            for server in waiting:
                if server.name in blocked and now < blocked[server.name]:
                    continue
                if _begin_or_retry(server, started, now - begun):
                    blocked[server.name] = now + RETRY_SECONDS
            if now - begun > READY_SECONDS:
                names = " and ".join(server.name for server in waiting)
                raise Problem(f"{names} did not get ready within {READY_SECONDS:.0f} s: {waiting[0].last_words()}")
            if now - told > 2:
                told = now
                report(f"waiting for {', '.join(server.name for server in waiting)} ({now - begun:.0f} s)")
            time.sleep(0.01)
    except BaseException:
        stop_servers(servers, started)
        raise
    if servers:
        addresses = addresses_of(servers)
        write_servers(servers[0].home, ServerAddresses(addresses.database_url, addresses.redis_url))
    return started


def _not_serving(
    servers: Sequence[EmbeddedServer], started: Mapping[str, subprocess.Popen[bytes]]
) -> list[EmbeddedServer]:
    return [
        server
        for server in servers
        if not ((child := started.get(server.name)) is not None and child.poll() is None and server.serves(child.pid))
    ]


def _begin_or_retry(
    server: EmbeddedServer, started: dict[str, subprocess.Popen[bytes]], elapsed_seconds: float
) -> bool:
    """Start a server that has no process. True when one just ended and the next try should wait a little."""
    child = started.get(server.name)
    if child is None:
        started[server.name] = server.start()
        return False
    if child.poll() is None:
        return False
    if elapsed_seconds > BLOCKED_SECONDS:
        raise Problem(f"{server.name} does not start (exit code {child.returncode}): {server.last_words()}")
    del started[server.name]
    if not port_is_free(HOST, server.port):
        server.port = free_port()
    return True


def stop_servers(servers: Sequence[EmbeddedServer], started: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Stop these servers; each writes what it holds to disk first."""
    children = [(server, started[server.name]) for server in servers if server.name in started]
    for server, child in children:
        if child.poll() is None:
            child.send_signal(server.stop_signal)
    for server, child in children:
        stop_child(child, server.stop_signal, server.stop_seconds)


@contextlib.contextmanager
def embedded_servers(
    home: Path,
    *,
    postgres: bool = True,
    valkey: bool = True,
    environ: Mapping[str, str] | None = None,
    report: Report = quiet,
) -> Iterator[Servers]:
    """Run the servers over `home` for the length of a block; the data stay. Raises Problem in one line.

    As root the servers run as another user, who must be able to reach `home`: for a throw-away one take
    `tempfile.mkdtemp()` rather than pytest's `tmp_path`, which lies in a folder closed to others.
    """
    ensure_home(home)
    with home_lock(run_dir(home) / "lock"):
        servers = make_servers(
            home, postgres=postgres, valkey=valkey, environ=os.environ if environ is None else environ, report=report
        )
        started = start_servers(servers, report)
        try:
            yield addresses_of(servers)
        finally:
            stop_servers(servers, started)


def server_environment(folder: Path) -> dict[str, str]:
    """What a server may know of our environment: no PG* or other setting of the user's shell reaches it."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"}


def server_account(home: Path, environ: Mapping[str, str]) -> Account | None:
    """The user that the servers run as: None for ourselves; for root the owner of the data, of `sudo`, or nobody."""
    if os.geteuid() != 0:
        return None
    for folder in (home / "postgres", home / "valkey"):
        with contextlib.suppress(FileNotFoundError):
            status = folder.stat()
            if status.st_uid != 0:
                return Account(status.st_uid, status.st_gid)
    if environ.get("SUDO_UID", "0") != "0" and environ.get("SUDO_GID", "").isdigit():
        return Account(int(environ["SUDO_UID"]), int(environ["SUDO_GID"]))
    return _nobody()


def _nobody() -> Account:
    import pwd

    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise Problem(
            "PostgreSQL does not run as root, and this machine has no user `nobody`. Run Thor as a normal user."
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)


def data_root(home: Path, account: Account | None, report: Report = quiet) -> Path:
    """Where the servers' data lie: THOR_HOME, or our folder in /var/lib/thor when root's servers cannot reach it.

    Rights of folders above THOR_HOME are never changed; the choice is kept in THOR_HOME/data_root.
    """
    pointer = home / "data_root"
    if pointer.exists():
        return Path(pointer.read_text().strip())
    if account is None:
        return home
    if can_reach(home.resolve().parent, account):
        home.chmod(0o711)  # ours: lets the server pass through, not look around
        return home
    mark = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    root = FALLBACK_ROOT / f"{home.name}-{mark}"
    try:
        root.mkdir(mode=0o711, parents=True, exist_ok=True)
        root.chmod(0o711)
    except OSError as error:
        raise Problem(
            f"the servers do not run as root and their user cannot reach {home}, nor can {root} be made "
            f"({error.strerror}). Set THOR_HOME to a folder outside {home.anchor}root, or run as a normal user."
        ) from error
    report(f"the servers' user cannot reach {home}; their data are in {root}")
    write_private(pointer, f"{root}\n")
    return root


def can_reach(folder: Path, account: Account) -> bool:
    """This user may pass through `folder` and all folders above it, as their mode bits say."""
    return all(_may_enter(step.stat(), account) for step in (folder, *folder.parents))


def _may_enter(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def refuse_full_disk(folder: Path) -> None:
    """Raise Problem when too little is free for the servers to start safely."""
    free = shutil.disk_usage(folder).free
    if free < SMALLEST_FREE_BYTES:
        raise Problem(
            f"the disk of {folder} has {free // 1024**2} MB free and Thor needs {SMALLEST_FREE_BYTES // 1024**2} MB. "
            "Free some space, or set THOR_HOME to another disk."
        )


def _refuse_foreign_owner(data: Path, account: Account | None) -> None:
    """PostgreSQL insists on owning its data; say so before it does."""
    owner = data.stat().st_uid
    ours = account.uid if account else os.geteuid()
    if owner != ours:
        raise Problem(
            f"{data} belongs to user {owner} and the server would run as user {ours}. "
            "Start Thor as the user that made it, or set THOR_HOME to another folder."
        )


def _reachable_copy(found: programs.Binaries, root: Path, account: Account | None) -> Path:
    """The folder of programs, copied once to where the server's user can read it when it cannot read the original."""
    if account is None or can_reach(found.folder.resolve(), account):
        return found.folder
    if not found.tree:
        raise Problem(
            f"the servers' user cannot read {found.folder} (from {found.origin}). "
            "Open that folder to others, or run Thor as a normal user."
        )
    common = Path(os.path.commonpath([part.parent for part in found.tree]))
    marks = "".join(f"{part}{part.stat().st_mtime_ns}" for part in found.tree)
    copy = root / "programs" / f"{found.origin}-{hashlib.sha256(marks.encode()).hexdigest()[:12]}"
    if not copy.exists():
        fresh = copy.with_name(f"{copy.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        for part in found.tree:
            target = fresh / part.relative_to(common)
            target.parent.mkdir(parents=True, exist_ok=True)
            if part.is_dir():
                shutil.copytree(part, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
            else:
                shutil.copy2(part, target)
        for folder in (root / "programs", *(step for step in fresh.rglob("*") if step.is_dir()), fresh):
            folder.chmod(0o755)
        fresh.rename(copy)
    return copy / found.folder.relative_to(common)


def _write_for(path: Path, text: str, account: Account | None) -> None:
    """Write a secret that only the server's account may read: never open to others, not even for a moment."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    if account:
        os.chown(path, account.uid, account.gid)


def _quoted(text: str) -> str:
    """A path as a value in valkey.conf."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
