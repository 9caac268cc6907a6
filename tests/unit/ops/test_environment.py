"""Settings: every mistake is one clear line that names the variable and says what would be right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from thor.runtime.environment import (
    is_loopback,
    parse_dotenv,
    parse_environment,
    read_environment,
    resolve_addresses,
    setting_names,
    unknown_names,
)
from thor.runtime.problem import Problem

CHECKOUT = Path(__file__).resolve().parents[3]
GOOD_KEY = "k3Jd92mXq8Zr5Tn7Vb1Lw6Yc4Hf0Gs-PaQe"

WRONG = [
    ("THOR_PORT", "0"),
    ("THOR_PORT", "65536"),
    ("THOR_PORT", "http"),
    ("THOR_PORT", "８０"),
    ("THOR_NAMESPACE", "Test"),
    ("THOR_NAMESPACE", "a-b"),
    ("THOR_NAMESPACE", "x" * 32),
    ("THOR_REQUIRE_LOGIN", "perhaps"),
    ("THOR_DEBUG", "2"),
    ("THOR_SECRET_KEY", "short"),
    ("THOR_SECRET_KEY", "a" * 64),
    ("THOR_SECRET_KEY", "django-insecure-k3Jd92mXq8Zr5Tn7Vb1Lw6Yc4Hf0Gs"),
    ("THOR_SECRET_KEY", "change-me-k3Jd92mXq8Zr5Tn7Vb1Lw6Yc4Hf0Gs"),
    ("THOR_LOG_FORMAT", "xml"),
    ("THOR_STREAM_RETENTION_HOURS", "0"),
    ("THOR_STREAM_RETENTION_HOURS", "nan"),
    ("THOR_STREAM_RETENTION_HOURS", "a day"),
    ("THOR_DEAD_LETTERS_MAX", "-1"),
    ("THOR_DEAD_LETTERS_DAYS", "0"),
    ("THOR_MAX_STREAMS_PER_CLIENT", "-1"),
    ("THOR_DISABLE_WEB", "maybe"),
    ("DATABASE_URL", "mysql://u:hunter2@h/d"),
    ("DATABASE_URL", "postgresql://u:hunter2@h"),
    ("DATABASE_URL", "postgresql://u:hunter2@h:99999/d"),
    ("DB_PORT", "five"),
    ("REDIS_URL", "http://:hunter2@h:1"),
    ("REDIS_URL", "redis://:hunter2@h:1/first"),
    ("DATA_PROVIDER", "moock"),
    ("DATA_PROVIDER", "mock,schwap"),
    ("EXCEL_LIVE_RANGE", "A1"),
    ("EXCEL_LIVE_RANGE", "A0:N13"),
    ("EXCEL_LIVE_REQUIRE_OPEN", "sometimes"),
    ("MOCK_SEED", "-5"),
    ("MOCK_SEED", "1.5"),
    ("MOCK_RATE", "0"),
    ("FUTURETRADING_ENABLE_52W_MONITOR", "sometimes"),
    ("FUTURETRADING_52W_MONITOR_INTERVAL", "0"),
    ("FUTURETRADING_52W_SUPERVISOR_INTERVAL", "often"),
    ("MOCK_RATE", "inf"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_one_line_that_names_it(name: str, value: str) -> None:
    _, mistakes = parse_environment({name: value})
    assert len(mistakes) == 1
    assert mistakes[0].startswith(f"{name} ")
    assert mistakes[0].endswith(".")
    assert "\n" not in mistakes[0]
    assert "hunter2" not in mistakes[0]
    if name == "THOR_SECRET_KEY":
        assert value not in mistakes[0]


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(Problem) as caught:
        read_environment({"THOR_PORT": "x", "MOCK_RATE": "y", "DATA_PROVIDER": "z"})
    assert len(caught.value.detail.splitlines()) == 3


def test_nothing_given_is_right() -> None:
    environment, mistakes = parse_environment({})
    assert mistakes == []
    assert (environment.host, environment.port) == ("127.0.0.1", 8000)
    assert environment.data_providers == ("mock",)
    assert not environment.require_login
    assert environment.secret_key is None


def test_an_empty_value_counts_as_not_given() -> None:
    assert parse_environment({"THOR_PORT": " ", "DATABASE_URL": "", "THOR_SECRET_KEY": ""})[1] == []


def test_good_values_are_read() -> None:
    environment, mistakes = parse_environment(
        {
            "THOR_PORT": "8001",
            "THOR_SECRET_KEY": GOOD_KEY,
            "DATA_PROVIDER": "mock, excel_file,mock",
            "THOR_DISABLE_WEB": "yes",
            "EXCEL_LIVE_RANGE": "a1:n13",
            "REDIS_URL": "redis://:secret@h:6379/3",
        }
    )
    assert mistakes == []
    assert environment.port == 8001
    assert environment.secret_key == GOOD_KEY
    assert environment.data_providers == ("mock", "excel_file")
    assert environment.disabled_services == {"web"}
    assert environment.excel_live_range == "A1:N13"


def test_parts_of_a_database_address_are_put_together_with_their_signs_escaped() -> None:
    environment, mistakes = parse_environment(
        {"DB_NAME": "thor", "DB_USER": "me", "DB_PASSWORD": "p@ss/w:rd", "DB_HOST": "db", "DB_PORT": "6543"}
    )
    assert mistakes == []
    assert environment.database_url == "postgresql://me:p%40ss%2Fw%3Ard@db:6543/thor"


def test_a_database_name_wants_a_user() -> None:
    assert parse_environment({"DB_NAME": "thor"})[1] == [
        "DB_NAME is given without DB_USER: give both, or DATABASE_URL."
    ]


@pytest.mark.parametrize("given", [{"THOR_HOST": "0.0.0.0"}, {"THOR_ALLOWED_HOSTS": "localhost,thor.example.org"}])
def test_an_address_open_to_others_wants_a_login_unless_said_otherwise(given: dict[str, str]) -> None:
    assert parse_environment(given)[0].require_login
    assert not parse_environment({**given, "THOR_REQUIRE_LOGIN": "0"})[0].require_login


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("*", False),
        ("a.b", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_a_slip_of_the_pen_is_noticed() -> None:
    assert unknown_names({"THOR_PROT": "1", "PATH": "x"}) == [
        "THOR_PROT is no setting of Thor: did you mean THOR_PORT?"
    ]


def test_the_example_file_lists_exactly_the_settings() -> None:
    text = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    listed = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, flags=re.MULTILINE))
    assert listed == set(setting_names())


def test_the_example_file_is_valid_as_it_is_and_with_every_line_in_force() -> None:
    text = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    assert parse_environment(parse_dotenv(text, ".env.example"))[1] == []
    in_force = re.sub(r"^# ?([A-Z][A-Z0-9_]+=)", r"\1", text, flags=re.MULTILINE)
    assert parse_environment(parse_dotenv(in_force, ".env.example"))[1] == []


def test_dotenv_lines() -> None:
    text = "# comment\n\nA=1\nexport B = two words \nC='x # y'\nD=\n"
    assert parse_dotenv(text, ".env") == {"A": "1", "B": "two words", "C": "x # y", "D": ""}


def test_a_dotenv_line_that_is_none_is_named() -> None:
    with pytest.raises(Problem, match=r"\.env line 2 is 'THOR_PORT 80': write NAME=value\."):
        parse_dotenv("A=1\nTHOR_PORT 80\n", ".env")


def test_given_addresses_win_over_the_embedded_servers(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "servers.json").write_text('{"database_url": "postgresql://e@h/d", "redis_url": "redis://e"}')
    environment, _ = parse_environment({"THOR_HOME": str(tmp_path), "REDIS_URL": "redis://given"})
    assert resolve_addresses(environment) == ("postgresql://e@h/d", "redis://given")
