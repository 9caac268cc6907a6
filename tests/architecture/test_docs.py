"""The documentation knows everything that exists: commands, keys, reasons, endpoints, and its links lead somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from thor.ops.cli import command_names
from thor.quotes.keys import Keys
from thor.quotes.quote import WIRE_FIELDS, Reason

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"
REFERENCE = DOCS / "reference"
PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


def reference(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def django_commands() -> set[str]:
    return {
        path.stem for path in (CHECKOUT / "thor").glob("*/management/commands/*.py") if not path.stem.startswith("_")
    }


@pytest.mark.parametrize("command", sorted(command_names() | django_commands()))
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"`thor {command}\b", reference("commands.md"))


def test_every_key_field_and_reason_of_the_bus_is_documented() -> None:
    text, keys = reference("bus.md"), Keys()
    names = [keys.unified, keys.dead, keys.group, keys.events, keys.instruments, keys.preferred, keys.ingest_losses]
    names += [keys.dead_removed, keys.leases, keys.leased_up_to, keys.tallies.replace("*", "<DATE>")]
    names += [keys.source_stream("<SOURCE>"), keys.latest("<SYMBOL>"), keys.merge("<SYMBOL>"), keys.series("<SYMBOL>")]
    names += [keys.desk_lease, keys.desk_health, keys.replay]
    names += [keys.collect_losses, keys.lease("<SOURCE>")]
    names += [keys.health("<SOURCE>"), keys.ingest("<CONSUMER>"), *WIRE_FIELDS, *Reason]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_endpoint_is_documented() -> None:
    document = json.loads((CHECKOUT / "frontend" / "openapi.json").read_text(encoding="utf-8"))
    text = reference("api.md")
    assert [path for path in document["paths"] if f"`{path}`" not in text and f" {path}" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


def test_every_test_that_a_guarantee_rests_on_exists() -> None:
    text = reference("guarantees.md")
    sources = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"::(test_\w+)", text))
    assert len(named) > 20
    assert [name for name in sorted(named) if f"def {name}(" not in sources] == []


def test_every_file_that_the_guides_name_exists() -> None:
    for page in (CHECKOUT / "CONTRIBUTING.md", DOCS / "map.md"):
        text = page.read_text(encoding="utf-8")
        named = re.findall(r"`((?:thor|tests|frontend|docs|benchmarks)/[\w./-]+)`", text)
        missing = [name for name in named if not (CHECKOUT / name).exists()]
        assert missing == [], page.name


def test_decisions_are_numbered_without_a_gap_and_say_their_price() -> None:
    records = sorted((DOCS / "adr").glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(len(records)))
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert all(f"## {part}" in text for part in ("Choice", "Why", "Price", "What would change our mind")), (
            record.name
        )
