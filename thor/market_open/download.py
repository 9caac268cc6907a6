"""Rows as files."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from thor.market_open.filters import Filters


async def response(filters: Filters, kind: str) -> HttpResponseBase:
    """An attachment."""
    del filters, kind
    return HttpResponse(b"")
