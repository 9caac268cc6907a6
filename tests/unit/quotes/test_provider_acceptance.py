"""The one list that every provider must pass; a new provider adds a case here and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from thor.instruments.instrument import BY_SYMBOL
from thor.quotes.collector import Collector
from thor.quotes.fakes import MemoryQuoteBus
from thor.quotes.health import SourceState
from thor.quotes.provider import (
    PROVIDERS,
    Provider,
    ProviderConfigError,
    ProviderSettings,
    make_provider,
    make_providers,
    provider_class,
)
from thor.quotes.providers.excel import ExcelLiveProvider
from thor.quotes.quote import Quote, accept
from thor.runtime.environment import PROVIDERS as NAMES_IN_SETTINGS
from thor.runtime.fakes import FixedClock
from thor.vendors.excel.sheet import SheetError

KNOWN = frozenset(BY_SYMBOL)
HEADER = ["Symbol", "Last", "Bid", "Ask", "BidSize", "AskSize", "Volume"]


def sheet_rows(last: object = 6719.5) -> list[list[object]]:
    return [
        HEADER,
        ["/ES:XCME", last, 6719.25, 6719.5, 12, 9, 1000],
        ["/YM:XCBT", 47000, "#N/A", 47001, "loading", 5, None],
    ]


@dataclass
class FakeExcel:
    """Speaks the members of xlwings that Thor uses: ``book.sheets[name].range(address).value``, ``sheet.name``."""

    rows: list[list[object]] = field(default_factory=sheet_rows)
    name: str = "LiveData"
    gone: bool = False

    @property
    def sheets(self) -> FakeExcel:
        if self.gone:
            raise OSError("The RPC server is unavailable")
        return self

    def __iter__(self) -> Any:
        return iter([self])

    def __getitem__(self, name: str) -> FakeExcel:
        assert name == self.name
        return self

    def range(self, address: str) -> FakeExcel:
        assert address == "A1:N13"
        return self

    @property
    def value(self) -> list[list[object]]:
        return [list(row) for row in self.rows]


@dataclass
class Case:
    """A provider with the means to move its source, lose it and give it back. None: its source cannot be lost."""

    name: str
    source: str
    settings: ProviderSettings
    change: Callable[[], None]
    lose: Callable[[], None] | None = None
    give_back: Callable[[], None] | None = None
    #: Cells without a number in what ``settings`` point at.
    null_cells: int = 0
    bad: tuple[ProviderSettings, ...] = ()


def mock_case(folder: Path, clock: FixedClock, _patch: pytest.MonkeyPatch) -> Case:
    return Case(
        "mock",
        "MOCK",
        ProviderSettings(mock_seed=7, mock_rate=20),
        change=lambda: clock.advance(1),
        bad=(
            ProviderSettings(mock_rate=0), ProviderSettings(mock_rate=200_000), ProviderSettings(mock_seed=-1),
            ProviderSettings(mock_count=0), ProviderSettings(symbols=("AAPL",)),
        ),
    )  # fmt: skip


def json_case(folder: Path, clock: FixedClock, _patch: pytest.MonkeyPatch) -> Case:
    path = folder / "quotes.json"

    def write(last: float) -> None:
        path.write_text(json.dumps([{"symbol": "ES", "last": last}, {"symbol": "YM", "last": 47000}]))

    write(1)
    moves = iter(range(2, 100))
    return Case(
        "json",
        "MOCK",
        ProviderSettings(json_data_file=path),
        change=lambda: write(next(moves)),
        lose=path.unlink,
        give_back=lambda: write(99),
        bad=(ProviderSettings(),),
    )


def excel_file_case(folder: Path, clock: FixedClock, _patch: pytest.MonkeyPatch) -> Case:
    path = folder / "tos.xlsx"

    def write(last: float) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.title = "LiveData"
        for row in sheet_rows(last):
            sheet.append(row)
        # As Excel does: write beside it, then rename over it.
        book.save(folder / "~new.xlsx")
        (folder / "~new.xlsx").replace(path)

    write(6719.5)
    moves = iter(range(1, 100))
    return Case(
        "excel_file",
        "TOS",
        ProviderSettings(excel_data_file=path),
        change=lambda: write(6719.5 + next(moves)),
        lose=lambda: path.write_bytes(b"half a workbook"),
        give_back=lambda: write(1),
        null_cells=3,
        bad=(ProviderSettings(),),
    )


def excel_live_case(folder: Path, clock: FixedClock, patch: pytest.MonkeyPatch) -> Case:
    excel = FakeExcel()

    def open_workbook(path: Path, require_open: bool) -> FakeExcel:
        if excel.gone:
            raise SheetError("tos.xlsx is not open in Excel: open it")
        return excel

    patch.setattr(ExcelLiveProvider, "open_workbook", staticmethod(open_workbook))
    moves = iter(range(1, 100))

    def change() -> None:
        excel.rows = sheet_rows(6719.5 + next(moves))

    return Case(
        "excel_live",
        "TOS",
        ProviderSettings(excel_data_file=folder / "tos.xlsx"),
        change=change,
        lose=lambda: setattr(excel, "gone", True),
        give_back=lambda: (setattr(excel, "gone", False), change())[0],
        null_cells=3,
        bad=(ProviderSettings(),),
    )


def replay_case(folder: Path, clock: FixedClock, _patch: pytest.MonkeyPatch) -> Case:
    path = folder / "ticks.parquet"
    rows = 200
    times = pl.lit(1_760_000_000_000_000) + pl.int_range(rows) * 1_000_000
    pl.DataFrame({"symbol": ["ES"] * rows, "last": [6719.25 + 0.25 * n for n in range(rows)]}).with_columns(
        ts=times.cast(pl.Datetime("us", "UTC"))
    ).write_parquet(path)
    return Case(
        "replay",
        "REPLAY",
        ProviderSettings(replay_files=(path,)),
        change=lambda: clock.advance(2),
        bad=(ProviderSettings(), ProviderSettings(replay_files=(path,), replay_speed=0)),
    )


CASES = {
    "mock": mock_case, "json": json_case, "excel_file": excel_file_case, "excel_live": excel_live_case,
    "replay": replay_case,
}  # fmt: skip


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(1_795_000_000_000_000)


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Case:
    return CASES[request.param](tmp_path, clock, monkeypatch)


@pytest.fixture
def bus(clock: FixedClock) -> MemoryQuoteBus:
    found = MemoryQuoteBus(clock)
    found.set_instruments({symbol: {} for symbol in KNOWN}, {})
    return found


@pytest.fixture
def collector(case: Case, clock: FixedClock, bus: MemoryQuoteBus) -> Collector:
    provider = make_provider(case.name, case.settings, clock)
    found = Collector(provider, lambda: bus, clock)
    found.setup()
    return found


def published(bus: MemoryQuoteBus, clock: FixedClock) -> list[Quote]:
    return [accept(entry.payload, clock.now_us(), KNOWN) for entry in bus.unified]


def test_the_cases_are_all_the_providers_and_all_that_the_settings_allow() -> None:
    assert set(CASES) == set(PROVIDERS) == set(NAMES_IN_SETTINGS)


def test_it_is_found_by_its_name(case: Case) -> None:
    assert issubclass(provider_class(case.name), Provider)
    assert provider_class(case.name).name == case.name


def test_its_events_are_valid_and_say_their_source(
    case: Case, collector: Collector, bus: MemoryQuoteBus, clock: FixedClock
) -> None:
    for _ in range(4):
        collector.step()
        case.change()
    collector.step()
    quotes = published(bus, clock)
    assert len(quotes) >= 5
    assert {quote.source for quote in quotes} == {case.source}
    assert bus.dead == []
    assert list(bus.streams) == [case.source]


def test_seq_rises_per_symbol_and_ts_never_falls(
    case: Case, collector: Collector, bus: MemoryQuoteBus, clock: FixedClock
) -> None:
    for _ in range(6):
        collector.step()
        case.change()
        clock.advance(0.5)
    quotes = published(bus, clock)
    for symbol in {quote.symbol for quote in quotes}:
        numbers = [quote.seq for quote in quotes if quote.symbol == symbol]
        assert None not in numbers
        assert numbers == sorted(set(numbers))  # type: ignore[type-var]
        times = [quote.ts_us for quote in quotes if quote.symbol == symbol]
        assert times == sorted(times)


def test_nothing_new_publishes_nothing(case: Case, collector: Collector, bus: MemoryQuoteBus) -> None:
    collector.step()
    count = len(bus.unified)
    assert count >= 1
    collector.step()
    assert len(bus.unified) == count


def test_a_change_publishes_only_what_changed(case: Case, collector: Collector, bus: MemoryQuoteBus) -> None:
    collector.step()
    count = len(bus.unified)
    case.change()
    collector.step()
    fresh = [entry.payload for entry in bus.unified[count:]]
    assert fresh
    if case.name not in ("mock", "replay"):  # one row of two moved
        assert len(fresh) == 1


def test_null_cells_are_counted_and_never_fatal(case: Case, collector: Collector, clock: FixedClock) -> None:
    collector.step()
    health = collector.health(clock.now_us())
    assert health.null_cells == case.null_cells
    assert health.state is SourceState.CONNECTED


def test_a_lost_source_is_down_with_its_reason_and_comes_back(
    case: Case, collector: Collector, bus: MemoryQuoteBus, clock: FixedClock
) -> None:
    if case.lose is None or case.give_back is None:
        pytest.skip("its source is its own memory, or a file that is read once")
    collector.step()
    case.lose()
    collector.step()
    health = collector.health(clock.now_us())
    assert health.state is SourceState.DOWN
    assert health.errors == 1
    assert health.reason and "\n" not in health.reason
    count = len(bus.unified)

    case.give_back()
    clock.advance(0.5)
    collector.step()
    assert collector.health(clock.now_us()).state is SourceState.DOWN, "the source is not hammered"
    clock.advance(5)
    collector.step()
    assert collector.health(clock.now_us()).state is SourceState.CONNECTED
    assert len(bus.unified) > count


def test_a_silent_source_is_stale_within_its_limit_and_says_since_when(
    case: Case, collector: Collector, clock: FixedClock
) -> None:
    collector.step()
    limit = collector.provider.stale_after_seconds
    assert limit <= 5
    clock.advance(limit + 0.1)
    health = collector.health(clock.now_us())
    assert health.state is SourceState.STALE
    assert health.reason.startswith("no new quote for 5 s")
    assert health.since_us == clock.now_us()


def test_close_may_come_at_any_time_and_twice(case: Case, clock: FixedClock) -> None:
    provider = make_provider(case.name, case.settings, clock)
    provider.close()
    provider.connect()
    provider.poll()
    provider.close()
    provider.close()
    provider.connect()
    provider.poll()


def test_wrong_settings_are_one_clear_line(case: Case, clock: FixedClock) -> None:
    for bad in case.bad:
        with pytest.raises(ProviderConfigError) as caught:
            make_provider(case.name, bad, clock)
        line = str(caught.value)
        assert "\n" not in line
        assert line.endswith(".")
        assert len(line) > 30


def test_only_wanted_symbols_come(case: Case, clock: FixedClock) -> None:
    provider = make_provider(case.name, replace(case.settings, symbols=("ES",)), clock)
    provider.connect()
    seen = {event.symbol for event in provider.poll()}
    assert seen <= {"ES"}
    assert seen


def test_an_unknown_name_gets_a_hint() -> None:
    with pytest.raises(ProviderConfigError, match=r"'exel_file' \(did you mean excel_file\?\)"):
        provider_class("exel_file")


def test_two_providers_of_one_source_are_refused(clock: FixedClock, tmp_path: Path) -> None:
    settings = ProviderSettings(json_data_file=tmp_path / "x.json")
    with pytest.raises(ProviderConfigError, match="mock and json, which are both source MOCK"):
        make_providers(["mock", "json"], settings, clock)


def test_no_provider_is_refused(clock: FixedClock) -> None:
    with pytest.raises(ProviderConfigError, match="DATA_PROVIDER is empty"):
        make_providers([], ProviderSettings(), clock)
