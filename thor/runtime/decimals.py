"""Decimals as text."""

from __future__ import annotations

from decimal import Decimal


def plain(value: Decimal) -> str:
    """Without a column's trailing zeros and without an exponent: 0.250000 is 0.25."""
    return format(value.normalize(), "f")
