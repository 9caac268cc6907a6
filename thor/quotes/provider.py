"""What a source is to Thor: one skeleton that every provider fills, and the list of those there are.

A provider is polled, not awaited: a spreadsheet, a file and a simulator have to be asked anyway, and a vendor's
streaming client fills a queue from a thread of its own that ``poll`` empties. The collector needs one loop and no
second concurrency model.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import ClassVar, Final, Protocol, cast

from thor.quotes.quote import Quote
from thor.runtime.clock import Clock
from thor.runtime.problem import Problem

#: Found by dotted path, so that a room above may bring its own and this one imports nobody.
PROVIDERS: Final[Mapping[str, str]] = {
    "mock": "thor.quotes.providers.mock:MockProvider",
    "json": "thor.quotes.providers.json_file:JsonFileProvider",
    "excel_file": "thor.quotes.providers.excel:ExcelFileProvider",
    "excel_live": "thor.quotes.providers.excel:ExcelLiveProvider",
    "replay": "thor.history.providers.replay:ReplayProvider",
}


class ProviderConfigError(Problem):
    """A provider's settings are wrong; one line: what, and what to do."""


class SourceLostError(Exception):
    """The source cannot be read now; one line: what, and what to do. The collector tries again by itself."""


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """The settings of all providers; each reads its own. ``symbols`` empty: all that the source gives."""

    symbols: tuple[str, ...] = ()
    excel_data_file: Path | None = None
    excel_sheet_name: str = "LiveData"
    excel_live_range: str = "A1:N13"
    excel_live_require_open: bool = False
    json_data_file: Path | None = None
    mock_seed: int = 1
    mock_rate: float = 20.0
    #: End after so many events; None: go on for ever.
    mock_count: int | None = None
    replay_files: tuple[Path, ...] = ()
    #: Times the recorded speed; infinity: as fast as it goes.
    replay_speed: float = 1.0
    #: Contracts to replay where a file holds several of one symbol; empty: the most traded one; ``all``: each of them.
    replay_contracts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """What only the provider knows: ``null_cells`` and ``errors`` counted since its start, ``notice`` one line for a
    person (empty when there is nothing to say)."""

    null_cells: int = 0
    errors: int = 0
    notice: str = ""


class ReadyEvent(Protocol):
    """An event right by construction that writes its own bytes: how the simulator reaches 100,000 a second.

    ``payload`` must equal ``encode`` of the same quote and pass ``accept``; its test says so.
    """

    @property
    def symbol(self) -> str: ...

    @property
    def ts_us(self) -> int: ...

    def payload(self, seq: int) -> bytes: ...


Event = Quote | ReadyEvent


class Provider(ABC):
    """A source of canonical events. One collector owns one provider and calls it from one thread.

    The constructor checks the settings and touches nothing outside. Order of calls: ``connect``, ``poll`` again and
    again, ``close``; after :class:`SourceLostError`, or when another collector took the source over, the collector
    closes, waits and connects again. ``close`` may be called at any time and twice.
    """

    #: Its name in DATA_PROVIDER.
    name: ClassVar[str]
    #: Its ``source`` on the bus: only real data is published as real.
    source: str = "MOCK"
    #: Pause between two polls.
    poll_seconds: float = 0.25
    #: Silent for longer than this, the source is stale.
    stale_after_seconds: float = 5.0
    #: The longest wait before a lost source is tried again; what is cheap to try says less than 60.
    max_backoff_seconds: float = 60.0
    #: True when its quotes are held against the contract as they are made, and a property test says so; the collector
    #: then does not check each once more, which would cost a replay a third of its speed.
    checks_itself: ClassVar[bool] = False
    #: True when there will never be another event: a recording has an end.
    finished: bool = False

    def __init__(self, settings: ProviderSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock

    @abstractmethod
    def connect(self) -> None:
        """Reach the source. Raises :class:`SourceLostError`."""

    @abstractmethod
    def poll(self) -> Sequence[Event]:
        """The events since the last poll, in order, without ``seq`` (the collector numbers them); empty when nothing
        changed. Raises :class:`SourceLostError`."""

    def health(self) -> ProviderHealth:
        """What the provider counted."""
        return ProviderHealth()

    @abstractmethod
    def close(self) -> None:
        """Let go of the source."""


def provider_class(name: str) -> type[Provider]:
    """The class of a provider's name. Raises :class:`ProviderConfigError`."""
    path = PROVIDERS.get(name)
    if path is None:
        near = difflib.get_close_matches(name, PROVIDERS, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise ProviderConfigError(f"DATA_PROVIDER names {name!r}{hint}: give one or more of {', '.join(PROVIDERS)}.")
    module, _, attribute = path.partition(":")
    return cast("type[Provider]", getattr(import_module(module), attribute))


def make_provider(name: str, settings: ProviderSettings, clock: Clock) -> Provider:
    """A provider, its settings checked. Raises :class:`ProviderConfigError`."""
    return provider_class(name)(settings, clock)


def make_providers(names: Sequence[str], settings: ProviderSettings, clock: Clock) -> list[Provider]:
    """Several providers for one machine. Raises :class:`ProviderConfigError`, also for two of one source: they would
    write over each other's numbers and health."""
    if not names:
        raise ProviderConfigError(f"DATA_PROVIDER is empty: give one or more of {', '.join(PROVIDERS)}.")
    providers = [make_provider(name, settings, clock) for name in dict.fromkeys(names)]
    by_source: dict[str, str] = {}
    for provider in providers:
        other = by_source.setdefault(provider.source, provider.name)
        if other != provider.name:
            raise ProviderConfigError(
                f"DATA_PROVIDER names {other} and {provider.name}, which are both source {provider.source}: keep one."
            )
    return providers
