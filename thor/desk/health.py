"""How the leading desk is: what its report on the bus says. A rule file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class DeskHealth(NamedTuple):
    """``position``: the instant up to which every transition was told; ``lag_ms``: how far that lies behind. Times are
    ISO 8601 UTC; ``next_*`` is empty where no table reaches so far; ``open``: the markets whose session is on."""

    owner: str
    standby: int
    position: str
    lag_ms: int
    next_market: str
    next_kind: str
    next_at: str
    transitions: int
    open: tuple[str, ...]
    updated_at: str

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> DeskHealth | None:
        """Of the hash's fields as text; None where no desk leads, or for a hash that a desk did not write."""
        try:
            return cls(
                owner=fields["owner"],
                standby=int(fields["standby"]),
                position=fields["position"],
                lag_ms=int(fields["lag_ms"]),
                next_market=fields["next_market"],
                next_kind=fields["next_kind"],
                next_at=fields["next_at"],
                transitions=int(fields["transitions"]),
                open=tuple(filter(None, fields["open"].split(","))),
                updated_at=fields["updated_at"],
            )
        except (KeyError, ValueError):
            return None
