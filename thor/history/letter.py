"""A dead letter as it stands on the bus: what can be read of it, and what a retry makes of it. A rule file."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Container, Mapping
from typing import Final, NamedTuple

from thor.quotes.quote import QuoteRefusedError, accept, encode, parse
from thor.runtime.spreadsheet import inert

#: The stage of what a collector refused before it was on the bus; its ``source_id`` is SOURCE/provider.
STAGE_COLLECT: Final = "collect"
#: Columns of a CSV export, in order.
CSV_COLUMNS: Final = ("id", "at", "stage", "reason", "source_id", "source", "symbol", "event", "event_base64")

_STREAM_ID: Final = re.compile(r"\d{1,18}-\d{1,18}", re.ASCII)
#: What may stand in a table and in the field ``s``: a word. Anything else is no symbol and no source.
_WORD: Final = re.compile(r"[A-Za-z0-9/$:._-]{1,24}", re.ASCII)


class KeptLetter(NamedTuple):
    """``id``: of the letter; ``source_id``: of the entry it stands for, or SOURCE/provider; ``at``: ISO 8601 UTC."""

    id: str
    event: bytes
    reason: str
    stage: str
    source_id: str
    at: str

    @property
    def symbol(self) -> str:
        """The event's symbol as far as it can be read; else empty."""
        return word_of(self.event, "symbol")

    @property
    def source(self) -> str:
        """The event's source, else the collector's; empty when neither can be read."""
        source = word_of(self.event, "source")
        return source or (self.source_id.partition("/")[0] if self.was_never_on_the_bus else "")

    @property
    def code(self) -> str:
        """The reason's code, without its sentence."""
        return self.reason.partition(":")[0]

    @property
    def was_never_on_the_bus(self) -> bool:
        return self.stage == STAGE_COLLECT

    @property
    def entry_id(self) -> str:
        """The entry of the unified stream that the letter stands for; empty when there was none."""
        return self.source_id if is_stream_id(self.source_id) else ""


class Entry(NamedTuple):
    """What a retry adds to the unified stream, and to ``source``'s stream when that is not empty."""

    symbol: str
    event: bytes
    source: str = ""


class Wanted(NamedTuple):
    """Which letters: each given text must be met. ``reason``: any part of it, case ignored; the others in full."""

    reason: str = ""
    source: str = ""
    symbol: str = ""
    stage: str = ""

    def matches(self, letter: KeptLetter) -> bool:
        """The letter is wanted."""
        return (
            self.reason.lower() in letter.reason.lower()
            and self.stage in ("", letter.stage)
            and (not self.source or self.source == letter.source)
            and (not self.symbol or self.symbol == letter.symbol)
        )


def is_stream_id(text: str) -> bool:
    """The text is a complete id of a stream's entry."""
    return _STREAM_ID.fullmatch(text) is not None


def letter_of(letter_id: str, fields: Mapping[bytes, bytes]) -> KeptLetter:
    """The letter of a stream entry; a foreign one may lack fields."""

    def text(name: bytes) -> str:
        return fields.get(name, b"").decode("utf-8", "backslashreplace")

    return KeptLetter(
        letter_id, fields.get(b"event", b""), text(b"reason"), text(b"stage"), text(b"source_id"), text(b"at")
    )


def word_of(event: bytes, name: str) -> str:
    """A short text of an event that may be broken: of its JSON, or of what looks like it; empty when none is there."""
    try:
        value = parse(event).get(name)
    except QuoteRefusedError:
        found = re.search(rb'"%s"\s*:\s*"([^"\\]{1,24})"' % name.encode(), event)
        value = found[1].decode("ascii", "replace") if found else None
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


# --- a letter to look at ----------------------------------------------------------------------------------------------


def shown(event: bytes) -> str:
    r"""The event as one line with every byte of it: what is no printable UTF-8 is ``\xNN``, a backslash ``\\``."""
    return "".join(map(_escaped, event.decode("utf-8", "surrogateescape")))


def _escaped(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def letter_record(letter: KeptLetter) -> dict[str, str]:
    """The letter as a JSON object. The event is ``event`` where it is UTF-8, else ``event_base64``: no byte is lost."""
    record = {name: getattr(letter, name) for name in ("id", "at", "stage", "reason", "source_id")}
    try:
        record["event"] = letter.event.decode("utf-8")
    except UnicodeDecodeError:
        record["event_base64"] = b64encode(letter.event).decode("ascii")
    return record


def csv_row(letter: KeptLetter) -> list[str]:
    """The letter as cells in the order of :data:`CSV_COLUMNS`: ``event`` to be read, ``event_base64`` its bytes."""
    cells = [letter.id, letter.at, letter.stage, letter.reason, letter.source_id, letter.source, letter.symbol]
    return [*map(inert, (*cells, shown(letter.event))), b64encode(letter.event).decode("ascii")]


# --- a letter to try again --------------------------------------------------------------------------------------------


def retry_entry(letter: KeptLetter, now_us: int, known: Container[str]) -> Entry:
    """What goes back to the stream.

    An event that was on the bus goes back as it was: the ingestor is its judge. One that its collector refused was
    never published, so it is judged here as the collector would now, numbered, and put to its source's stream too.
    Raises :class:`QuoteRefusedError` when it still breaks the contract: then it stays a letter.
    """
    if not letter.was_never_on_the_bus:
        return Entry(letter.symbol, letter.event)
    quote = accept(letter.event, now_us, known)
    return Entry(quote.symbol, encode(quote, retry_seq(letter.id)), quote.source)


def retry_seq(letter_id: str) -> int:
    """The ``seq`` of what never got one: of the letter's own id, so that every retry of it is the same event. Like the
    collectors' numbers it is about the microseconds of its time."""
    ms, _, number = letter_id.partition("-")
    return int(ms) * 1000 + int(number)


def likely_refusal(letter: KeptLetter, now_us: int, known: Container[str]) -> str:
    """The code of the reason for which the contract would refuse the event now; empty when it would not."""
    try:
        accept(letter.event, now_us, known)
    except QuoteRefusedError as error:
        return str(error.reason)
    return ""
