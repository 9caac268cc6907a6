"""Another program for the same calendars: minute by minute, from the libraries and overrides.yaml read on its own.

It shares no code with ``thor`` and goes another way: exchange-calendars' list of all trading minutes and
pandas-market-calendars' valid days and special closes (not their schedules), one array of a byte a minute for all the
years, and trade dates by search in ``CME_TradeDate``. Made to judge ``thor/markets/compile.py``.

    python tests/answers/other_calendars.py    # writes docs/reference/calendar-differences.md
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import exchange_calendars as xc
import numpy as np
import pandas as pd
import pandas_market_calendars as pmc
import yaml
from dateutil.easter import easter
from dateutil.relativedelta import FR, MO, TH, relativedelta

CHECKOUT = Path(__file__).resolve().parents[2]
OVERRIDES = CHECKOUT / "thor" / "markets" / "overrides.yaml"
DIFFERENCES = CHECKOUT / "docs" / "reference" / "calendar-differences.md"
FIRST, LAST = dt.date(2007, 1, 1), dt.date(2028, 12, 31)
EXCHANGES = ("XTKS", "XSHG", "XBOM", "XFRA", "XAMS", "XLON", "PRE_USA", "XNYS", "XTSE", "XMEX")
PRODUCTS = {
    "cme_equity": "CMEGlobex_Equities" if "CMEGlobex_Equities" in pmc.get_calendar_names() else "CME Globex Equity",
    "cbot_rates": "CME Globex Interest Rate Products",
    "cme_metals_energy": "CMEGlobex_GC",
    "cfe_vx": "CFE",
    "ice_dx": "ICEUS",
}
NAMES = (*EXCHANGES, *PRODUCTS)
KNOWN_TO = {"XSHG": dt.date(2026, 12, 31), "XBOM": dt.date(2026, 12, 31)}
SHUT, PRE, REGULAR, BREAK, POST, MAINTENANCE = range(6)
CODES = {"pre": PRE, "regular": REGULAR, "break": BREAK, "post": POST, "maintenance": MAINTENANCE}
DAY = dt.timedelta(days=1)
#: Business days of a group that CME_TradeDate, which follows New York's holidays, does not have, and the reverse.
PAYROLL = ["2010-04-02", "2012-04-06", "2015-04-03", "2021-04-02", "2023-04-07", "2026-04-03"]
MOURNING = ["2018-12-05", "2025-01-09"]
_GOOD_FRIDAY = "employment report on Good Friday: a session of its own"
_OPEN = "a national day of mourning on which this group traded"
_SANDY = "Hurricane Sandy: this market was shut"
DATE_DIFFERENCES: dict[str, dict[str, str]] = {
    "cme_equity": dict.fromkeys(PAYROLL, _GOOD_FRIDAY),
    "cbot_rates": {
        **dict.fromkeys(["2007-04-06", *PAYROLL], _GOOD_FRIDAY), **dict.fromkeys(["2007-01-02", "2025-01-09"], _OPEN)
    },
    "cme_metals_energy": dict.fromkeys(MOURNING, _OPEN),
    "cfe_vx": dict.fromkeys(["2012-10-29", "2012-10-30"], _SANDY),
    "ice_dx": {**dict.fromkeys(MOURNING, _OPEN), "2012-10-29": _SANDY},
}  # fmt: skip


@dataclass
class Day:
    """A session while entries change it: its parts (code, begin, end) in minutes from midnight of ``zone``."""

    parts: list[tuple[int, int, int]]
    zone: str
    short: int | None = None
    late: int | None = None
    entry: int | None = None


@dataclass
class Timeline:
    """A byte a minute from ``start`` (epoch minutes), and for each minute in session the ordinal of its date."""

    name: str
    zone: str
    start: int
    phases: np.ndarray
    dates: np.ndarray
    library: dict[dt.date, Day]
    days: dict[dt.date, Day] = field(default_factory=dict)
    #: Days without a session because an entry says so.
    closed: dict[dt.date, int] = field(default_factory=dict)


def entries() -> list[dict[str, Any]]:
    return yaml.safe_load(OVERRIDES.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


# --- days by name, with dateutil ---


def observed(day: dt.date) -> dt.date:
    return {5: day - DAY, 6: day + DAY}.get(day.weekday(), day)


def named(name: str, year: int) -> dt.date | None:
    jan, thanks = dt.date(year, 1, 1), dt.date(year, 11, 1) + relativedelta(weekday=TH(4))
    eve = dt.date(year, 12, 24)
    return {
        "Martin Luther King Day": jan + relativedelta(weekday=MO(3)),
        "Presidents' Day": dt.date(year, 2, 1) + relativedelta(weekday=MO(3)),
        "Good Friday": easter(year) + relativedelta(weekday=FR(-1)),
        "Memorial Day": dt.date(year, 5, 31) + relativedelta(weekday=MO(-1)),
        "Juneteenth": observed(dt.date(year, 6, 19)) if year > 2021 else None,
        "Independence Day": observed(dt.date(year, 7, 4)),
        "Labor Day": dt.date(year, 9, 1) + relativedelta(weekday=MO(1)),
        "Thanksgiving": thanks,
        "Day after Thanksgiving": thanks + DAY,
        "Christmas Eve": eve if eve.weekday() < 4 else None,
    }[name]


def days_of(entry: dict[str, Any], last: dt.date) -> list[dt.date]:
    every = [stamp.date() for stamp in pd.date_range(FIRST, last)]
    if "days" in entry:
        chosen: set[dt.date | None] = set()
        for each in entry["days"]:
            if isinstance(each, dt.date):
                chosen.add(each)
            elif each[:2].isdigit():
                chosen |= {dt.date(year, int(each[:2]), int(each[3:])) for year in range(FIRST.year, last.year + 1)}
            else:
                chosen |= {named(each, year) for year in range(FIRST.year, last.year + 1)}
        every = [day for day in every if day in chosen]
    since, until = entry.get("from", FIRST), entry.get("until", last)
    weekdays = entry.get("weekdays", ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
    return [day for day in every if since <= day <= until and f"{day:%a}" in weekdays]


# --- what the libraries say ---


def exchange(name: str, last: dt.date) -> tuple[str, dict[dt.date, Day]]:
    """From the list of all trading minutes: runs of them are the parts, what lies between two is a break."""
    library = "XNYS" if name == "PRE_USA" else name
    calendar = xc.get_calendar(library, start=str(FIRST), end=str(last), side="left")
    zone = str(calendar.tz)
    if name == "PRE_USA":
        return zone, {day.date(): Day([(REGULAR, 510, 570)], zone) for day in calendar.sessions}
    local = calendar.minutes.tz_convert(zone)
    ordinals = local.normalize().tz_localize(None).to_numpy().astype("datetime64[D]").astype(int)
    minutes = (local.hour * 60 + local.minute).to_numpy()
    starts = np.flatnonzero(np.diff(ordinals * 10_000 + minutes, prepend=-5) != 1)
    ends = np.append(starts[1:], len(minutes)) - 1
    found: dict[dt.date, Day] = {}
    for begin, end in zip(starts, ends, strict=True):
        day = dt.date(1970, 1, 1) + int(ordinals[begin]) * DAY
        session = found.setdefault(day, Day([], zone))
        if session.parts:
            session.parts.append((BREAK, session.parts[-1][2], int(minutes[begin])))
        session.parts.append((REGULAR, int(minutes[begin]), int(minutes[end]) + 1))
    for stamp in calendar.early_closes:
        found[stamp.date()].short = found[stamp.date()].parts[-1][2]
    if name == "XNYS":
        for session in found.values():
            close = session.parts[-1][2]
            session.parts = [(PRE, 240, 570), *session.parts, (POST, close, 1200 if close == 960 else 1020)]
            session.short = 1020 if close != 960 else None
    return zone, found


def product(name: str, last: dt.date) -> tuple[str, dict[dt.date, Day]]:
    """From the valid days, the usual hours, and the special closes."""
    calendar = pmc.get_calendar(PRODUCTS[name])
    zone = "America/New_York" if name == "ice_dx" else "America/Chicago"
    (_, opens, *offset), (_, closes, *_) = (
        calendar.regular_market_times[key][-1] for key in ("market_open", "market_close")
    )
    begin = opens.hour * 60 + opens.minute + 1440 * (offset[0] if offset else 0)
    special = calendar.special_dates("market_close", str(FIRST), str(last))
    found = {}
    for stamp in calendar.valid_days(str(FIRST), str(last)):
        found[stamp.date()] = Day([(REGULAR, begin, closes.hour * 60 + closes.minute)], zone)
    for stamp, close in special.items():
        close = close.tz_convert(zone)
        minute = close.hour * 60 + close.minute
        if stamp.date() in found:
            found[stamp.date()] = Day([(REGULAR, begin, minute)], zone, short=minute)
    return zone, found


# --- the two together ---


def minute_of(text: str) -> int:
    sign, text = (-1440, text[1:]) if text[0] == "-" else (0, text)
    return sign + int(text[:2]) * 60 + int(text[3:])


def parts_of(text: str) -> list[tuple[int, int, int]]:
    words = text.split()
    return [(CODES[words[n + 1]], minute_of(words[n]), minute_of(words[n + 2])) for n in range(0, len(words) - 1, 2)]


def timeline(name: str) -> Timeline:
    """A calendar from FIRST to LAST, or to where its library ends."""
    last = KNOWN_TO.get(name, LAST)
    zone, library = (product if name in PRODUCTS else exchange)(name, last)
    start, end = (int(pd.Timestamp(day).tz_localize(zone).timestamp()) // 60 for day in (FIRST, last + DAY))
    made = Timeline(name, zone, start, np.zeros(end - start, np.uint8), np.zeros(end - start, np.int32), library)
    made.days = {day: Day(list(each.parts), each.zone, each.short) for day, each in library.items()}
    for place, entry in enumerate(entries()):
        calendars = entry["calendar"]
        if name in (calendars if isinstance(calendars, list) else [calendars]):
            for day in days_of(entry, last):
                change(made, day, entry, place)
    paint(made)
    return made


def change(made: Timeline, day: dt.date, entry: dict[str, Any], place: int) -> None:
    zone, here = entry.get("zone", made.zone), made.days.get(day)
    if entry.get("closed"):
        made.days.pop(day, None)
        made.closed[day] = place
    elif "session" in entry:
        made.days[day] = Day(parts_of(entry["session"]), zone, entry=place)
    elif here is None:
        return
    elif "hours" in entry:
        here.parts, here.zone, here.entry = parts_of(entry["hours"]), zone, place
    elif "close" in entry:
        here.short, here.entry = minute_of(entry["close"]), place
    elif "open" in entry:
        here.late, here.entry = minute_of(entry["open"]), place


def left_of(day: Day) -> list[tuple[int, int, int]]:
    """The parts after the early close and the late open."""
    short, late = (day.short if day.short is not None else 9999), (day.late if day.late is not None else -9999)
    cut = [(code, max(begin, late), min(end, short)) for code, begin, end in day.parts]
    return [(code, begin, end) for code, begin, end in cut if begin < end]


def paint(made: Timeline) -> None:
    rows = [(day, each.zone, *part) for day, each in made.days.items() for part in left_of(each)]
    frame = pd.DataFrame(rows, columns=["day", "zone", "code", "begin", "end"])
    frame["begin"], frame["end"] = utc_minutes(frame, "begin"), utc_minutes(frame, "end")
    turns = turns_of(made.name)
    for row in frame.sort_values("begin").itertuples():
        span = slice(row.begin - made.start, row.end - made.start)
        assert not made.phases[span].any(), (made.name, row)
        made.phases[span] = row.code
        made.dates[span] = (
            row.day.toordinal() if turns is None else turns[1][np.searchsorted(turns[0], row.begin, "right")]
        )
    for row in frame[frame.code == MAINTENANCE].itertuples():
        if made.phases[row.end - made.start] != REGULAR:
            made.phases[row.begin - made.start : row.end - made.start] = SHUT


def utc_minutes(frame: pd.DataFrame, column: str) -> pd.Series:
    found = pd.Series(0, index=frame.index, dtype="int64")
    for zone, part in frame.groupby("zone"):
        local = pd.DatetimeIndex(part["day"]) + pd.to_timedelta(part[column], unit="min")
        found[part.index] = (
            local.dt.tz_localize(zone)
            .dt.tz_convert("UTC")
            .dt.tz_localize(None)
            .to_numpy()
            .astype("datetime64[m]")
            .astype("int64")
        )
    return found


def turns_of(name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Of a product group: when each trade date ends, in epoch minutes, and its ordinal. None for an exchange."""
    if name not in PRODUCTS:
        return None
    valid = {stamp.date() for stamp in pmc.get_calendar("CME_TradeDate").valid_days(str(FIRST), str(LAST + 30 * DAY))}
    days = pd.DatetimeIndex(sorted(valid ^ {dt.date.fromisoformat(day) for day in DATE_DIFFERENCES[name]}))
    zone, hour = ("America/New_York", 20) if name == "ice_dx" else ("America/Chicago", 17)
    ends = (days + pd.Timedelta(hours=hour)).tz_localize(zone).tz_convert("UTC").tz_localize(None)
    ordinals = np.array([stamp.toordinal() for stamp in days])
    return ends.to_numpy().astype("datetime64[m]").astype("int64"), ordinals


