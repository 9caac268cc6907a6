"""A database of its own for the tests that export, and a lake in a folder or in an object store."""

from __future__ import annotations

import os
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.support import create_migrated


@pytest.fixture(scope="module")
def own_database(servers: object, database_url: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The address of a migrated database with instruments, which is Django's as long as the module runs."""
    from tests.ticks_support import use_database

    del servers
    url = create_migrated(database_url, f"lake_{uuid.uuid4().hex[:10]}")
    with django_db_blocker.unblock(), use_database(url):
        from thor.instruments.services import seed_instruments

        seed_instruments()
        yield url


@pytest.fixture
def no_ticks(own_database: str) -> None:
    """None stored, none listed."""
    import psycopg

    with psycopg.connect(own_database) as database:
        names = database.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'ticks'::regclass")
        for (name,) in names.fetchall():
            database.execute(f"DROP TABLE {name}")
        database.execute("DELETE FROM lake_lakefile")


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """A bucket of a local object store, by its address; what speaks to S3 finds it by the environment."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    settings = {
        "AWS_ENDPOINT_URL": address, "AWS_ALLOW_HTTP": "true", "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
    }  # fmt: skip
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    urllib.request.urlopen(urllib.request.Request(f"{address}/lake", method="PUT")).close()
    yield "s3://lake"
    server.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(params=["folder", "s3"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a lake is to be: once in a folder, once in an object store."""
    if request.param == "folder":
        return str(tmp_path / "lake")
    return f"{request.getfixturevalue('s3')}/{uuid.uuid4().hex[:10]}"
