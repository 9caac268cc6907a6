"""A JSON or JSON-lines file of canonical records as a source, read again when it changes.

The file is MOCK. A record may say so or say nothing; a real source's name in a file is refused, because only real data
is published as real and a file cannot prove where it comes from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import msgspec

from thor.quotes.provider import (
    Event,
    Provider,
    ProviderConfigError,
    ProviderHealth,
    ProviderSettings,
    SourceLostError,
)
from thor.quotes.quote import VERSION, Quote, QuoteRefusedError, Reason, format_ts, from_record, parse
from thor.runtime.clock import Clock

#: A file of quotes, not a data set; recordings are replayed from Parquet or CSV.
MAX_FILE_BYTES: Final = 64 * 1024 * 1024
_EXTENT: Final = json.JSONDecoder()
_SPACE: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Record:
    """One record's text and the number of the line on which it begins."""

    line: int
    text: str


class JsonFileProvider(Provider):
    """Publishes the records that were not in the file at the last reading: new lines, changed records."""

    name: ClassVar[str] = "json"
    checks_itself: ClassVar[bool] = True
    source = "MOCK"
    poll_seconds = 0.25
    max_backoff_seconds = 5.0

    def __init__(self, settings: ProviderSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        if settings.json_data_file is None:
            raise ProviderConfigError("DATA_PROVIDER=json needs JSON_DATA_FILE: give the path of the file.")
        self.path: Path = settings.json_data_file
        self._stamp: tuple[int, int, int] | None = None
        self._seen: frozenset[str] = frozenset()
        self._errors = 0
        self._notice = ""

    def connect(self) -> None:
        self._look()

    def poll(self) -> Sequence[Event]:
        found = self._look()
        if found == self._stamp:
            return ()
        records = list(split_records(self._read(), self.path.name))
        self._stamp = found
        fresh = [record for record in records if record.text not in self._seen]
        self._seen = frozenset(record.text for record in records)
        return self._quotes(fresh)

    def _look(self) -> tuple[int, int, int]:
        try:
            status = self.path.stat()
        except OSError as error:
            raise SourceLostError(
                f"{self.path} cannot be found ({error.strerror}): put the file there or set JSON_DATA_FILE"
            ) from None
        if status.st_size > MAX_FILE_BYTES:
            raise SourceLostError(
                f"{self.path} has over {MAX_FILE_BYTES >> 20} MiB: replay a recording with `manage.py replay`"
            )
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise SourceLostError(f"{self.path} cannot be read as UTF-8 text: {error}") from None

    def _quotes(self, records: Sequence[Record]) -> list[Quote]:
        now_us = self.clock.now_us()
        quotes, problems = [], []
        for record in records:
            try:
                quote = record_quote(record.text, now_us)
            except QuoteRefusedError as error:
                problems.append(f"{self.path.name} line {record.line}: {error.detail}")
                continue
            if not self.settings.symbols or quote.symbol in self.settings.symbols:
                quotes.append(quote)
        self._errors += len(problems)
        more = f" (and {len(problems) - 1} more records)" if len(problems) > 1 else ""
        self._notice = problems[0] + more if problems else ""
        return quotes

    def health(self) -> ProviderHealth:
        return ProviderHealth(errors=self._errors, notice=self._notice)

    def close(self) -> None:
        self._stamp = None


def split_records(text: str, name: str) -> Iterator[Record]:
    """The records of an array, of a single object or of one object a line. Raises :class:`SourceLostError`."""
    if text.lstrip(_SPACE).startswith("["):
        yield from _array_records(text, name)
        return
    try:
        if isinstance(json.loads(text), dict):
            yield Record(1, text.strip(_SPACE))
            return
    except (ValueError, RecursionError):
        pass  # several objects: one a line
    lines = [Record(number, line) for number, raw in enumerate(text.splitlines(), 1) if (line := raw.strip(_SPACE))]
    if not lines:
        raise SourceLostError(f"{name} is empty: give a JSON array of quotes, or one object a line")
    yield from lines


def _array_records(text: str, name: str) -> Iterator[Record]:
    at, records = text.index("[") + 1, 0
    line, counted = 1, 0
    while True:
        at = _skip(text, at)
        line, counted = line + text.count("\n", counted, at), at
        if records == 0 and text[at : at + 1] == "]":
            return
        try:
            _, end = _EXTENT.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise SourceLostError(f"{name} line {line} is no JSON: mend it, or save the file whole") from None
        yield Record(line, text[at:end])
        records += 1
        at = _skip(text, end)
        if text[at : at + 1] == "]":
            return
        if text[at : at + 1] != ",":
            raise SourceLostError(f"{name} ends or breaks off after line {line}: close the array with ]")
        at += 1


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def record_quote(text: str, now_us: int) -> Quote:
    """The quote of one record. ``v``, ``source`` and ``ts`` may be left out; without ``ts`` it is the time of receipt.

    Raises :class:`QuoteRefusedError` with one line.
    """
    record = parse(text)
    source = record.setdefault("source", JsonFileProvider.source)
    if source != JsonFileProvider.source:
        raise QuoteRefusedError(
            Reason.UNKNOWN_SOURCE, f"source {source!r} in a file: a JSON file is MOCK, leave the field out"
        )
    record.setdefault("v", VERSION)
    quote = from_record({**record, "ts": format_ts(now_us) if record.get("ts") is None else record["ts"]})
    meta = dict(quote.meta)
    if record.get("ts") is None:
        meta["ts_kind"] = "received"
    if quote.seq is not None:
        meta["vendor_seq"] = quote.seq  # the collector numbers by itself
    return msgspec.structs.replace(quote, seq=None, meta=meta)
