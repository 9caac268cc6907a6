"""The whole desk over a recording in one process: no bus, no worker, no commit; and its rows beside a replay's.

``python -m tests.in_process FILE[:FILE...] FROM_US UNTIL_US [SYMBOL...]``, with the environment of a Thor that has
instruments and calendars, prints them as JSON lines.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.replay_support import SESSION_COLUMNS
from tests.support import CHECKOUT
from thor.market_open.capture import OUTCOME_COLUMNS

if TYPE_CHECKING:
    from tests.replay_support import Site
    from thor.quotes.reactor import Effect

#: The rows of each kind, what the replay left of them, and its columns; of an entry its tick's time and seq.
REACTOR_ROWS = {
    "SessionBaseline": ("baselines", "symbol trade_date source settlement previous_close open at from_stream_id"),
    "SignalChange": ("signals", "symbol at signal_from signal_to net_change entry_id"),
    "SignalDay": ("days", "symbol trade_date baseline baseline_from net_change signal quotes updated_at"),
    "QuoteQuality": (
        "quality",
        "symbol trade_date good suspect crossed zero negative spike out_of_order stale levels last_suspect"
        " last_reasons",
    ),
    "VwapMinute": (
        "vwap", "symbol minute trade_date last_price cumulative_volume delta_volume vwap is_restart",
    ),
    "IntradayMetric": (
        "metrics",
        "market trade_date symbol opened updated market_open market_high_open market_high_pct_open market_low_open"
        " market_low_pct_open closed market_close market_high_pct_close market_low_pct_close market_close_vs_open_pct"
        " market_range market_range_pct session_volume",
    ),
    "DailyRange": ("ranges", "symbol trade_date high low last"),
    "Rolling52WeekStats": (
        "year",
        "symbol high_52w high_52w_date low_52w low_52w_date last_price_checked all_time_high all_time_high_date"
        " all_time_low all_time_low_date last_updated",
    ),
    "MarketSession": ("sessions", f"session_number {' '.join(SESSION_COLUMNS)} quote_stream_id deciding_stream_id"),
    "MissedCapture": ("misses", "country trade_date opened_at noted_at error"),
}  # fmt: skip


#: How a row says that its trade is not over.
_NO_OUTCOME = {
    name: "" if name in ("target_hit_type", "resolution_reason", "deciding_stream_id", "deciding_source") else None
    for name in OUTCOME_COLUMNS
}


def told(value: Any) -> str:
    """A value of a table or of a printed row, comparable."""
    try:
        return format(Decimal(str(value)).normalize(), "f")
    except InvalidOperation:
        return str(value)


def rows(
    paths: Sequence[Path], from_us: int, until_us: int, symbols: list[str]
) -> Iterator[tuple[str, dict[str, object]]]:
    """(table, columns) of everything that the reactors say of the recording, the newest of each key."""
    from thor.desk.backfill import new_desk
    from thor.desk.worker import all_reactors
    from thor.history.recording_file import open_recording
    from thor.history.services import known_groups
    from thor.history.tape import FileTape
    from thor.quotes.quote import decode
    from thor.quotes.reactor import Row
    from thor.quotes.rows import columns

    groups = known_groups()
    tape = FileTape(open_recording(paths, symbols, []), groups, from_us, until_us)
    desk = new_desk(all_reactors(), from_us - 1)
    for cue in tape.cues():
        quote = decode(cue.event.payload)
        desk.hear(f"{quote.ts_us}/{quote.seq}", quote, quote.ts_us, 0)
    desk.advance(until_us, 0)
    effects, _ = desk.take()
    for row in [*(each for each in effects if isinstance(each, Row)), *desk.rows()]:
        yield type(row).__name__, columns(row)
    yield from opens(effects)


def opens(effects: Sequence[Effect]) -> Iterator[tuple[str, dict[str, object]]]:
    """(table, columns) of market opens: what the desk's handlers make of their effects."""
    from thor.market_open.capture import CaptureMissed, OutcomeResolved, SessionCaptured, outcome_columns
    from thor.markets.trade_date import utc
    from thor.quotes.rows import columns

    numbers: Counter[str] = Counter()
    captured: dict[tuple[str, str], dict[str, object]] = {}
    for effect in effects:
        if isinstance(effect, SessionCaptured):
            numbers[effect.country] += 1
            for row in effect.rows:
                before = {"session_number": numbers[effect.country], **_NO_OUTCOME, **columns(row)}
                captured[effect.session_id, row.symbol] = before
        elif isinstance(effect, OutcomeResolved):
            captured[effect.session_id, effect.symbol] |= outcome_columns(effect.resolution, effect.captured_us)
        elif isinstance(effect, CaptureMissed):
            noted = {"noted_at": utc(effect.noted_us), "opened_at": utc(effect.opened_us), "error": effect.error}
            yield "MissedCapture", {"country": effect.country, "trade_date": effect.trade_date, **noted}
    yield from (("MarketSession", row) for row in captured.values())


def heard_in_process(
    site: Site, path: Path | Sequence[Path], from_us: int, until_us: int, *symbols: str
) -> dict[str, list[list[str]]]:
    """Kind of row -> its rows, sorted, as one process comes to them."""
    files = os.pathsep.join(map(str, [path] if isinstance(path, Path) else path))
    words = [sys.executable, "-m", "tests.in_process", files, str(from_us), str(until_us), *symbols]
    done = subprocess.run(words, env=site.environ, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[list[str]]] = {kind: [] for kind in REACTOR_ROWS}
    for line in done.stdout.splitlines():
        kind, values = json.loads(line)
        found[kind].append([told(_place(name, values[name])) for name in REACTOR_ROWS[kind][1].split()])
    return {kind: sorted(each) for kind, each in found.items()}


def left_by_replay(left: Mapping[str, list[tuple[Any, ...]]]) -> dict[str, list[list[str]]]:
    """The same of what a replay left in its tables."""
    return {
        kind: sorted([told(each) for each in _with_place(names.split(), row)] for row in left[name])
        for kind, (name, names) in REACTOR_ROWS.items()
    }


def _place(name: str, value: Any) -> Any:
    """Of an entry in one process: ``<ts>/<seq>``; None before the first, and of none."""
    if name in ("from_stream_id", "entry_id", "quote_stream_id", "deciding_stream_id"):
        return None if value in ("0-0", "") else value
    return value


def _with_place(columns: list[str], row: tuple[Any, ...]) -> list[Any]:
    """The tick of an entry as one value, as in one process."""
    if columns[-1] not in ("from_stream_id", "entry_id"):
        return list(row)
    from thor.markets.trade_date import epoch_us

    *values, ts, seq = row
    return [*values, None if ts is None else f"{epoch_us(ts)}/{seq}"]


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor.config.settings")
    django.setup()
    for table, values in rows(
        [*map(Path, sys.argv[1].split(os.pathsep))], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    ):
        print(json.dumps([table, {name: None if each is None else str(each) for name, each in values.items()}]))
