"""As the futures' next session opens, the quotes of the one before are no longer the latest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import redis

from thor.markets.trade_date import trade_date_span
from thor.quotes.keys import Keys
from thor.quotes.quote import format_ts

# KEYS: latest hashes. ARGV: for each the first instant that stays; both texts are canonical, so that their order is
# the order of time. One step on the server: a quote that comes meanwhile is newer and stays.
_CLEAR: Final = """
local cleared = {}
for i, key in ipairs(KEYS) do
  local ts = redis.call('HGET', key, 'ts')
  if ts and ts < ARGV[i] then
    redis.call('DEL', key)
    cleared[#cleared + 1] = key
  end
end
return cleared
"""


def clear_previous_latest(client: redis.Redis, keys: Keys, groups: Mapping[str, str], at_us: int) -> list[str]:
    """Remove the latest hashes whose quote is of an earlier trade date than the one at ``at_us``, by each symbol's own
    group (DX turns later than CME). Returns the symbols."""
    symbols = {keys.latest(symbol): symbol for symbol in groups}
    stays = [format_ts(trade_date_span(at_us, group).start_us) for group in groups.values()]
    cleared: Any = client.eval(_CLEAR, len(symbols), *symbols, *stays)
    return sorted(symbols[key.decode()] for key in cleared)
