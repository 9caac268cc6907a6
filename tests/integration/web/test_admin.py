"""The admin: every page answers in its dress, rights, what may be edited, and the headers it needs."""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from thor.desk.models import Alert, TransitionRecord
from thor.indicators.models import ExtremesSeed
from thor.instruments.models import Instrument, Roll, WatchList
from thor.instruments.selectors import load_catalogue
from thor.instruments.services import seed_instruments
from thor.lake.models import LakeFile, LakeRun, QualityDay, RollDifference
from thor.market_open.models import GlobalConfig, TargetHighLowConfig
from thor.market_open.seeds import seed_market_opens
from thor.markets.models import CalendarEdition, FeatureWindow, Market, MarketDataSnapshot
from thor.markets.services import seed_markets
from thor.runtime.admin import ReadOnlyAdmin
from thor.runtime.edits import EditsAdmin
from thor.signals.models import SessionBaseline, SignalChange, SignalDay, SignalStatValue, SignalWeight, TotalThresholds
from thor.signals.services import seed_signals

pytestmark = pytest.mark.django_db
HOST = "127.0.0.1"
OURS = sorted(
    (model for model in admin.site._registry if model.__module__.startswith("thor.")), key=lambda model: str(model)
)
READ_ONLY = [model for model in OURS if isinstance(admin.site._registry[model], ReadOnlyAdmin)]
HISTORIC = [model for model in OURS if hasattr(model, "history")]
EDITS = [model for model in OURS if isinstance(admin.site._registry[model], EditsAdmin)]


@pytest.fixture
def staff(client: Client) -> Iterator[Client]:
    """A superuser's browser over seeded tables with one row of each kind that seeds do not make."""
    seed_instruments()
    seed_signals()
    seed_markets()
    seed_market_opens()
    now = datetime.now(UTC)
    for name, days in (("XNYS", 400), ("XSHG", 29)):
        CalendarEdition.objects.create(
            calendar=name, timezone_name="UTC", first_utc=now, end_utc=now + timedelta(days=days),
            library_version="test", digest=name, compiled_at=now,
        )  # fmt: skip
    FeatureWindow.objects.create(feature="capture_v2", phases=["OPEN"])
    MarketDataSnapshot.objects.create(market=Market.objects.get(country="USA"), trade_date=now, opened_at=now)
    TransitionRecord.objects.create(
        market="USA", kind="OPEN", at=now, trade_date=now, told_at=now + timedelta(milliseconds=1), after_id="1-0"
    )
    Alert.objects.create(alert="no_quotes", severity="critical", text="no quote for 30 s", started_at=now)
    SessionBaseline.objects.create(symbol="ES", trade_date=now, source="MOCK", from_stream_id="1-0", at=now)
    SignalChange.objects.create(symbol="ES", at=now, signal_to="BUY", entry_id="1-0")
    SignalDay.objects.create(symbol="ES", trade_date=now, signal="BUY", updated_at=now)
    Roll.objects.create(
        instrument=Instrument.objects.get(symbol="ES"), from_contract="ESZ25", to_contract="ESH26",
        effective=date(2025, 12, 15),
    )  # fmt: skip
    LakeFile.objects.create(
        key="ticks/date=2025-10-09/symbol=ES/ticks.parquet", kind="ticks", trade_date=date(2025, 10, 9), symbol="ES",
        rows=5, size=4_998, exported_at=now,
    )  # fmt: skip
    LakeRun.objects.create(kind="export", title="Export of 2025-10-09", total=11, done=3, unit="files", asked_at=now)
    QualityDay.objects.create(
        symbol="ES", trade_date=date(2025, 10, 9), open_seconds=100, covered_seconds=99, made_at=now
    )
    TargetHighLowConfig.objects.create(instrument=Instrument.objects.get(symbol="ES"), mode="DISABLED")
    client.defaults["SERVER_NAME"] = HOST
    client.force_login(get_user_model().objects.create_superuser("root"))
    yield client


