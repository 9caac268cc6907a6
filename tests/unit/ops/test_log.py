"""Secrets never reach a log line, whatever field or text they hide in."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest
import structlog

from thor.runtime.log import configure_logging, redact, redacted_text, without_secrets

CANARY = "c4n4ry-Xy9"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://thor:{CANARY}@127.0.0.1:5432/thor",
        f"redis://:{CANARY}@h:1/0 cannot be reached",
        f"postgresql://u:with/slash{CANARY}@h/d",
        f"Authorization: Bearer {CANARY}abc",
        f"authorization=Basic {CANARY}abc==",
        f"Cookie: sessionid={CANARY}; csrftoken={CANARY}",
        f"Set-Cookie: x={CANARY}; Path=/",
        f"host=h password={CANARY} user=u",
        f'{{"refresh_token": "{CANARY}", "n": 1}}',
        f"client_secret={CANARY}&code=1",
        f"DB_PASSWORD={CANARY}",
    ],
)
def test_a_secret_in_a_text_is_hidden(text: str) -> None:
    assert CANARY not in redacted_text(text)
    assert "***" in redacted_text(text)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "db_password",
        "SECRET_KEY",
        "secret",
        "token",
        "access_token",
        "Authorization",
        "cookie",
        "api_key",
        "apikey",
    ],
)
def test_a_secret_is_hidden_by_the_name_of_its_field_at_any_depth(name: str) -> None:
    event = redact(None, "info", {"event": "x", name: CANARY, "deep": [{"deeper": {name: CANARY}}]})
    assert CANARY not in str(event)


@pytest.mark.parametrize(
    "text", ["ready at http://127.0.0.1:8000/a:b", "ES 5342.00 at 09:30:00", "mail a@b.c", "token ring"]
)
def test_harmless_text_stays(text: str) -> None:
    assert redacted_text(text) == text


def test_values_that_are_no_text_keep_their_type() -> None:
    assert without_secrets({"n": 1, "x": 1.5, "b": True, "z": None, "token_count": 3}) == {
        "n": 1,
        "x": 1.5,
        "b": True,
        "z": None,
        "token_count": 3,
    }


def test_json_lines_of_both_kinds_of_loggers(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        configure_logging("web", "json")
        structlog.get_logger().info("started", port=8000, url=f"redis://:{CANARY}@h")
        try:
            raise ValueError(f"password={CANARY}")
        except ValueError:
            logging.getLogger("django").exception("failed %s", "here")
        # A probe that is answered with 503 while Thor starts is no error of Thor's.
        logging.getLogger("django.request").error("%s: %s", "Service Unavailable", "/readyz")
    finally:
        root.handlers[:], root.level = before
        structlog.reset_defaults()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["level"], line["service"]) for line in lines] == [
        ("started", "info", "web"),
        ("failed here", "error", "web"),
    ]
    assert lines[0]["port"] == 8000
    assert "ValueError" in lines[1]["exception"]
    assert CANARY not in stream.getvalue()
