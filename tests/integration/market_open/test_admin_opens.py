"""Market opens in the admin: rows to look at, corrections with a reason, captures, grading anew, records."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from tests.desk_support import ALPHA, BEGIN_US
from tests.integration.desk.conftest import DeskBench
from tests.integration.desk.test_desk_opens import SECOND, rising, say, trade, won
from thor.market_open import session_actions
from thor.market_open.models import AuditRecord
from thor.market_open.requests import Answer, Became
from thor.market_open.verify import verify
from thor.runtime.problem import Problem

SESSIONS, RECORDS = "/admin/market_open/marketsession/", "/admin/market_open/auditrecord/"
REASON = "the source was wrong"


@pytest.fixture
def staff(bench: DeskBench, client: Client) -> Iterator[Client]:
    """A superuser's browser over a captured and graded open."""
    say(bench, BEGIN_US + 3 * SECOND, [*rising(BEGIN_US - SECOND), *won()])
    bench.worker().drain()
    client.defaults["SERVER_NAME"] = "127.0.0.1"
    client.force_login(get_user_model().objects.create_superuser("root"))
    yield client


def text(client: Client, path: str, posted: dict[str, Any] | None = None) -> str:
    """What a page says, after the redirect of what was posted."""
    answer = client.get(path) if posted is None else client.post(path, posted, follow=True)
    assert answer.status_code == 200, path
    return " ".join(html.unescape(answer.content.decode()).split())


def corrected(**changes: Any) -> dict[str, Any]:
    """The form as a browser sends it."""
    form = {
        "wndw": "WORKED", "resolved_at": "2025-10-09 00:00:02", "resolution_price": "1061",
        "resolution_quality": "exact", "resolution_reason": "target touched", "reason": REASON,
    }  # fmt: skip
    return form | changes


def test_rows_and_records_are_looked_at(staff: Client) -> None:
    row = trade()
    listed = text(staff, f"{SESSIONS}?wndw__exact=WORKED&country=Alpha&q=alpha-2025-10-09")
    assert "Capture now" in listed and "Capture close" in listed and "Worked" in listed and "1041" in listed
    shown = text(staff, f"{SESSIONS}{row.pk}/change/")
    for words in ("Correct", "Regrade", "The quote that decided", "target touched", "of this session", "LIVE TOTAL"):
        assert words in shown
    assert staff.post(f"{SESSIONS}{row.pk}/change/", {"wndw": "ERROR"}).status_code == 403
    records = text(staff, f"{RECORDS}?session_id={row.session_id}")
    assert records.count("capture") >= 1 and records.count("outcome") >= 2
    body = text(staff, f"{RECORDS}1/change/")
    assert f"{SESSIONS}?q=alpha-2025-10-09" in body and '"capture_kind": "OPEN"' in body


def test_a_row_is_corrected_with_a_reason_only(staff: Client) -> None:
    row = trade()
    path = f"{SESSIONS}{row.pk}/correct/"
    assert 'value="1061"' in text(staff, path) and 'value="2025-10-09 00:00:02"' in text(staff, path)
    assert "say why, in 5 to 200 characters" in text(staff, path, corrected(wndw="ERROR", reason="why"))
    assert "a trade ends after its capture" in text(staff, path, corrected(resolved_at="2025-10-09 00:00:00"))
    assert "nothing was changed" in text(staff, path, corrected())
    assert (trade().wndw, AuditRecord.objects.count()) == ("WORKED", 3)
    assert "alpha-2025-10-09 TOTAL: corrected, audit record 4" in text(staff, path, corrected(wndw="DIDNT_WORK"))
    assert (trade().wndw, trade().pnl_usd, trade().target_hit_price) == ("DIDNT_WORK", -100, 1021)
    body = json.loads(AuditRecord.objects.get(number=4).body)
    assert (body["who"], body["reason"], body["new"]["wndw"]) == ("root", REASON, "DIDNT_WORK")
    assert verify().faults == []


def test_what_a_command_says_is_shown_before_it_is_written(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    columns = [{"column": "wndw", "old": "WORKED", "new": "EXPIRED"}]
    said: dict[str, Any] = {"trades": 12, "ticks": 9, "differences": [{"symbol": "TOTAL", "columns": columns}]}

    def run(*words: str, **_options: Any) -> str:
        asked.append(words)
        return json.dumps(said) if words[0] == "regrade" else "alpha-2025-10-09: 2 closes and 2 ranges"

    monkeypatch.setattr(session_actions, "run_command", run)
    path = f"{SESSIONS}{trade().pk}/regrade/"
    shown = text(staff, path)
    assert "12 trades on 9 ticks." in shown and "by the ticks" in shown and "EXPIRED" in shown
    assert "say why" in text(staff, path, {"reason": ""}) or "This field is required" in text(
        staff, path, {"reason": ""}
    )
    assert "alpha-2025-10-09: 1 corrected" in text(staff, path, {"reason": REASON, "apply": "1"})
    assert ("regrade", "--session=alpha-2025-10-09", "--json", "--apply", f"--reason={REASON}", "--user=root") in asked
    said["differences"] = []
    assert "nothing differs" in text(staff, path) and "Write as corrections" not in text(staff, path)
    close = f"{SESSIONS}capture-close/"
    assert "2 closes and 2 ranges" in text(staff, close, {"market": ALPHA, "look": "1"})
    assert asked[-1] == ("capture_market_close", "--market=Alpha", "--dry-run")
    text(staff, close, {"market": ALPHA, "force": "on", "write": "1"})
    assert asked[-1] == ("capture_market_close", "--market=Alpha", "--user=root", "--force")


def test_a_capture_is_asked_for(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    path, posted = f"{SESSIONS}capture-now/", {"market": ALPHA, "reason": REASON}
    for answer, words in (
        (Answer(Became.CAPTURED, "alpha-2025-10-09", "captured"), "alpha-2025-10-09 captured"),
        (Answer(Became.REFUSED, "", "Alpha is closed"), "Alpha is closed"),
    ):
        monkeypatch.setattr(session_actions, "ask", lambda *_args, answer=answer: answer)
        assert words in text(staff, path, posted)

    def unanswered(*_args: str) -> Answer:
        raise Problem("no desk answered", status=503)

    monkeypatch.setattr(session_actions, "ask", unanswered)
    assert "no desk answered" in text(staff, path, posted)
    assert "is not one of the available choices" in text(staff, path, posted | {"market": "Alfa"})


def test_who_may_only_look_corrects_nothing(staff: Client) -> None:
    reader = get_user_model().objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_marketsession"))
    staff.force_login(reader)
    row = trade()
    assert "Regrade" not in text(staff, f"{SESSIONS}{row.pk}/change/")
    for name in ("correct", "regrade"):
        assert staff.post(f"{SESSIONS}{row.pk}/{name}/", corrected(wndw="ERROR")).status_code == 403
    assert trade().wndw == "WORKED"
    staff.logout()
    assert staff.get(f"{SESSIONS}capture-now/").status_code == 302