def transitions(made: Timeline) -> list[tuple[str, int, int]]:
    """(OPEN or CLOSE, epoch minute, ordinal of the session's date) wherever the status changes."""
    on = np.where((made.phases == REGULAR) | (made.phases == BREAK), made.dates, 0)
    edges = np.flatnonzero(np.diff(on, prepend=0, append=0))
    found = []
    for edge in edges:
        before, after = (on[edge - 1] if edge else 0), (on[edge] if edge < len(on) else 0)
        found += [("CLOSE", made.start + int(edge), int(before))] if before else []
        found += [("OPEN", made.start + int(edge), int(after))] if after else []
    return found


# --- every difference from the library, with its reason ---


def hours_text(day: Day | None) -> str:
    """Trading hours as text; maintenance and breaks are gaps."""
    parts = [part for part in (left_of(day) if day else []) if part[0] in (REGULAR, PRE, POST)]
    runs: list[list[int]] = []
    for _, begin, end in parts:
        if runs and runs[-1][1] == begin:
            runs[-1][1] = end
        else:
            runs.append([begin, end])
    zone = f" {day.zone.split('/')[1].replace('_', ' ')}" if day and day.zone in ("America/New_York",) and runs else ""
    text = ", ".join(f"{clock(begin)}-{clock(end)}" for begin, end in runs)
    return f"{text}{zone}" if text else "closed"


