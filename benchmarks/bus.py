"""Publish to the quote bus: Thor's atomic merge against what a user would write, in one run.

    python benchmarks/bus.py [--events 100000] [--rounds 3] [--json]

Every design writes the same canonical events of the simulator to the same Valkey (append-only file on):

- peer: redis-py pipeline of 1,000, one XADD and one HSET of the event's fields, no merge, not atomic, one stream
  instead of two; once more with the hash as one JSON text, which no reader of SPEC 3 could use
- limit: two XADD an event and one HSET a symbol and batch, pipelined raw commands, no merge, not atomic
- thor: ``ValkeyQuoteBus.publish`` in batches of 1,000, 100, 10 and 1: source stream, merge, unified stream, latest hash
  and sparkline in one atomic step

Rates are medians of the rounds, the designs taken in turn. Encoding is not in it for anyone.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis
from made import events

from thor.quotes.bus import Outgoing, ValkeyQuoteBus
from thor.runtime.servers import embedded_servers

BATCH = 1000
PEER = "peer: redis-py pipeline 1000, XADD + HSET"


def fields_of(event: Outgoing) -> dict[str, str]:
    """The latest hash of SPEC 3: the event's fields, ``active_source`` and ``updated_at``."""
    record = {name: str(value) for name, value in json.loads(event.payload).items() if value is not None}
    return record | {"active_source": record["source"], "updated_at": record["ts"]}


def peer(client: redis.Redis, made: list[Outgoing], hashes: list[dict[str, str]] | None) -> None:
    """What a user would write: a pipeline of XADD and HSET, the hash with the event's fields or as one JSON text."""
    for at in range(0, len(made), BATCH):
        pipe = client.pipeline(transaction=False)
        for n in range(at, min(at + BATCH, len(made))):
            symbol, _, _, payload = made[n]
            pipe.xadd("peer:stream", {"s": symbol, "e": payload})
            pipe.hset(f"peer:latest:{symbol}", mapping=hashes[n] if hashes else {"event": payload})
        pipe.execute()


def limit(client: redis.Redis, made: list[Outgoing]) -> None:
    """The commands that the server cannot be spared, packed in C and sent in one write a batch."""
    connection = client.connection_pool.get_connection()
    try:
        for at in range(0, len(made), BATCH):
            newest = {}
            commands: list[tuple[object, ...]] = []
            for symbol, _, _, payload in made[at : at + BATCH]:
                commands.append(("XADD", "limit:source", "*", "s", symbol, "e", payload))
                commands.append(("XADD", "limit:unified", "*", "s", symbol, "e", payload))
                newest[symbol] = payload
            commands += [("HSET", f"limit:latest:{symbol}", "event", payload) for symbol, payload in newest.items()]
            connection.send_packed_command(connection.pack_commands(commands))
            for _ in commands:
                connection.read_response()
    finally:
        client.connection_pool.release(connection)


def thor(bus: ValkeyQuoteBus, made: list[Outgoing], batch: int) -> None:
    """The atomic publish; every event must win."""
    won = 0
    for at in range(0, len(made), batch):
        won += bus.publish("MOCK", made[at : at + batch]).won
    assert won == len(made), f"{len(made) - won} events were late"


def measure(work: Callable[[], None], count: int) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def run(url: str, count: int, rounds: int) -> dict[str, float]:
    """Median events per second of each design."""
    rates: dict[str, list[float]] = {}
    client = redis.Redis.from_url(url)
    for number in range(rounds):
        made = events(count)
        bus = ValkeyQuoteBus(url, f"bench{number}")

        def taken(name: str, work: Callable[[], None], n: int) -> None:
            rates.setdefault(name, []).append(measure(work, n))

        hashes = [fields_of(event) for event in made]
        taken(PEER, lambda: peer(client, made, hashes), count)  # noqa: B023
        taken("peer: the same, hash of one JSON field", lambda: peer(client, made, None), count)  # noqa: B023
        taken("limit: 2 XADD + HSET, packed", lambda: limit(client, made), count)  # noqa: B023
        at = 0
        for batch, part in ((1000, count), (100, count // 2), (10, count // 4), (1, count // 20)):
            client.delete(*(client.keys(f"bench{number}:*") or ["none"]))
            taken(f"thor: publish in batches of {batch}", lambda b=batch, p=part: thor(bus, made[:p], b), part)  # noqa: B023
            at += part
        bus.close()
        client.delete("peer:stream", "limit:source", "limit:unified", *client.keys(f"bench{number}:*"))
    return {name: statistics.median(found) for name, found in rates.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="thor-bench-"))
    try:
        with embedded_servers(home, postgres=False) as servers:
            assert servers.redis_url
            rates = run(servers.redis_url, args.events, args.rounds)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    base = rates[PEER]
    if args.json:
        print(
            json.dumps(
                {name: {"per_second": round(rate), "to_peer": round(rate / base, 3)} for name, rate in rates.items()}
            )
        )
        return
    print(f"{args.events:,} events, median of {args.rounds} rounds")
    for name, rate in rates.items():
        print(f"  {name:44} {rate:>10,.0f}/s   {rate / base:5.2f} x peer")


if __name__ == "__main__":
    main()
