"""Reading instruments."""

from __future__ import annotations

from thor.instruments.models import Instrument


def known_symbols() -> frozenset[str]:
    """Every symbol that an event may carry."""
    return frozenset(Instrument.objects.values_list("symbol", flat=True))


def groups() -> dict[str, str]:
    """Symbol -> product group."""
    return dict(Instrument.objects.values_list("symbol", "group"))


def tracked() -> list[Instrument]:
    """The board's instruments, in its order."""
    return list(Instrument.objects.filter(is_tracked=True))
