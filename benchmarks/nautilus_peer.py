"""The peer of ``desk.py``: NautilusTrader's backtest engine over the same quotes. Runs in an environment of its own.

    python benchmarks/nautilus_peer.py QUOTES.npz [--rounds 3]

One strategy is subscribed to the quotes of every instrument and keeps, of each, the highest bid and the lowest ask; it
sends no order. Quotes are made and handed over before the time is taken. Prints a line of JSON: quotes a second of each
round, the version, and how many quotes the strategy heard.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any


def run(path: str, rounds: int) -> dict[str, Any]:
    import nautilus_trader
    import numpy as np
    from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
    from nautilus_trader.config import LoggingConfig
    from nautilus_trader.model.currencies import USD
    from nautilus_trader.model.data import QuoteTick
    from nautilus_trader.model.enums import AccountType, AssetClass, OmsType
    from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
    from nautilus_trader.model.instruments import FuturesContract
    from nautilus_trader.model.objects import Money, Price, Quantity
    from nautilus_trader.trading.strategy import Strategy

    class Watcher(Strategy):
        """Hears everything."""

        def __init__(self, ids: list[InstrumentId]) -> None:
            super().__init__()
            self.ids, self.heard = ids, 0
            self.high: dict[InstrumentId, Price] = {}
            self.low: dict[InstrumentId, Price] = {}

        def on_start(self) -> None:
            for each in self.ids:
                self.subscribe_quote_ticks(each)

        def on_quote_tick(self, tick: QuoteTick) -> None:
            self.heard += 1
            key, bid, ask = tick.instrument_id, tick.bid_price, tick.ask_price
            if key not in self.high or bid > self.high[key]:
                self.high[key] = bid
            if key not in self.low or ask < self.low[key]:
                self.low[key] = ask

    given = np.load(path)
    venue = Venue("SIM")
    ends_ns = int(given["ts_us"][-1]) * 1000 + 10**15
    instruments = [
        FuturesContract(
            InstrumentId(Symbol(str(name)), venue), Symbol(str(name)), AssetClass.INDEX, USD, int(precision),
            Price(float(tick), int(precision)), Quantity.from_int(1), Quantity.from_int(1), str(name), 0, ends_ns, 0, 0,
        )
        for name, precision, tick in zip(given["symbols"], given["precisions"], given["ticks"], strict=True)
    ]  # fmt: skip
    ids, places = [each.id for each in instruments], given["precisions"].tolist()
    columns = (given[name].tolist() for name in ("which", "ts_us", "bid", "ask", "bid_size", "ask_size"))
    quotes = [
        QuoteTick(
            ids[n], Price(bid, places[n]), Price(ask, places[n]),
            Quantity.from_int(bid_size), Quantity.from_int(ask_size), ts_us * 1000, ts_us * 1000,
        )
        for n, ts_us, bid, ask, bid_size, ask_size in zip(*columns, strict=True)
    ]  # fmt: skip
    rates, heard = [], 0
    for _ in range(rounds):
        engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
        engine.add_venue(venue, OmsType.NETTING, AccountType.MARGIN, [Money(1_000_000, USD)])
        for each in instruments:
            engine.add_instrument(each)
        watcher = Watcher(ids)
        engine.add_strategy(watcher)
        engine.add_data(quotes)
        began = time.perf_counter()
        engine.run()
        rates.append(len(quotes) / (time.perf_counter() - began))
        heard = watcher.heard
        engine.dispose()
    return {"rates": rates, "heard": heard, "version": nautilus_trader.__version__}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("quotes", nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.quotes is None:
        print("started by benchmarks/desk.py, with the quotes to play")
        return
    try:
        print(json.dumps(run(arguments.quotes, arguments.rounds)))
    except ImportError as error:
        sys.exit(f"no peer in this environment: {error}")


if __name__ == "__main__":
    main()
