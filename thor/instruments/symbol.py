"""From a vendor's spelling to the canonical root symbol: one table for every source. A rule file.

``/ES:XCME`` -> ES; ``/YMZ25:XCBT`` -> YM with contract YMZ25; ``$DXY`` -> DX; ``30YrBond`` -> ZB.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

#: Vendors' other names, compared upper-cased and without spaces (SPEC 2).
ALIASES: Final = {
    "RT": "RTY",
    "30YRBOND": "ZB",
    "30YRT-BOND": "ZB",
    "T-BOND": "ZB",
    "$DXY": "DX",
    "DXY": "DX",
    "USDX": "DX",
}
#: Roots whose dated contracts are known by their spelling; a share such as BAC must not lose its last letters.
FUTURES_ROOTS: Final = frozenset({"YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB"})

_CANONICAL: Final = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,23}", re.ASCII)
#: Root, month letter, one or two digits of the year.
_CONTRACT: Final = re.compile(r"([A-Z0-9]{1,4}?)([FGHJKMNQUVXZ])(\d{1,2})", re.ASCII)


class Canonical(NamedTuple):
    """``symbol``: the root (ES). ``contract``: the dated contract the vendor named (ESZ25), or None."""

    symbol: str
    contract: str | None


class SymbolError(ValueError):
    """A spelling that names no symbol."""


def canonical(raw: str) -> Canonical:
    """The canonical symbol of a vendor's spelling. Raises :class:`SymbolError` with one line for a person."""
    name = raw.strip().upper().replace(" ", "")
    is_future = name.startswith("/")
    name = name.removeprefix("/").partition(":")[0]
    if name in ALIASES:
        return Canonical(ALIASES[name], None)
    if match := _CONTRACT.fullmatch(name):
        root = ALIASES.get(match[1], match[1])
        if is_future or root in FUTURES_ROOTS:
            return Canonical(root, name)
    if not _CANONICAL.fullmatch(name):
        raise SymbolError(f"{raw!r} is no symbol: wanted a root such as ES, /ES:XCME or /ESZ25")
    return Canonical(name, None)