def page(model: Any, name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def test_every_model_of_ours_wears_the_dress() -> None:
    import unfold.admin

    assert len(OURS) >= 9
    assert [model for model in OURS if not isinstance(admin.site._registry[model], unfold.admin.ModelAdmin)] == []


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_lists_and_forms_answer(staff: Client, model: Any) -> None:
    assert staff.get(page(model, "changelist")).status_code == 200
    assert staff.get(page(model, "changelist"), {"q": "a"}).status_code == 200
    row = model.objects.first()
    if row is not None:
        assert staff.get(page(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
def test_what_programs_write_nobody_edits(staff: Client, model: Any) -> None:
    assert staff.get(page(model, "add")).status_code == 403
    row = model.objects.first()
    if row is not None:
        assert staff.post(page(model, "change", row.pk), {}).status_code == 403
        assert staff.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", HISTORIC, ids=lambda model: model.__name__)
def test_a_persons_edit_is_in_the_history_with_before_and_after(staff: Client, model: Any) -> None:
    row = model.objects.first()
    history = staff.get(page(model, "history", row.pk))
    assert history.status_code == 200
    assert staff.get(page(model, "simple_history", row.pk, row.history.first().pk)).status_code == 200


def test_every_configuration_has_a_list_of_all_its_edits(staff: Client) -> None:
    assert len(HISTORIC) == 11
    for model in HISTORIC:
        answer = staff.get(page(model, "edits"))
        assert answer.status_code == 302
        assert staff.get(answer["Location"]).status_code == 200
    assert len(EDITS) == len(HISTORIC)
    assert all(
        reverse(f"admin:{each._meta.app_label}_{each._meta.model_name}_changelist") not in index(staff)
        for each in EDITS
    )


def index(client: Client) -> str:
    return client.get("/admin/").content.decode()


def test_an_edit_and_a_deletion_are_told_with_before_and_after(staff: Client) -> None:
    dx, es = (SignalStatValue.objects.get(instrument__symbol=symbol) for symbol in ("DX", "ES"))
    assert posted_form(staff, SignalStatValue, dx.pk, buy="0.5").status_code == 302
    assert staff.post(page(SignalStatValue, "delete", dx.pk), {"post": "yes"}).status_code == 302
    Instrument.objects.get(symbol="ES").delete()
    text = " ".join(staff.get(reverse("admin:signals_historicalsignalstatvalue_changelist")).content.decode().split())
    assert "buy 5 → 0.5" in text
    assert "strong buy 30, buy 0.5, sell -5, strong sell -30" in text
    assert text.count("a command") >= 11
    assert ">root<" in text
    assert f">no. {es.pk}<" in text


def posted_form(client: Client, model: Any, key: object, **changes: object) -> Any:
    """Post a model's form as it stands, with changes; returns the answer."""
    url = page(model, "change", key)
    form = client.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return client.post(url, {name: value for name, value in (values | changes).items() if value not in (None, False)})


def test_thresholds_are_edited_with_their_history(staff: Client) -> None:
    es = SignalStatValue.objects.get(instrument__symbol="ES")
    assert posted_form(staff, SignalStatValue, es.pk, buy="1.25").status_code == 302
    newest = es.history.first()
    assert (newest.history_user.username, newest.buy, newest.prev_record.buy) == ("root", Decimal("1.25"), Decimal(1))
    text = " ".join(staff.get(page(SignalStatValue, "history", es.pk)).content.decode().split())
    assert "Buy:" in text
    assert "> 1 </span>" in text
    assert "> 1.25 </span>" in text
    refused = posted_form(staff, SignalStatValue, es.pk, buy="6")
    assert "strong buy > buy >= 0" in html.unescape(str(refused.context["adminform"].form.errors))
    assert es.history.count() == 2


def test_thresholds_that_never_fire_are_said_in_the_list(staff: Client) -> None:
    first = date(2026, 1, 1)
    for symbol, change in (("DX", "0.2"), ("ES", "3")):
        for day in range(60):
            SignalDay.objects.create(
                symbol=symbol, trade_date=first + timedelta(days=day), net_change=Decimal(change), signal="HOLD",
                updated_at=datetime.now(UTC),
            )  # fmt: skip
    text = staff.get(page(SignalStatValue, "changelist")).content.decode()
    assert "DX: HOLD in over 95 % of the last 60 sessions. These thresholds never fire" in text
    assert "100.0 %: never fires" in text
    assert text.count("never fires") == 1


@pytest.mark.parametrize("model", [SignalWeight, TotalThresholds, GlobalConfig], ids=lambda model: model.__name__)
def test_rows_that_are_always_there_are_neither_added_nor_deleted(staff: Client, model: Any) -> None:
    row = model.objects.first()
    assert staff.get(page(model, "add")).status_code == 403
    assert staff.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_the_board_is_put_in_another_order(staff: Client) -> None:
    board = WatchList.objects.get()
    entries = list(board.entries.all())
    form = {"name": "board", "entries-TOTAL_FORMS": str(len(entries)), "entries-INITIAL_FORMS": str(len(entries))}
    for index, entry in enumerate(entries):
        form |= {
            f"entries-{index}-id": str(entry.pk), f"entries-{index}-watch_list": str(board.pk),
            f"entries-{index}-instrument": str(entry.instrument.pk), f"entries-{index}-position": str(20 - index),
        }  # fmt: skip
    form["entries-3-DELETE"] = "on"
    assert staff.post(page(WatchList, "change", board.pk), form).status_code == 302
    assert load_catalogue().board == ("ZB", "DX", "VX", "GC", "HG", "SI", "CL", "NQ", "ES", "YM")


def test_the_board_stays_and_keeps_its_name(staff: Client) -> None:
    board = WatchList.objects.get()
    assert staff.post(page(WatchList, "delete", board.pk), {"post": "yes"}).status_code == 403
    assert "name" not in staff.get(page(WatchList, "change", board.pk)).context["adminform"].form.fields
    mine = WatchList.objects.create(name="mine")
    assert "name" in staff.get(page(WatchList, "change", mine.pk)).context["adminform"].form.fields
    assert staff.post(page(WatchList, "delete", mine.pk), {"post": "yes"}).status_code == 302


def edited(client: Client, **changes: object) -> Any:
    """Post New York's form with changes; returns the answer."""
    url = page(Market, "change", Market.objects.get(country="USA").pk)
    form = client.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    posted = {name: value for name, value in (values | changes).items() if value not in (None, False)}
    return client.post(url, posted)


def test_a_person_sets_weight_and_switches(staff: Client) -> None:
    assert edited(staff, weight="0.3", enable_close_capture="on").status_code == 302
    usa = Market.objects.get(country="USA")
    assert (usa.weight, usa.enable_close_capture, usa.calendar) == (Decimal("0.3"), True, "XNYS")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"calendar": "XFOO"}, "XFOO is not one of the available choices"),
        ({"timezone_name": "Mars/Olympus"}, "is no time zone"),
        ({"weight": "-1"}, "greater than or equal to 0"),
        ({"weight": "1.5"}, "less than or equal to 1"),
    ],
)
def test_a_mistake_is_said_at_its_field(staff: Client, change: dict[str, str], says: str) -> None:
    answer = edited(staff, **change)
    assert answer.status_code == 200
    assert says in str(answer.context["adminform"].form.errors)


