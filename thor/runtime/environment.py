"""Every setting of Thor: read from environment variables (and `.env`), checked at once, one clear line per mistake.

`.env.example` lists the same names; a test keeps the two equal. Nothing else in Thor reads a setting from os.environ.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

from thor.runtime.home import CHECKOUT, SHORTEST_KEY, read_servers, thor_home
from thor.runtime.namespace import WANTED, is_name
from thor.runtime.problem import Problem

PROVIDERS = ("mock", "json", "excel_file", "excel_live", "replay")
LOG_FORMATS = ("auto", "console", "json")
COMPRESSIONS = ("zstd", "snappy")
_DATA_DIR_WANTED = "a folder, or s3://bucket/prefix (gs://, az://)"
SERVICES = ("postgres", "valkey", "web", "ingestor", "source", "desk", "jobs")
SECRETS = ("DATABASE_URL", "REDIS_URL", "THOR_SECRET_KEY")
SAMPLE_KEY_WORDS = ("change-me", "changeme", "insecure", "example", "secret-key", "your-")

T = TypeVar("T")


@dataclass(frozen=True)
class Environment:
    """All settings, typed. `None` means: not given. Addresses that are not given come from the embedded servers."""

    home: Path
    host: str
    port: int
    allowed_hosts: tuple[str, ...]
    require_login: bool
    debug: bool
    secret_key: str | None
    namespace: str
    database_url: str | None
    redis_url: str | None
    data_dir: str
    parquet_compression: str
    history_rate: str
    data_providers: tuple[str, ...]
    stream_retention_hours: float
    dead_letters_max: int
    dead_letters_days: float
    max_streams_per_client: int
    web_dist: Path
    log_format: str
    disabled_services: frozenset[str]
    pg_bin: Path | None
    valkey_bin: Path | None
    excel_data_file: Path | None
    excel_sheet_name: str
    excel_live_range: str
    excel_live_require_open: bool
    json_data_file: Path | None
    mock_seed: int
    mock_rate: float
    has_52w_monitor: bool
    monitor_52w_seconds: float


class _Reader:
    """Reads settings one by one, remembering every name it was asked for and every mistake it met."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.names: list[str] = []
        self.mistakes: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """The value without surrounding blanks; the default when absent or empty."""
        self.names.append(name)
        return self.environ.get(name, "").strip() or default

    def parsed(self, name: str, default: T, parse: Callable[[str], T], wanted: str) -> T:
        """The parsed value. `parse` raises ValueError; `wanted` says what would be right."""
        text = self.text(name)
        if not text:
            return default
        try:
            return parse(text)
        except ValueError:
            seen = "is wrong (not shown, it may hold a password)" if name in SECRETS else f"is {text!r}"
            self.mistakes.append(f"{name} {seen}: give {wanted}.")
            return default

    def flag(self, name: str, default: bool) -> bool:
        return self.parsed(name, default, _flag, "1 or 0")

    def path(self, name: str) -> Path | None:
        text = self.text(name)
        return Path(text).expanduser().absolute() if text else None

    def words(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A comma-separated list without blanks and repeats, in the given order."""
        words = [word.strip() for word in self.text(name).split(",")]
        return tuple(dict.fromkeys(word for word in words if word)) or default


def read_environment(environ: Mapping[str, str] | None = None) -> Environment:
    """All settings. Raises Problem with one line per mistake."""
    environment, mistakes = parse_environment(os.environ if environ is None else environ)
    if mistakes:
        raise Problem("\n".join(mistakes))
    return environment


def parse_environment(environ: Mapping[str, str]) -> tuple[Environment, list[str]]:
    """The settings with defaults where a value is wrong, and one line per mistake. Reads nothing but its argument."""
    environment, reader = _parse(environ)
    return environment, reader.mistakes


def setting_names() -> tuple[str, ...]:
    """Every environment variable that Thor reads."""
    return tuple(_parse({})[1].names)


def unknown_names(environ: Mapping[str, str]) -> list[str]:
    """One line per THOR_* variable that Thor does not know: a likely slip of the pen."""
    known = setting_names()
    lines = []
    for name in sorted(environ):
        if name.startswith("THOR_") and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "remove it."
            lines.append(f"{name} is no setting of Thor: {hint}")
    return lines


def _parse(environ: Mapping[str, str]) -> tuple[Environment, _Reader]:
    reader = _Reader(environ)
    reader.text("THOR_HOME")
    home = thor_home(environ)
    host = reader.text("THOR_HOST", "127.0.0.1")
    allowed_hosts = reader.words("THOR_ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
    open_to_others = not all(is_loopback(name) for name in (host, *allowed_hosts))
    environment = Environment(
        home=home,
        host=host,
        port=reader.parsed("THOR_PORT", 8000, _port, "a port number from 1 to 65535"),
        allowed_hosts=allowed_hosts,
        require_login=reader.flag("THOR_REQUIRE_LOGIN", open_to_others),
        debug=reader.flag("THOR_DEBUG", False),
        secret_key=reader.parsed("THOR_SECRET_KEY", None, _key, _KEY_WANTED),
        namespace=reader.parsed("THOR_NAMESPACE", "", _namespace, WANTED),
        database_url=_database_url(reader),
        redis_url=reader.parsed("REDIS_URL", None, _redis_url, "redis://[:password@]host:port/number"),
        data_dir=reader.parsed("THOR_DATA_DIR", str(home / "data"), _data_dir, _DATA_DIR_WANTED),
        parquet_compression=reader.parsed(
            "THOR_PARQUET_COMPRESSION", "zstd", _one_of(COMPRESSIONS), f"one of {', '.join(COMPRESSIONS)}"
        ),
        history_rate=reader.parsed(
            "THOR_HISTORY_RATE", "120/m", _rate, "a number and s, m, h or d, such as 120/m, or 0 for no limit"
        ),
        data_providers=_providers(reader),
        stream_retention_hours=reader.parsed(
            "THOR_STREAM_RETENTION_HOURS", 24.0, _number(0.1, 8760.0), "hours from 0.1 to 8760"
        ),
        dead_letters_max=reader.parsed("THOR_DEAD_LETTERS_MAX", 100_000, _whole_number, "a whole number of 0 or more"),
        dead_letters_days=reader.parsed(
            "THOR_DEAD_LETTERS_DAYS", 30.0, _number(0.01, 3650.0), "days from 0.01 to 3650"
        ),
        max_streams_per_client=reader.parsed(
            "THOR_MAX_STREAMS_PER_CLIENT", 64, _whole_number, "a whole number of 0 or more"
        ),
        web_dist=reader.path("THOR_WEB_DIST") or CHECKOUT / "frontend" / "dist",
        log_format=reader.parsed("THOR_LOG_FORMAT", "auto", _one_of(LOG_FORMATS), f"one of {', '.join(LOG_FORMATS)}"),
        disabled_services=_disabled_services(reader),
        pg_bin=reader.path("THOR_PG_BIN"),
        valkey_bin=reader.path("THOR_VALKEY_BIN"),
        excel_data_file=reader.path("EXCEL_DATA_FILE"),
        excel_sheet_name=reader.text("EXCEL_SHEET_NAME", "LiveData"),
        excel_live_range=reader.parsed("EXCEL_LIVE_RANGE", "A1:N13", _cell_range, "a cell range such as A1:N13"),
        excel_live_require_open=reader.flag("EXCEL_LIVE_REQUIRE_OPEN", False),
        json_data_file=reader.path("JSON_DATA_FILE"),
        mock_seed=reader.parsed("MOCK_SEED", 1, _whole_number, "a whole number of 0 or more"),
        mock_rate=reader.parsed("MOCK_RATE", 20.0, _number(0.01, 100_000.0), "events a second from 0.01 to 100000"),
        has_52w_monitor=reader.flag("FUTURETRADING_ENABLE_52W_MONITOR", True),
        monitor_52w_seconds=reader.parsed("FUTURETRADING_52W_MONITOR_INTERVAL", 60.0, *_SECONDS),
    )
    # Only held against its rule: the desk hears every quote, there is no second process to watch over.
    reader.parsed("FUTURETRADING_52W_SUPERVISOR_INTERVAL", 60.0, *_SECONDS)
    return environment, reader


def _database_url(reader: _Reader) -> str | None:
    """DATABASE_URL, or one made of DB_NAME, DB_USER, DB_PASSWORD, DB_HOST and DB_PORT."""
    url = reader.parsed("DATABASE_URL", None, _postgres_url, "postgresql://user:password@host:port/name")
    name = reader.text("DB_NAME")
    user, password = reader.text("DB_USER"), reader.text("DB_PASSWORD")
    host = reader.text("DB_HOST", "127.0.0.1")
    port = reader.parsed("DB_PORT", 5432, _port, "a port number from 1 to 65535")
    if url or not name:
        return url
    if not user:
        reader.mistakes.append("DB_NAME is given without DB_USER: give both, or DATABASE_URL.")
        return None
    secret = f":{quote(password, safe='')}" if password else ""
    return f"postgresql://{quote(user, safe='')}{secret}@{host}:{port}/{quote(name, safe='')}"


def _disabled_services(reader: _Reader) -> frozenset[str]:
    off = {service for service in SERVICES if reader.flag(f"THOR_DISABLE_{service.upper()}", False)}
    if reader.flag("DISABLE_GLOBAL_MARKETS_MONITOR", False):
        off.add("desk")
    return frozenset(off)


def _providers(reader: _Reader) -> tuple[str, ...]:
    names = reader.words("DATA_PROVIDER", ("mock",))
    for name in names:
        if name not in PROVIDERS:
            near = difflib.get_close_matches(name, PROVIDERS, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            reader.mistakes.append(f"DATA_PROVIDER names {name!r}{hint}: give one or more of {', '.join(PROVIDERS)}.")
    return tuple(name for name in names if name in PROVIDERS)


def is_loopback(host: str) -> bool:
    """Only this machine can reach a server that listens on, or answers to, this name."""
    bare = host.strip("[]").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False


def _flag(text: str) -> bool:
    lowered = text.lower()
    if lowered in ("1", "true", "yes", "on"):
        return True
    if lowered in ("0", "false", "no", "off"):
        return False
    raise ValueError(text)


def _data_dir(text: str) -> str:
    """A folder as an absolute path, an address as it is."""
    if "://" not in text:
        return str(Path(text).expanduser().absolute())
    parts = urlsplit(text)
    if parts.scheme not in ("s3", "gs", "az") or not parts.netloc:
        raise ValueError(text)
    return text


def _rate(text: str) -> str:
    if text != "0" and re.fullmatch(r"[1-9]\d{0,5}/[smhd]", text) is None:
        raise ValueError(text)
    return "" if text == "0" else text


def _whole_number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(text)
    return int(text)


def _port(text: str) -> int:
    port = _whole_number(text)
    if not 1 <= port <= 65535:
        raise ValueError(text)
    return port


def _number(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        number = float(text)
        if not least <= number <= most:  # also refuses NaN
            raise ValueError(text)
        return number

    return parse


_SECONDS = (_number(1.0, 86_400.0), "seconds from 1 to 86400")


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(text)
        return text.lower()

    return parse


def _namespace(text: str) -> str:
    if not is_name(text):
        raise ValueError(text)
    return text


def _cell_range(text: str) -> str:
    if not re.fullmatch(r"\$?[A-Za-z]{1,3}\$?[1-9]\d{0,6}:\$?[A-Za-z]{1,3}\$?[1-9]\d{0,6}", text):
        raise ValueError(text)
    return text.upper()


_KEY_WANTED = f"a random text of {SHORTEST_KEY} characters or more, not a sample, or leave it out: one is generated"


def _key(text: str) -> str:
    if len(text) < SHORTEST_KEY or len(set(text)) < 8 or any(word in text.lower() for word in SAMPLE_KEY_WORDS):
        raise ValueError(text)
    return text


def _postgres_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("postgres", "postgresql") or not parts.hostname or len(parts.path) < 2:
        raise ValueError(text)
    _ = parts.port  # raises ValueError when it is no port
    return text


def _redis_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.scheme == "unix"):
        raise ValueError(text)
    if parts.scheme != "unix":
        _ = parts.port
        if parts.path.strip("/") and not parts.path.strip("/").isdigit():
            raise ValueError(text)
    return text


def resolve_addresses(environment: Environment) -> tuple[str | None, str | None]:
    """(database_url, redis_url): as given, else of the embedded servers of THOR_HOME; None when there is neither."""
    embedded = read_servers(environment.home)
    return environment.database_url or embedded.database_url, environment.redis_url or embedded.redis_url


def load_dotenv(environ: MutableMapping[str, str], path: Path = CHECKOUT / ".env") -> None:
    """Add the settings of `.env` that the environment does not give itself. Raises Problem for a line that is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path} cannot be read ({error}). Mend it or remove it.") from error
    for name, value in parse_dotenv(text, path.name).items():
        environ.setdefault(name, value)


def parse_dotenv(text: str, name: str) -> dict[str, str]:
    """NAME=value lines, with comments (#), `export ` and one pair of quotes around a value allowed."""
    settings: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = re.fullmatch(r"(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)", stripped)
        if not match:
            raise Problem(f"{name} line {number} is {stripped[:40]!r}: write NAME=value.")
        value = match.group(2).strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        settings[match.group(1)] = value
    return settings
