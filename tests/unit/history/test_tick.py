"""Rows of ``ticks``: the slow twin, line by line, and the weeks they are kept in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from thor.history.tick import COLUMNS, read_entry, stream_id_of, ts_us_of
from thor.history.week import week, week_number
from thor.quotes.quote import QuoteRefusedError, Reason, format_ts

# Thursday 2025-10-09 13:31:15.123456 UTC
NOW_US = 1_760_016_675_123_456
ID = f"{NOW_US // 1000}-0"
GROUP = {"ES": "cme_equity", "DX": "ice_dx"}


def payload(**changes: object) -> bytes:
    event = {"v": 1, "symbol": "ES", "ts": format_ts(NOW_US), "source": "TOS", "last": 5342.25} | changes
    return json.dumps(event).encode()


def columns(event: bytes, symbol: bytes = b"ES", stream_id: str = ID) -> dict[str, str]:
    line = read_entry(stream_id, [b"s", symbol, b"e", event], GROUP).line
    assert line.endswith(b"\n")
    return dict(zip(COLUMNS, line[:-1].decode().split("\t"), strict=True))


def test_every_column_of_a_full_event() -> None:
    event = (
        b'{"v":1,"symbol":"ES","ts":"2025-10-09T13:31:15.123456Z","source":"TOS","last":5342.00,"bid":5341.75,"ask":5342.25,'
        b'"lastSize":1,"bidSize":2,"askSize":3,"volume":123456,"open":5300.50,"high":5350,"low":5290,"close":5310.25,'
        b'"change":31.75,"settlement":5310.00,"recv":"2025-10-09T13:31:15.200000Z","seq":42,"condition":"@","venue":"CME",'
        b'"new":[1,2.50],"meta":{"contract":"ESZ25"}}'
    )
    found = columns(event)
    assert json.loads(found.pop("extra"), parse_float=Decimal) == {
        "open": Decimal("5300.50"), "high": 5350, "low": 5290, "close": Decimal("5310.25"), "change": Decimal("31.75"),
        "settlement": Decimal("5310.00"), "recv": "2025-10-09T13:31:15.200000Z", "new": [1, Decimal("2.50")],
        "meta": {"contract": "ESZ25"},
    }  # fmt: skip
    assert found == {
        "symbol": "ES", "ts": "2025-10-09T13:31:15.123456Z", "last": "5342.00", "bid": "5341.75", "ask": "5342.25",
        "last_size": "1", "bid_size": "2", "ask_size": "3", "volume": "123456", "source": "TOS", "cond": "@",
        "venue": "CME", "seq": "42", "trade_date": "2025-10-09", "stream_id": ID,
    }  # fmt: skip


def test_what_is_missing_is_null_and_text_is_escaped() -> None:
    found = columns(payload(venue="a\\b", note="é\\"))
    assert found["bid"] == found["seq"] == found["cond"] == "\\N"
    assert found["venue"] == "a\\\\b"
    assert json.loads(found["extra"].replace("\\\\", "\\")) == {"note": "é\\"}
    assert columns(payload())["extra"] == "\\N"


def test_the_trade_date_follows_the_product_group() -> None:
    # 22:30 UTC is 17:30 in Chicago, where the next date has begun, and 18:30 in New York, where DX's has not.
    late = "2025-10-09T22:30:00.000000Z"
    stream_id = f"{NOW_US // 1000 + 9 * 3_600_000}-0"
    assert columns(payload(ts=late), stream_id=stream_id)["trade_date"] == "2025-10-10"
    assert columns(payload(ts=late, symbol="DX"), b"DX", stream_id)["trade_date"] == "2025-10-09"


def test_age_is_judged_at_the_entrys_own_time() -> None:
    assert columns(payload(ts=format_ts(NOW_US - 6 * 86_400_000_000)))
    with pytest.raises(QuoteRefusedError) as refused:
        columns(payload(ts=format_ts(NOW_US - 8 * 86_400_000_000)))
    assert refused.value.reason is Reason.TOO_OLD


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ([b"s", b"ES"], Reason.BAD_ENTRY),
        ([b"e", payload(), b"s", b"ES"], Reason.BAD_ENTRY),
        ([b"s", b"ES", b"e", payload(), b"x", b"y"], Reason.BAD_ENTRY),
        ([b"s", b"YM", b"e", payload()], Reason.SYMBOL_MISMATCH),
        ([b"s", b"ZZ", b"e", payload(symbol="ZZ")], Reason.UNKNOWN_SYMBOL),
        ([b"s", b"ES", b"e", payload(last=None)], Reason.NO_PRICE),
        ([b"s", b"ES", b"e", b"{"], Reason.NOT_JSON),
    ],
)
def test_what_is_no_tick_is_refused(fields: list[bytes], reason: Reason) -> None:
    with pytest.raises(QuoteRefusedError) as refused:
        read_entry(ID, fields, GROUP)
    assert refused.value.reason is reason


def test_a_line_tells_its_id_and_time() -> None:
    line = read_entry(ID, [b"s", b"ES", b"e", payload()], GROUP).line
    assert stream_id_of(line) == ID
    assert ts_us_of(line) == NOW_US


def test_weeks_begin_on_saturday_and_are_named_after_their_monday() -> None:
    number = week_number(NOW_US)
    found = week(number)
    assert found.name == "ticks_w20251006"
    assert found.start == datetime(2025, 10, 4, tzinfo=UTC)
    assert found.end == datetime(2025, 10, 11, tzinfo=UTC)
    assert week(number + 1).start == found.end


def test_no_session_is_cut_by_a_week() -> None:
    """The last session of a week has ended, and the next has not begun, at each boundary of ten years."""
    chicago, new_york = ZoneInfo("America/Chicago"), ZoneInfo("America/New_York")
    for number in range(week_number(NOW_US) - 260, week_number(NOW_US) + 260):
        boundary = week(number).start
        friday, sunday = boundary.date() - timedelta(days=1), boundary.date() + timedelta(days=1)
        last = max(datetime.combine(friday, time(16), chicago), datetime.combine(friday, time(18), new_york))
        first = min(datetime.combine(sunday, time(17), chicago), datetime.combine(sunday, time(18), new_york))
        assert last <= boundary <= first