def clock(minute: int) -> str:
    return f"{'-' if minute < 0 else ''}{minute % 1440 // 60:02}:{minute % 60:02}"


def differences(made: Timeline) -> Iterator[tuple[dt.date, str, str, int | None]]:
    """(day, the library's hours, ours, the entry that makes the difference) of each day that differs."""
    for day in sorted({*made.library, *made.days}):
        theirs, ours = hours_text(made.library.get(day)), hours_text(made.days.get(day))
        if theirs != ours:
            yield day, theirs, ours, made.days[day].entry if day in made.days else made.closed.get(day)


def report(made: list[Timeline]) -> str:
    lines = [
        "# Where our calendars differ from the libraries", "",
        "Made by `tests/answers/other_calendars.py`, another program than the one that compiles the calendars; do not",
        f"edit. Every day from {FIRST} to {LAST}, or to the calendar's horizon. Times are local to the calendar unless",
        "a city is named; a minus is the evening before. A calendar without a row follows its library on every day.",
        "Libraries have no maintenance, and it is not listed. Sources are in `thor/markets/overrides.yaml`.", "",
    ]  # fmt: skip
    book = entries()
    for each in made:
        rows = list(differences(each))
        lines += [
            f"## {each.name}",
            "",
            f"{len(rows):,} days of {len(each.days):,} sessions differ." if rows else "None.",
            "",
        ]
        if rows:
            lines += ["| days | from | to | library | Thor | reason |", "|---|---|---|---|---|---|"]
        grouped = groupby(sorted(rows, key=lambda row: (row[3], row[1:3], row[0])), key=lambda row: (row[3], row[1:3]))
        for (place, (theirs, ours)), found in grouped:
            days = [row[0] for row in found]
            reason = book[place]["reason"] if place is not None else "UNEXPLAINED"
            lines.append(f"| {len(days):,} | {days[0]} | {days[-1]} | {theirs} | {ours} | {' '.join(reason.split())} |")
        lines += [""] if rows else []
    lines += [
        "## Trade dates",
        "",
        "Against `CME_TradeDate` of pandas-market-calendars, which has one list for all groups.",
        "",
    ]
    lines += ["| group | date | CME_TradeDate | Thor | reason |", "|---|---|---|---|---|"]
    for name, found_dates in DATE_DIFFERENCES.items():
        for date, reason in sorted(found_dates.items()):
            is_theirs = reason == _SANDY
            lines.append(f"| {name} | {date} | {_yes(is_theirs)} | {_yes(not is_theirs)} | {reason} |")
    return "\n".join([*lines, ""])


def _yes(is_date: bool) -> str:
    return "a trade date" if is_date else "none"


if __name__ == "__main__":
    DIFFERENCES.write_text(report([timeline(name) for name in NAMES]), encoding="utf-8")
