"""When a named feature is on (SPEC 7, deployment windows). A rule file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from thor.markets.calendar import Phase


class Window(NamedTuple):
    """A feature is on in these phases (none given: in all), from ``starts_us`` until before ``ends_us``, in epoch
    microseconds; ``rollback_us``: the feature is off from then on."""

    feature: str
    phases: frozenset[Phase]
    starts_us: int | None
    ends_us: int | None
    is_active: bool
    rollback_us: int | None


def is_feature_on(windows: Iterable[Window], feature: str, phase: Phase, at_us: int) -> bool:
    """Some active window of the feature holds the instant, and none was rolled back by then. No window: off.

    A window that is not active says nothing, not even its rollback.
    """
    own = [each for each in windows if each.feature == feature and each.is_active]
    if any(each.rollback_us is not None and each.rollback_us <= at_us for each in own):
        return False
    return any(_holds(each, phase, at_us) for each in own)


def _holds(window: Window, phase: Phase, at_us: int) -> bool:
    if window.phases and phase not in window.phases:
        return False
    if window.starts_us is not None and at_us < window.starts_us:
        return False
    return window.ends_us is None or at_us < window.ends_us
