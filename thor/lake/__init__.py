"""The lake: ticks and bars as Parquet files, for years, and the ways to read them.

In: the rows of ``ticks``. Out: files by trade date and symbol, SQL and frames over them. Listening: research, the web.

    >>> import thor.lake
    >>> thor.lake.connect().sql("SELECT symbol, count(*) FROM ticks GROUP BY symbol")
    >>> thor.lake.scan_bars("1m", "ES", "2025-10-01", "2025-10-31").collect()

Needs no Django: a notebook reads a lake with nothing but its root, or THOR_DATA_DIR.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from thor.lake.reader import connect as connect
    from thor.lake.scan import scan_bars as scan_bars
    from thor.lake.scan import scan_ticks as scan_ticks
    from thor.lake.series import continuous as continuous
    from thor.lake.series import contract_bars as contract_bars

#: What people call, and where it is: fetched at the first use, since the libraries behind it are heavy.
_DOORS: Final = {
    "connect": "thor.lake.reader",
    "continuous": "thor.lake.series",
    "contract_bars": "thor.lake.series",
    "scan_bars": "thor.lake.scan",
    "scan_ticks": "thor.lake.scan",
}


def __getattr__(name: str) -> Any:
    if name in _DOORS:
        return getattr(import_module(_DOORS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_DOORS])
