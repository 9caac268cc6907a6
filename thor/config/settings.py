"""Django settings: twelve-factor, read from the environment once (SPEC 21; every name is in ``.env.example``).

Without DATABASE_URL and REDIS_URL the embedded servers of THOR_HOME are used; ``thor up`` starts them.
"""

from __future__ import annotations

import os
from pathlib import Path

import environ

from thor.config.dress import UNFOLD as UNFOLD  # the admin's
from thor.runtime.environment import is_loopback, load_dotenv, read_environment, resolve_addresses
from thor.runtime.home import secret_key
from thor.runtime.namespace import search_path

load_dotenv(os.environ)
_environment = read_environment()

THOR_HOME: Path = _environment.home
THOR_HOST: str = _environment.host
THOR_PORT: int = _environment.port
THOR_NAMESPACE: str = _environment.namespace
THOR_DATA_DIR: str = _environment.data_dir
THOR_PARQUET_COMPRESSION: str = _environment.parquet_compression
THOR_HISTORY_RATE: str = _environment.history_rate
THOR_STREAM_RETENTION_HOURS: float = _environment.stream_retention_hours
THOR_DEAD_LETTERS_MAX: int = _environment.dead_letters_max
THOR_DEAD_LETTERS_DAYS: float = _environment.dead_letters_days
THOR_MAX_STREAMS_PER_CLIENT: int = _environment.max_streams_per_client
THOR_WEB_DIST: Path = _environment.web_dist

DATA_PROVIDER: tuple[str, ...] = _environment.data_providers
EXCEL_DATA_FILE: Path | None = _environment.excel_data_file
EXCEL_SHEET_NAME: str = _environment.excel_sheet_name
EXCEL_LIVE_RANGE: str = _environment.excel_live_range
EXCEL_LIVE_REQUIRE_OPEN: bool = _environment.excel_live_require_open
JSON_DATA_FILE: Path | None = _environment.json_data_file
MOCK_SEED: int = _environment.mock_seed
MOCK_RATE: float = _environment.mock_rate
FUTURETRADING_ENABLE_52W_MONITOR: bool = _environment.has_52w_monitor
FUTURETRADING_52W_MONITOR_INTERVAL: float = _environment.monitor_52w_seconds

#: Port 9 discards: with no server configured, a connection fails at once and says where it went.
NO_DATABASE = "postgresql://thor@127.0.0.1:9/thor"
NO_BUS = "redis://127.0.0.1:9/0"
_database_url, _redis_url = resolve_addresses(_environment)
DATABASE_URL: str = _database_url or NO_DATABASE
REDIS_URL: str = _redis_url or NO_BUS

DEBUG: bool = _environment.debug
SECRET_KEY: str = _environment.secret_key or secret_key(THOR_HOME)
ALLOWED_HOSTS: list[str] = list(_environment.allowed_hosts)
#: Reads need no login on loopback; as soon as another host is allowed they do, unless somebody says otherwise.
THOR_REQUIRE_LOGIN: bool = _environment.require_login

INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it replaces
    "unfold.contrib.simple_history",  # and before the history, likewise
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ninja",
    "simple_history",
    "procrastinate.contrib.django",
    "thor.users",
    "thor.markets",
    "thor.instruments",
    "thor.quotes",
    "thor.history",
    "thor.lake",
    "thor.indicators",
    "thor.signals",
    "thor.market_open",
    "thor.desk",
    "thor.ops",
    "thor.config",
]
AUTH_USER_MODEL = "users.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "thor.config.middleware.SecurityHeadersMiddleware",
    "thor.config.middleware.ApiProblemMiddleware",
    "thor.config.middleware.NamespaceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "thor.config.urls"
ASGI_APPLICATION = "thor.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"]["CONN_MAX_AGE"] = 0
_options = DATABASES["default"].setdefault("OPTIONS", {})
_options["connect_timeout"] = 5
if THOR_NAMESPACE:
    # A search_path in DATABASE_URL's own options comes last, and so it wins.
    _options["options"] = f"{search_path(THOR_NAMESPACE)} {_options.get('options', '')}".strip()
DATABASE_ROUTERS = ["thor.runtime.schema.NamespaceRouter"]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = "thor.config.formats"

STATIC_URL = "/static/"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
#: Plain HTTP is for loopback; with another host allowed, cookies travel over TLS only.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not all(is_loopback(host) for host in ALLOWED_HOSTS)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOGGING_CONFIG = None
