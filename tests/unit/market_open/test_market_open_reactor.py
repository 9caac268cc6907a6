"""Market opens at the desk where no case made by hand reaches: several markets, boards and wishes that change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from tests.open_support import (
    HOURS,
    MARKET,
    OPEN_US,
    SYMBOLS,
    OpenDesk,
    calendar,
    made_config,
    made_quote,
    made_settings,
    price,
    reactors,
    us,
)
from tests.unit.market_open.test_graded_cases import answers, board
from thor.desk.desk import Desk
from thor.market_open.capture import CaptureMissed, OutcomeResolved, RequestAnswered, SessionCaptured
from thor.market_open.config import CaptureRequest, CaptureRequests, GlobalSettings, MarketOpenSettings, MarketSettings
from thor.markets.calendar import Calendar, DayNote, MarketCalendars
from thor.quotes.reactor import Config
from thor.signals.config import SETTINGS, SignalSettings


def say(desk: OpenDesk, name: str = "up", instead: str | None = None) -> None:
    """A board of the made cases, a second before the open."""
    for seq, step in enumerate(board(name, instead, "-1"), start=1):
        desk.hear(made_quote(step.words, step.ts_us, seq, step.settlement), step.arrival_us)


def quote(desk: OpenDesk, offset: str, words: str) -> None:
    desk.hear(made_quote(words.split(), us(offset), 1_000 + us(offset), price("47300")), us(offset))


def made_markets(*names: str, sessions: Mapping[str, Calendar] | None = None) -> Config:
    """Markets that open at one instant in zones of their own."""
    zones = {"Germany": "Europe/Berlin", "Japan": "Asia/Tokyo", MARKET: "America/New_York"}
    made = [MarketSettings(name, name, zones[name], True, 60_000_000) for name in names]
    tables = sessions or {name: calendar(name, HOURS) for name in names}
    return {
        **made_config(MarketOpenSettings(GlobalSettings(), tuple(made))),
        MarketCalendars: MarketCalendars(tables, tuple((name, f"made {name}") for name in names)),
    }


def test_markets_that_open_at_one_instant_see_the_same_and_are_graded_apart() -> None:
    desk = OpenDesk(made_markets("Germany", "Japan", MARKET), dies=True)
    say(desk)
    quote(desk, "2", "YM 47408 47416 47412")
    desk.run_to(us("90"))
    found = desk.of(SessionCaptured)
    # Half past one in the afternoon in London is the evening in Tokyo.
    assert [each.session_id for each in found] == ["germany-2025-10-09", "japan-2025-10-09", "usa-2025-10-09"]
    prices = {each.session_id: [(row.symbol, row.last_price, row.entry_price) for row in each.rows] for each in found}
    assert len({str(each) for each in prices.values()}) == 1
    totals = [each for each in desk.of(OutcomeResolved) if each.symbol == "TOTAL"]
    assert [(each.country, each.resolution.outcome.value) for each in totals] == [
        ("Germany", "WORKED"), ("Japan", "WORKED"), (MARKET, "WORKED"),
    ]  # fmt: skip


def test_the_date_of_an_open_is_the_markets_own() -> None:
    sessions = {"Japan": calendar("Japan", ((5_400, 20_000),))}  # 15:00 UTC is midnight in Tokyo
    desk = OpenDesk(made_markets("Japan", sessions=sessions))
    desk.run_to(us("6000"))
    (missed,) = desk.of(CaptureMissed)
    assert missed.trade_date == date(2025, 10, 10)


def edited(leaves: str, comes: str = "") -> SignalSettings:
    """The board without an instrument, or with another in its place."""
    kept = tuple(each for each in SETTINGS.instruments if each.symbol != leaves)
    added = (replace(SETTINGS.instruments[0], symbol=comes),) if comes else ()
    return replace(SETTINGS, instruments=(*kept, *added))


@pytest.mark.parametrize("dies", [False, True])
def test_a_board_that_is_edited_while_a_capture_waits_is_captured_as_it_is_then(*, dies: bool) -> None:
    desk = OpenDesk(made_config(made_settings()), dies=dies)
    say(desk, instead="ZB none")
    desk.run_to(us("3"))
    desk.follow({SignalSettings: edited("RTY", "NEW")})
    desk.run_to(us("90"))
    assert [row.symbol for row in desk.session().rows] == [*(each for each in SYMBOLS if each != "RTY"), "NEW", "TOTAL"]
    assert desk.row("NEW").reason == "no quote"


def test_an_instrument_that_leaves_the_board_with_a_quote_of_after_the_open_is_forgotten() -> None:
    desk = OpenDesk(made_config(made_settings()), dies=True)
    say(desk)
    ahead = made_quote(["RTY", "2451.4", "2451.6", "2451.5"], us("0.5"), 99, price("2450"))
    desk.hear(ahead, us("-0.5"))
    desk.follow({SignalSettings: edited("RTY")})
    desk.run_to(us("90"))
    assert "RTY" not in {row.symbol for row in desk.session().rows}


def test_a_market_that_is_taken_away_while_its_capture_waits_is_captured_still() -> None:
    desk = OpenDesk(made_config(made_settings()))
    say(desk, instead="ZB none")
    desk.run_to(us("3"))
    desk.follow({MarketOpenSettings: MarketOpenSettings(GlobalSettings(), ())})
    desk.run_to(us("90"))
    assert (desk.session().session_id, desk.session().total.evaluation_window_sec) == ("usa-2025-10-09", 60)


def fresh(config: Config, offset: str) -> list[CaptureMissed]:
    """What a desk that never ran says has been missed as it starts."""
    desk = Desk(config[MarketCalendars].by_market, reactors(), us(offset))
    desk.start({}, config)
    effects, _ = desk.take()
    return [each for each in effects if isinstance(each, CaptureMissed)]


def test_a_desk_that_never_ran_says_what_it_missed() -> None:
    (missed,) = fresh(made_config(made_settings()), "600")
    assert (missed.country, missed.opened_us, missed.noted_us) == (MARKET, OPEN_US, us("600"))
    assert fresh(made_config(made_settings()), "-1") == []
    assert fresh(made_config(made_settings()), "30000") == []


def test_nobody_misses_what_nobody_wanted() -> None:
    assert fresh(made_config(made_settings(captures=False)), "600") == []
    assert fresh(made_config(made_settings(GlobalSettings(capture_enabled=False))), "600") == []


def test_a_session_outside_the_usual_days_is_not_captured() -> None:
    day = date(2025, 10, 9)
    plain = calendar(MARKET, HOURS)
    holiday = Calendar(
        MARKET, "UTC", [_interval(plain)], {day: DayNote("Muhurat", True, False, False)},
        plain.first_us, plain.end_us,
    )  # fmt: skip
    config = made_markets(MARKET, sessions={MARKET: holiday})
    desk = OpenDesk(config)
    say(desk)
    desk.run_to(us("90"))
    assert desk.of(SessionCaptured, CaptureMissed) == [] and fresh(config, "600") == []


def _interval(plain: Calendar) -> object:
    from thor.markets.calendar import Interval, IntervalPhase

    turn, close = plain.transitions(plain.first_us, plain.end_us - 1)
    return Interval(turn.trade_date, IntervalPhase.REGULAR, turn.at_us, close.at_us)


def wishes(*found: tuple[int, str]) -> Config:
    return {CaptureRequests: CaptureRequests(tuple(CaptureRequest(*each) for each in found))}


def test_a_wish_is_answered_once_however_often_it_is_told_and_the_desk_dies() -> None:
    desk = OpenDesk(made_config(made_settings()), dies=True)
    say(desk)
    desk.run_to(us("10"))
    desk.follow(wishes((1, MARKET), (2, "Atlantis")))
    desk.follow(wishes((1, MARKET), (2, "Atlantis"), (3, MARKET)))
    desk.follow({MarketOpenSettings: made_settings(window_us=5_000_000), **wishes((1, MARKET), (3, MARKET))})
    said = {each.request_id: (each.session_id, each.answer) for each in desk.of(RequestAnswered)}
    assert len(desk.of(RequestAnswered)) == 3
    assert said[1] == said[3] == ("usa-2025-10-09", "captured already as usa-2025-10-09")
    assert said[2] == ("", "Atlantis is no market that the clock follows")


def test_a_wish_that_is_taken_back_is_not_fulfilled() -> None:
    desk = OpenDesk(made_config(made_settings()), dies=True)
    desk.run_to(us("60"))
    desk.follow(wishes((1, MARKET)))
    desk.follow(wishes())
    quote(desk, "61", "YM 47380 47388 47384")
    desk.run_to(us("90"))
    assert desk.of(SessionCaptured, RequestAnswered) == []


def test_a_wish_is_fulfilled_with_the_quotes_of_a_later_look() -> None:
    desk = OpenDesk(made_config(made_settings()), dies=True)
    desk.run_to(us("60"))
    desk.follow(wishes((1, MARKET), (2, MARKET)))
    quote(desk, "61", "YM 47380 47388 47384")
    desk.run_to(us("90"))
    assert (desk.session().captured_us, desk.session().kind.value) == (us("66"), "MANUAL")
    assert [(each.request_id, each.answer) for each in desk.of(RequestAnswered)] == [(1, "captured"), (2, "captured")]


def test_captures_are_off_for_wishes_too() -> None:
    desk = OpenDesk(made_config(made_settings(GlobalSettings(capture_enabled=False))))
    desk.run_to(us("60"))
    desk.follow(wishes((1, MARKET)))
    assert [each.answer for each in desk.of(RequestAnswered)] == ["captures are switched off"]


def test_the_next_dates_open_is_captured_while_the_last_one_is_graded() -> None:
    day = 86_400
    config = made_config(made_settings(window_us=2 * day * 1_000_000), ((0, 3_600), (day, day + 3_600)))
    desk = OpenDesk(config)
    say(desk)
    for seq, step in enumerate(board("down", None, str(day - 1)), start=100):
        desk.hear(made_quote(step.words, step.ts_us, seq, step.settlement), step.arrival_us)
    quote(desk, str(day + 1), "YM 47408 47412 47410")
    names = [each.session_id for each in desk.of(SessionCaptured)]
    assert names == ["usa-2025-10-09", "usa-2025-10-10"]
    ended = {(each.session_id, each.symbol): each.resolution.outcome.value for each in desk.of(OutcomeResolved)}
    # Thursday's BUY works where Friday's SELL of 47380 is stopped.
    assert ended["usa-2025-10-09", "TOTAL"] == "WORKED" and ended["usa-2025-10-10", "TOTAL"] == "DIDNT_WORK"


def test_the_cases_are_enough() -> None:
    assert len(answers()["cases"]) >= 70
