"""Django settings: twelve-factor, read from the environment once (SPEC 21; every name is in ``.env.example``).

Without DATABASE_URL and REDIS_URL the embedded servers of THOR_HOME are used; ``thor up`` starts them.
"""

from __future__ import annotations

from pathlib import Path

import environ

from thor.runtime.home import CHECKOUT, read_servers, secret_key, thor_home

env = environ.Env()
if (CHECKOUT / ".env").is_file():
    environ.Env.read_env(CHECKOUT / ".env")

THOR_HOME: Path = thor_home()
THOR_HOST: str = env.str("THOR_HOST", default="127.0.0.1")
THOR_PORT: int = env.int("THOR_PORT", default=8000)
THOR_NAMESPACE: str = env.str("THOR_NAMESPACE", default="")
THOR_STREAM_RETENTION_HOURS: float = env.float("THOR_STREAM_RETENTION_HOURS", default=24.0)
#: Streams one address may hold open at once.
THOR_MAX_STREAMS_PER_CLIENT: int = env.int("THOR_MAX_STREAMS_PER_CLIENT", default=64)
THOR_WEB_DIST: Path = Path(env.str("THOR_WEB_DIST", default=str(CHECKOUT / "frontend" / "dist")))

DATA_PROVIDER: list[str] = env.list("DATA_PROVIDER", default=["mock"])
EXCEL_DATA_FILE: str = env.str("EXCEL_DATA_FILE", default="")
EXCEL_SHEET_NAME: str = env.str("EXCEL_SHEET_NAME", default="LiveData")
EXCEL_LIVE_RANGE: str = env.str("EXCEL_LIVE_RANGE", default="A1:N13")
EXCEL_LIVE_REQUIRE_OPEN: bool = env.bool("EXCEL_LIVE_REQUIRE_OPEN", default=False)
JSON_DATA_FILE: str = env.str("JSON_DATA_FILE", default="")
MOCK_SEED: int = env.int("MOCK_SEED", default=1)
MOCK_RATE: float = env.float("MOCK_RATE", default=20.0)

_servers = read_servers(THOR_HOME)
#: Port 9 discards: with no server configured, a connection fails at once and says where it went.
NO_DATABASE = "postgresql://thor@127.0.0.1:9/thor"
NO_BUS = "redis://127.0.0.1:9/0"
DATABASE_URL: str = env.str("DATABASE_URL", default="") or _servers.database_url or NO_DATABASE
REDIS_URL: str = env.str("REDIS_URL", default="") or _servers.redis_url or NO_BUS

DEBUG: bool = env.bool("THOR_DEBUG", default=False)
SECRET_KEY: str = env.str("THOR_SECRET_KEY", default="") or secret_key(THOR_HOME)
_LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS: list[str] = env.list("THOR_ALLOWED_HOSTS", default=_LOOPBACK)
#: Reads need no login on loopback; as soon as another host is allowed they do, unless somebody says otherwise.
THOR_REQUIRE_LOGIN: bool = env.bool("THOR_REQUIRE_LOGIN", default=any(host not in _LOOPBACK for host in ALLOWED_HOSTS))

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "thor.users",
    "thor.instruments",
    "thor.quotes",
    "thor.history",
    "thor.ops",
    "thor.config",
]
AUTH_USER_MODEL = "users.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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

DATABASES = {"default": env.db_url_config(DATABASE_URL)}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5

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

STATIC_URL = "/static/"
STATIC_ROOT = THOR_HOME / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
#: Plain HTTP is for loopback; with another host allowed, cookies travel over TLS only.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = THOR_REQUIRE_LOGIN and ALLOWED_HOSTS != _LOOPBACK
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOGGING_CONFIG = None
