"""The board: what the reactors make of the newest quotes, as the rows that the pages show. A rule file.

Rows are JSON objects with numbers in their own digits. Only what changed since it was last asked is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from thor.desk.snapshot import SnapshotReactor
from thor.indicators.extremes import ExtremesReactor
from thor.indicators.intraday import percent as percent_of
from thor.indicators.vwap import VwapReactor, vwap_deviation
from thor.quotes.gate import Gate
from thor.quotes.quote import encode_json, format_ts
from thor.quotes.reactor import Reactor
from thor.signals.composite import TOTAL, Composite
from thor.signals.reactor import SignalReactor

R = TypeVar("R", bound=Reactor)
#: High and low in points.
Range = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class BoardChange:
    """What is new: symbol or TOTAL -> its row's JSON."""

    rows: Mapping[str, str]
    at_us: int

    def message(self) -> str:
        """As browsers get it: ``{"at", "rows", "total"?}``."""
        rows = ",".join(row for symbol, row in self.rows.items() if symbol != TOTAL)
        total = f',"total":{self.rows[TOTAL]}' if TOTAL in self.rows else ""
        return f'{{"at":"{format_ts(self.at_us)}","rows":[{rows}]{total}}}'


class Board:
    """Asks the reactors how things stand."""

    def __init__(
        self, gate: Gate, snapshot: SnapshotReactor, signals: SignalReactor, vwap: VwapReactor, year: ExtremesReactor
    ) -> None:
        self._gate, self._snapshot, self._signals, self._vwap, self._extremes = gate, snapshot, signals, vwap, year
        self._shown: dict[str, str] = {}

    @classmethod
    def of(cls, gate: Gate, reactors: Sequence[Reactor]) -> Board | None:
        """The board of a desk; None where one of them has no place at it."""
        snapshot, signals = _one(reactors, SnapshotReactor), _one(reactors, SignalReactor)
        vwap, year = _one(reactors, VwapReactor), _one(reactors, ExtremesReactor)
        if snapshot is None or signals is None or vwap is None or year is None:
            return None
        return cls(gate, snapshot, signals, vwap, year)

    def change(self, at_us: int) -> BoardChange:
        """The rows that differ from those of the last time."""
        made = {symbol: self._row(symbol) for symbol in self._signals.symbols}
        made[TOTAL] = self._total()
        texts = {name: encode_json(row) for name, row in made.items()}
        changed = {name: text for name, text in texts.items() if text != self._shown.get(name)}
        self._shown = texts
        return BoardChange(changed, at_us)

    def _row(self, symbol: str) -> dict[str, Any]:
        signals = self._signals
        standing = signals.standing(symbol)
        net_change, base = signals.net_change(symbol)
        day = signals.trade_date(symbol)
        last = signals.last(symbol)
        return {
            "symbol": symbol,
            "at": None if standing.ts_us is None else format_ts(standing.ts_us),
            "trade_date": None if day is None else day.isoformat(),
            "signal": standing.signal,
            "reason": standing.missing,
            "stat_value": tidy(standing.stat_value),
            "contract_weight": tidy(standing.contract_weight),
            "signal_weight": signals.weight(symbol),
            "baseline": base and base.price,
            "baseline_from": base and base.source_field,
            "change": net_change,
            "change_pct": None if base is None else percent(net_change, base.price),
            **self._year(symbol, last),
            **self._session(symbol, last),
            "suspect": list(self._gate.reasons(symbol)),
            "suspects": self._gate.suspects_today(symbol),
        }

    def _range(self, symbol: str) -> Range:
        """The trade date's range."""
        return self._extremes.day_range(symbol, self._snapshot.newest(symbol))

    def _year(self, symbol: str, last: Decimal | None) -> dict[str, Any]:
        high, high_date, low, low_date = self._extremes.view(symbol) or (None, None, None, None)
        day, (day_high, day_low) = self._signals.trade_date(symbol), self._range(symbol)
        # The stats stand still while no control market is open; what is shown is never narrower than the day's range.
        if high is not None and day_high is not None and day_high > high:
            high, high_date = day_high, day
        if low is not None and day_low is not None and day_low < low:
            low, low_date = day_low, day
        return {
            "high_52w": tidy(high),
            "high_52w_date": high_date and high_date.isoformat(),
            "low_52w": tidy(low),
            "low_52w_date": low_date and low_date.isoformat(),
            "dist_from_52w_high": None if high is None or last is None else tidy(high - last),
            "dist_from_52w_low": None if low is None or last is None else tidy(last - low),
        }

    def _session(self, symbol: str, last: Decimal | None) -> dict[str, Any]:
        quote, (high, low) = self._snapshot.newest(symbol), self._range(symbol)
        vwap = self._vwap.vwap(symbol)
        distance = None if vwap is None or last is None else last - vwap
        return {
            "vwap": vwap,
            "vwap_distance": distance,
            "vwap_distance_pct": None if vwap is None else percent(distance, vwap),
            "session_high": tidy(high),
            "session_low": tidy(low),
            "session_volume": None if quote is None else quote.volume,
        }

    def _total(self) -> dict[str, Any]:
        settings = self._signals.settings
        return total_record(self._signals.composite(), vwap_deviation(self._distances())) | {
            "thresholds": {
                "strong_buy": settings.total.strong_buy,
                "buy": settings.total.buy,
                "sell": settings.total.sell,
                "strong_sell": settings.total.strong_sell,
            }
        }

    def _distances(self) -> Iterable[tuple[Decimal, Decimal, Decimal]]:
        """Contract weight, last and VWAP of the instruments that have them."""
        for symbol in self._signals.symbols:
            last, vwap = self._signals.last(symbol), self._vwap.vwap(symbol)
            if last is not None and vwap is not None:
                yield self._signals.standing(symbol).contract_weight, last, vwap


def total_record(found: Composite, deviation: Decimal | None) -> dict[str, Any]:
    """TOTAL as the pages get it."""
    return {
        "signal": found.signal,
        "composite_signal_weight": found.composite_signal_weight,
        "signal_weight_sum": found.signal_weight_sum,
        "sum_weighted": tidy(found.sum_weighted),
        "avg_weighted": found.avg_weighted,
        "count": found.count,
        "as_of": None if found.as_of_us is None else format_ts(found.as_of_us),
        "status": found.status,
        "missing": [{"symbol": symbol, "reason": reason} for symbol, reason in found.missing],
        "contributions": [
            {
                "symbol": each.symbol,
                "signal": each.signal,
                "signal_weight": each.signal_weight,
                "stat_value": tidy(each.stat_value),
                "contract_weight": tidy(each.contract_weight),
                "weighted": tidy(each.weighted),
            }
            for each in found.contributions
        ],
        "vwap_deviation_pct": deviation,
    }


def percent(part: Decimal | None, whole: Decimal) -> Decimal | None:
    """``part`` in per cent of the size of ``whole``; None where either says nothing."""
    return None if part is None or not whole else percent_of(part, whole)


def tidy(value: Decimal | None) -> Decimal | None:
    """Without the noughts that a table's column or a difference leaves behind."""
    return None if value is None else value.normalize()


def _one(reactors: Sequence[Reactor], kind: type[R]) -> R | None:
    return next((each for each in reactors if isinstance(each, kind)), None)
