"""Running collectors: the one service behind ``collect`` and the commands named after their source."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

from django.conf import settings

from thor.quotes.bus import QuoteBus
from thor.quotes.collector import BUS_TIMEOUT_SECONDS, Collector
from thor.quotes.provider import Provider, ProviderSettings, make_providers
from thor.quotes.services import open_bus
from thor.runtime.clock import SystemClock
from thor.runtime.problem import Problem


def provider_settings(**changes: Any) -> ProviderSettings:
    """The providers' settings as configured, with a command line's own; options that are None change nothing."""
    given = ProviderSettings(
        excel_data_file=settings.EXCEL_DATA_FILE,
        excel_sheet_name=settings.EXCEL_SHEET_NAME,
        excel_live_range=settings.EXCEL_LIVE_RANGE,
        excel_live_require_open=settings.EXCEL_LIVE_REQUIRE_OPEN,
        json_data_file=settings.JSON_DATA_FILE,
        mock_seed=settings.MOCK_SEED,
        mock_rate=settings.MOCK_RATE,
    )
    return replace(given, **{name: value for name, value in changes.items() if value is not None})


def _open_bus() -> QuoteBus:
    """The bus of a collector: it keeps its events when there is no answer, so it need not wait long for one."""
    return open_bus(BUS_TIMEOUT_SECONDS)


def collect(names: Sequence[str], given: ProviderSettings) -> None:
    """Run providers until SIGTERM or SIGINT. Raises ProviderConfigError before anything is started."""
    run_together([Collector(provider, _open_bus) for provider in make_providers(names, given, SystemClock())])


def collect_to_end(provider: Provider, on_step: Callable[[Collector], None] | None = None) -> Collector:
    """Run a provider that has an end until it comes, or until a signal. Raises Problem when the bus is away."""
    known = _known_symbols()
    if not known:
        raise Problem("The bus knows no instruments: run `manage.py seed_instruments`.")
    collector = Collector(provider, _open_bus, stop_when_finished=True, on_step=on_step)
    collector.run_until_signal()
    return collector


def unknown_symbols(symbols: Sequence[str]) -> list[str]:
    """The symbols of a recording that are no instruments here. Raises Problem when the bus is away."""
    return sorted(set(symbols) - _known_symbols())


def _known_symbols() -> frozenset[str]:
    bus = open_bus()
    try:
        return bus.known_symbols()
    finally:
        bus.close()


def run_together(collectors: Sequence[Collector]) -> None:
    """Run each collector until a signal: one in this thread, several in a thread each.

    Each has a provider and a bus connection of its own, and its base goes on after any exception, so that none stops
    another. For walls against a crash of the interpreter, run one process per provider (``collect --provider NAME``).
    """
    if len(collectors) == 1:
        collectors[0].run_until_signal()
        return
    threads = [threading.Thread(target=each.run, name=each.provider.name, daemon=True) for each in collectors]

    def stop(_number: int, _frame: FrameType | None) -> None:
        for each in collectors:
            each.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
