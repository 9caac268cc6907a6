"""The dead letters of one namespace: reading them in pages, putting them back, removing them.

Each letter goes in one step on the server, so that a process that is killed at any point neither loses nor doubles one.
What was removed is remembered while the stream holds its entry: whoever accounts for the stream's entries needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, cast

import redis
from redis.exceptions import OutOfMemoryError

from thor.history.letter import Entry, KeptLetter, letter_of
from thor.quotes.keys import Keys
from thor.runtime.problem import Problem

#: Letters of one answer of the server: each may hold 64 KiB.
PAGE: Final = 200

# The additions come first: a server that is out of memory refuses them, and then nothing has happened.
# KEYS: dead letters, removed letters, unified stream, and the source's stream where the event goes to that too.
# ARGV: letter id, s, e, the entry that the letter stood for ('' for none) -> 1, or 0: no longer there
_RETRY: Final = """
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end
if KEYS[4] then redis.call('XADD', KEYS[4], '*', 's', ARGV[2], 'e', ARGV[3]) end
redis.call('XADD', KEYS[3], '*', 's', ARGV[2], 'e', ARGV[3])
redis.call('XDEL', KEYS[1], ARGV[1])
if ARGV[4] ~= '' then redis.call('ZADD', KEYS[2], string.match(ARGV[4], '^%d+'), ARGV[4]) end
return 1
"""

# The deletion comes first: it frees memory, and after it the server takes the note even when it is out of memory.
# KEYS: dead letters, removed letters. ARGV: first id, last id, at most so many -> how many were removed
_REMOVE: Final = """
local letters = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', ARGV[3])
local ids, notes = {}, {}
for i, letter in ipairs(letters) do
  ids[i] = letter[1]
  for f = 1, #letter[2], 2 do
    local value = letter[2][f + 1]
    if letter[2][f] == 'source_id' and string.match(value, '^%d+%-%d+$') then
      notes[#notes + 1] = string.match(value, '^%d+')
      notes[#notes + 1] = value
    end
  end
end
if #ids == 0 then return 0 end
redis.call('XDEL', KEYS[1], unpack(ids))
if #notes > 0 then redis.call('ZADD', KEYS[2], unpack(notes)) end
return #ids
"""


class BusFullError(Problem):
    """The bus is out of memory. ``done``: letters that were put back before it refused one."""

    def __init__(self, done: int) -> None:
        super().__init__(
            f"the bus is out of memory: {done:,} dead letters were put back, the others stay. "
            "Raise its maxmemory or shorten THOR_STREAM_RETENTION_HOURS, then run this again.",
            status=503,
        )
        self.done = done


class Retrial(NamedTuple):
    """A letter and what a retry of it adds to the stream."""

    letter: KeptLetter
    entry: Entry


class DeadLetters:
    """Raises redis errors while the bus is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self.keys = keys
        self._redis = client
        self._retry = client.register_script(_RETRY)
        self._remove = client.register_script(_REMOVE)

    def count(self) -> int:
        return int(self._redis.xlen(self.keys.dead))

    def last_id(self) -> str:
        """The newest letter's id, empty when there is none: what comes later is not for a command that has begun."""
        newest = cast("list[Any]", self._redis.xrevrange(self.keys.dead, count=1))
        return _text(newest[0][0]) if newest else ""

    def first_id(self) -> str:
        """The oldest letter's id, empty when there is none."""
        oldest = cast("list[Any]", self._redis.xrange(self.keys.dead, count=1))
        return _text(oldest[0][0]) if oldest else ""

    def get(self, letter_id: str) -> KeptLetter | None:
        found = cast("list[Any]", self._redis.xrange(self.keys.dead, letter_id, letter_id))
        return _letter(found[0]) if found else None

    def oldest_first(self, up_to: str, after: str = "-") -> Iterator[list[KeptLetter]]:
        """The letters from ``after`` up to these ids, a page at a time; what is removed meanwhile is no trouble."""
        while up_to:
            page = cast("list[Any]", self._redis.xrange(self.keys.dead, after, up_to, count=PAGE))
            if not page:
                return
            yield [_letter(each) for each in page]
            after = f"({_text(page[-1][0])}"

    def newest_first(self, since_ms: int = 0) -> Iterator[KeptLetter]:
        """All letters since this time of the bus's clock, read a page at a time."""
        before = "+"
        while page := cast("list[Any]", self._redis.xrevrange(self.keys.dead, before, str(since_ms), count=PAGE)):
            yield from map(_letter, page)
            before = f"({_text(page[-1][0])}"

    def retry(self, retrials: Sequence[Retrial]) -> int:
        """Put events back to the stream and remove their letters. Returns how many; the others were no longer there.

        Raises :class:`BusFullError`: then the letters that the bus refused are still there.
        """
        pipe = self._redis.pipeline(transaction=False)
        for letter, entry in retrials:
            names = [self.keys.dead, self.keys.dead_removed, self.keys.unified]
            names += [self.keys.source_stream(entry.source)] if entry.source else []
            self._retry(names, [letter.id, entry.symbol, entry.event, letter.entry_id], pipe)
        return _done(pipe.execute(raise_on_error=False))

    def remove(self, first: str, last: str, most: int = PAGE) -> int:
        """Remove the oldest letters from ``first`` to ``last``, at most so many. Returns how many."""
        return int(self._remove(keys=[self.keys.dead, self.keys.dead_removed], args=[first, last, most]))

    def removed(self, entry_ids: Sequence[str]) -> set[str]:
        """Of these entries those that had a letter which was removed since: put back, purged or exported."""
        if not entry_ids or not self._redis.exists(self.keys.dead_removed):
            return set()
        scores = cast("list[Any]", self._redis.zmscore(self.keys.dead_removed, list(entry_ids)))
        return {entry_id for entry_id, score in zip(entry_ids, scores, strict=True) if score is not None}

    def forget_removed(self) -> None:
        """Forget the removed letters whose entry the unified stream no longer holds."""
        first = cast("list[Any]", self._redis.xrange(self.keys.unified, count=1))
        below = f"({_text(first[0][0]).partition('-')[0]}" if first else "+inf"
        self._redis.zremrangebyscore(self.keys.dead_removed, "-inf", below)

    def known_symbols(self) -> frozenset[str]:
        """The symbols that collectors accept."""
        return frozenset(map(_text, cast("Iterable[bytes]", self._redis.hkeys(self.keys.instruments))))

    def now_us(self) -> int:
        """The bus's clock in epoch microseconds, by which letters' ids are made."""
        seconds, micro = self._redis.time()
        return int(seconds) * 1_000_000 + int(micro)


def _done(answers: Sequence[object]) -> int:
    """How many of a pipeline's retries were done. Raises for what the server refused."""
    done = sum(answer for answer in answers if isinstance(answer, int))
    for answer in answers:
        if isinstance(answer, OutOfMemoryError):
            raise BusFullError(done) from answer
        if isinstance(answer, Exception):
            raise answer
    return done


def _letter(raw: Any) -> KeptLetter:
    return letter_of(_text(raw[0]), raw[1])


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
