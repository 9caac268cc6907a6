"""What a process that makes bars needs, loaded once: the processes that are killed are forked from one that has it."""

from __future__ import annotations

import os
from datetime import date

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor.config.settings")
django.setup()

from thor.instruments.instrument import BY_SYMBOL  # noqa: E402
from thor.lake.bar_table import What, make_bars  # noqa: E402
from thor.lake.bars import session_of  # noqa: E402
from thor.lake.build_bars import ALL, build_bars  # noqa: E402
from thor.lake.columns import TICKS  # noqa: E402
from thor.lake.line_kernel import rows_sha256  # noqa: E402
from thor.lake.root import own_store  # noqa: E402
from thor.lake.runs import Silent  # noqa: E402

DAY = date(2025, 10, 9)


def build() -> int:
    """Make what is missing. Returns how many files."""
    return build_bars(own_store(), DAY, DAY, None, ALL, Silent()).files


# The compiled code too.
for _table in make_bars(
    TICKS.empty_table().to_batches() or [], What("ES", session_of("ES", "cme_equity", DAY, None), BY_SYMBOL["ES"]), ALL
).bars.values():
    rows_sha256(_table.to_batches())
