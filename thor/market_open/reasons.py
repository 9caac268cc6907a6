"""Why a person did something: kept for good, so it must say something."""

from __future__ import annotations

from typing import Final

from thor.runtime.problem import Problem

SHORTEST: Final = 5
LONGEST: Final = 200


def reason_of(text: str) -> str:
    """A reason that a person gave, on one line. Raises Problem 422 for one that says nothing."""
    reason = " ".join(text.split())
    if not SHORTEST <= len(reason) <= LONGEST:
        raise Problem(f"say why, in {SHORTEST} to {LONGEST} characters: the reason is kept for good", status=422)
    return reason
