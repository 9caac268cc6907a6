"""Fixtures of all tests. The servers are real: PostgreSQL and Valkey from their wheels, started once per session.

Unit tests use none of them and run without a server. The environment is fixed before Django reads it.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

CHECKOUT = Path(__file__).resolve().parents[1]

# A developer's own settings must not reach the tests: no .env, no foreign database.
_HOME = Path(tempfile.mkdtemp(prefix="thor-test-"))
for _name in [name for name in os.environ if name.startswith(("THOR_", "EXCEL_", "MOCK_", "DB_"))]:
    del os.environ[_name]
for _name in ("DATABASE_URL", "REDIS_URL", "DATA_PROVIDER", "JSON_DATA_FILE"):
    os.environ[_name] = ""
os.environ["THOR_HOME"] = str(_HOME)

# A machine that is busy is no slower code; HYPOTHESIS_EXAMPLES=1000 looks further.
hypothesis.settings.register_profile(
    "thor", deadline=None, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "50"))
)
hypothesis.settings.load_profile("thor")

from tests.support import ONE_SCHEMA, create_migrated, run_thor  # noqa: E402
from thor.runtime.servers import Servers, embedded_servers  # noqa: E402


def pytest_unconfigure(config: pytest.Config) -> None:
    import shutil

    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Embedded PostgreSQL and Valkey over a throw-away home."""
    with embedded_servers(_HOME) as addresses:
        yield addresses


@pytest.fixture(scope="session")
def valkey_url(servers: Servers) -> str:
    """The address of the embedded Valkey."""
    assert servers.redis_url is not None
    return servers.redis_url


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> str:
    """The address of the embedded PostgreSQL (its own database, not the one of ``django_db``). Its tables are in one
    schema, also of a Thor with a namespace: that is then the bus's alone."""
    assert servers.database_url is not None
    return servers.database_url + ONE_SCHEMA


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: Servers) -> None:
    """``django_db`` tests run on the embedded PostgreSQL, and their bus is the embedded Valkey."""
    import environ
    from django.conf import settings
    from django.db import connections

    assert servers.database_url is not None
    found = environ.Env.db_url_config(servers.database_url)
    connections["default"].settings_dict.update(
        {name: found[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    )
    settings.REDIS_URL = servers.redis_url


@pytest.fixture
def fresh_thor(database_url: str, valkey_url: str, fresh_namespace: str) -> dict[str, str]:
    """The environment of a Thor of its own: a migrated, seeded database and a namespace, for commands as a person runs
    them (``python -m thor ...``)."""
    environ = {
        **os.environ,
        "DATABASE_URL": create_migrated(database_url, f"thor_{fresh_namespace}"),
        "REDIS_URL": valkey_url,
        "THOR_NAMESPACE": fresh_namespace,
    }
    run_thor(environ, "seed_instruments")
    return environ


@pytest.fixture
def fresh_namespace() -> str:
    """A key prefix that no other test uses."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The shared market data beside the checkout; tests that need it skip where it is absent."""
    folder = CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the shared market data, and {folder} is absent")
    return folder
