"""The JSON file as a source: its spellings, its mistakes by line, and that a file is never real data."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from thor.quotes.provider import ProviderSettings, SourceLostError
from thor.quotes.providers.json_file import JsonFileProvider, split_records
from thor.quotes.quote import Quote
from thor.runtime.fakes import FixedClock

NOW_US = 1_795_000_000_000_000
TS = "2026-11-18T11:06:39.500000Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "quotes.json"


@pytest.fixture
def provider(path: Path) -> JsonFileProvider:
    return JsonFileProvider(ProviderSettings(json_data_file=path), FixedClock(NOW_US))


def poll(provider: JsonFileProvider) -> list[Quote]:
    provider.connect()
    found = list(provider.poll())
    assert all(isinstance(quote, Quote) for quote in found)
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(
    "text",
    [
        '[{"symbol":"ES","last":1},{"symbol":"YM","last":2}]',
        '\n [ {"symbol":"ES","last":1} ,\n {"symbol":"YM","last":2} ] \n',
        '{"symbol":"ES","last":1}\n\n{"symbol":"YM","last":2}\n',
        '\ufeff{"symbol":"ES","last":1}\r\n{"symbol":"YM","last":2}',
    ],
)
def test_an_array_or_one_object_a_line(provider: JsonFileProvider, path: Path, text: str) -> None:
    path.write_bytes(text.encode())
    assert [(quote.symbol, quote.last) for quote in poll(provider)] == [("ES", 1), ("YM", 2)]
    assert provider.health().errors == 0


def test_a_single_object_over_several_lines(provider: JsonFileProvider, path: Path) -> None:
    path.write_text(json.dumps({"symbol": "ES", "last": 1}, indent=2))
    assert len(poll(provider)) == 1


def test_digits_time_and_numbers_come_through(provider: JsonFileProvider, path: Path) -> None:
    path.write_text('{"symbol":"ES","ts":"%s","last":5342.00,"seq":9,"meta":{"a":1}}' % TS)  # noqa: UP031
    (quote,) = poll(provider)
    assert (quote.ts_us, str(quote.last), quote.seq) == (NOW_US - 500_000, "5342.00", None)
    assert quote.meta == {"a": 1, "vendor_seq": 9}


def test_without_a_time_it_is_the_time_of_receipt_and_says_so(provider: JsonFileProvider, path: Path) -> None:
    path.write_text('{"symbol":"ES","last":1}')
    (quote,) = poll(provider)
    assert (quote.ts_us, quote.meta, quote.source) == (NOW_US, {"ts_kind": "received"}, "MOCK")


@pytest.mark.parametrize("source", ["TOS", "SCHWAB", "EXCEL", "REPLAY"])
def test_a_file_is_never_real_data(provider: JsonFileProvider, path: Path, source: str) -> None:
    path.write_text(json.dumps([{"symbol": "ES", "last": 1, "source": source}, {"symbol": "YM", "last": 1}]))
    assert [quote.symbol for quote in poll(provider)] == ["YM"]
    assert "line 1: source" in provider.health().notice
    assert "is MOCK" in provider.health().notice


def test_a_bad_record_is_said_by_its_line_and_the_others_go_on(provider: JsonFileProvider, path: Path) -> None:
    path.write_text('{"symbol":"ES","last":1}\n{"symbol":"YM","last":"2"}\n\nnot json\n{"symbol":"NQ","last":3}\n')
    assert [quote.symbol for quote in poll(provider)] == ["ES", "NQ"]
    assert provider.health().errors == 2
    assert provider.health().notice == "quotes.json line 2: last is text, wanted a number or null (and 1 more records)"


def test_lines_of_an_array_are_counted(provider: JsonFileProvider, path: Path) -> None:
    path.write_text('[\n  {"symbol": "ES", "last": 1},\n\n  {"symbol": "ES"}\n]')
    assert len(poll(provider)) == 1
    assert "line 4: none of last, bid and ask" in provider.health().notice


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "is empty"), ("  \n ", "is empty"), ('[{"symbol":"ES","last":1},', "line 1"), ('[\n{"symbol":\n', "line 2")],
)
def test_a_file_cut_short_is_one_line_and_publishes_nothing(
    provider: JsonFileProvider, path: Path, text: str, words: str
) -> None:
    path.write_text(text)
    provider.connect()
    with pytest.raises(SourceLostError, match=words):
        provider.poll()
    path.write_text('[{"symbol":"ES","last":1}]')
    assert len(poll(provider)) == 1


def test_an_empty_array_is_no_mistake() -> None:
    assert list(split_records("[ ]", "x")) == []


def test_appended_lines_are_published_once(provider: JsonFileProvider, path: Path) -> None:
    lines = [json.dumps({"symbol": "ES", "last": n}) for n in range(4)]
    path.write_text("\n".join(lines[:2]))
    assert len(poll(provider)) == 2
    path.write_text("\n".join(lines))
    assert [quote.last for quote in poll(provider)] == [Decimal(2), Decimal(3)]
    assert poll(provider) == []


def test_a_missing_or_binary_file_is_one_line(provider: JsonFileProvider, path: Path) -> None:
    with pytest.raises(SourceLostError, match="set JSON_DATA_FILE"):
        provider.connect()
    path.write_bytes(b"\xff\xfe\x00[")
    provider.connect()
    with pytest.raises(SourceLostError, match="UTF-8"):
        provider.poll()
