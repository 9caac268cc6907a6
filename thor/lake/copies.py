"""The index of compacted files, as it lies in the lake, and the parts that are there. Needs no Django."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from thor.lake.catalog import Copy, Stamp, from_json, to_json
from thor.lake.layout import Kind, Part, Timeframe, part_of
from thor.lake.store import Found, LakeStore
from thor.markets.trade_date import epoch_us

INDEX: Final = "compact/index.json"
#: Of fewer dates than this each folder is looked at by itself, else all of them.
_FEW_DATES: Final = 40


def read_copies(store: LakeStore) -> list[Copy]:
    """The compacted files that are there and whole; none where there is no index, or one that cannot be read."""
    try:
        with store.open(INDEX) as file:
            copies = from_json(json.loads(file.read()))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []
    sizes = {found.key: found.size for found in store.list("compact/")}
    return [copy for copy in copies if sizes.get(copy.key) == copy.size]


def write_copies(store: LakeStore, copies: Iterable[Copy]) -> None:
    """Put another index into its place, in one step."""
    with store.aside() as path:
        path.write_text(json.dumps(to_json(copies), separators=(",", ":")), encoding="utf-8")
        store.publish(path, INDEX)


def parts_there(
    store: LakeStore, kind: Kind, first: date | None = None, last: date | None = None,
    symbols: Iterable[str] | None = None, timeframe: Timeframe | None = None,
) -> dict[Part, Stamp]:  # fmt: skip
    """The files of a kind with their states; of these trade dates, symbols and timeframe where they are given."""
    wanted = None if symbols is None else frozenset(symbols)
    return {
        part: stamp_of(found)
        for found in _found(store, kind, first, last)
        if (part := part_of(found.key)) is not None
        and (first is None or part.trade_date >= first)
        and (last is None or part.trade_date <= last)
        and (wanted is None or part.symbol in wanted)
        and (timeframe is None or part.timeframe is timeframe)
    }


def stamp_of(found: Found) -> Stamp:
    """A file's state as its store tells it."""
    return Stamp(found.size, epoch_us(found.modified_at))


def _found(store: LakeStore, kind: Kind, first: date | None, last: date | None) -> Iterator[Found]:
    if first is None or last is None or (last - first).days >= _FEW_DATES:
        yield from store.list(f"{kind.value}/")
        return
    for number in range((last - first).days + 1):
        yield from store.list(f"{kind.value}/date={(first + timedelta(days=number)).isoformat()}/")