def test_the_calendars_to_choose_from_are_the_compiled_ones_and_those_in_use(staff: Client) -> None:
    form = staff.get(page(Market, "change", Market.objects.first().pk)).context["adminform"].form  # type: ignore[union-attr]
    choices = [name for name, _ in form.fields["calendar"].choices]
    assert {"XSHG", "XNYS", "cme_equity"} <= set(choices)


def test_a_feature_window_is_given_its_phases(staff: Client) -> None:
    posted = {"feature": "night", "phases": ["BREAK", "CLOSED"], "is_active": "on"}
    assert staff.post(page(FeatureWindow, "add"), posted).status_code == 302
    assert FeatureWindow.objects.get(feature="night").phases == ["BREAK", "CLOSED"]
    assert staff.post(page(FeatureWindow, "add"), posted | {"phases": ["NOON"]}).status_code == 200


def test_a_calendar_that_ends_soon_is_red(staff: Client) -> None:
    text = staff.get(page(CalendarEdition, "changelist")).content.decode()
    assert text.count("ends soon") == 1


def test_dates_are_written_so_that_they_sort(staff: Client) -> None:
    end = CalendarEdition.objects.get(calendar="XNYS").compiled_at
    assert f"{end:%Y-%m-%d %H:%M:%S}" in staff.get(page(CalendarEdition, "changelist")).content.decode()


def test_only_staff_comes_in(staff: Client) -> None:
    stranger = Client(SERVER_NAME=HOST)
    assert stranger.get("/admin/").status_code == 302
    stranger.force_login(get_user_model().objects.create_user("viewer"))
    assert stranger.get(page(Market, "changelist")).status_code == 302


def test_only_the_admin_may_compile_expressions(staff: Client) -> None:
    own = staff.get("/admin/").headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval';" in own
    assert "unsafe-inline" not in own.split("script-src")[1].split(";")[0]
    for path in ("/api/docs", "/adminx/", "/healthz"):
        assert "unsafe-eval" not in staff.get(path).headers["Content-Security-Policy"]


SEED = {"symbol": "ES", "high_52w": "6800", "low_52w": "4800.25", "reason": "the exchange's page"}


def test_a_seed_of_the_52_weeks_is_added_by_who_is_logged_in_and_never_changed(staff: Client) -> None:
    answer = staff.post(page(ExtremesSeed, "add"), SEED)
    assert answer.status_code == 302, answer.content.decode()
    row = ExtremesSeed.objects.get()
    assert row.made_by is not None
    assert (row.origin, row.made_by.username, row.low_52w) == ("admin", "root", Decimal("4800.25"))
    assert staff.post(page(ExtremesSeed, "change", row.pk), SEED).status_code == 403
    assert staff.post(page(ExtremesSeed, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"symbol": "XX"}, "XX is no instrument of this Thor."),
        ({"low_52w": "6801"}, "Wanted: all-time low <= low of 52 weeks"),
        ({"all_time_high": "6799"}, "Wanted: all-time low <= low of 52 weeks"),
        ({"high_52w": ""}, "This field is required."),
    ],
)
def test_a_seed_that_cannot_be_is_refused_in_one_line(staff: Client, change: dict[str, str], complaint: str) -> None:
    answer = staff.post(page(ExtremesSeed, "add"), SEED | change)
    assert complaint in html.unescape(answer.content.decode())
    assert not ExtremesSeed.objects.exists()


def test_a_difference_that_a_person_gives_is_not_measured_again(staff: Client) -> None:
    given = {
        "symbol": "ES", "from_contract": "ESZ25", "to_contract": "ESH26", "trade_date": "2025-12-12",
        "difference": "50.25", "measured": "both settlements",
    }  # fmt: skip
    assert staff.post(page(RollDifference, "add"), given).status_code == 302
    row = RollDifference.objects.get()
    assert (row.by_hand, row.difference) == (True, Decimal("50.25"))
    assert "50.25" in staff.get(page(RollDifference, "changelist")).content.decode()
