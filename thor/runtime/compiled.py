"""Functions of numba: compiled at their first call, without the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit
from numba.extending import intrinsic

_F = TypeVar("_F", bound=Callable[..., Any])


def in_llvm(function: Callable[..., Any]) -> Any:
    """A function of compiled code that is written in LLVM's own terms."""
    return intrinsic(function)


def compiled(function: _F) -> _F:
    """Compile at the first call, and keep the result on disk where a folder for it can be written."""
    try:
        made: _F = njit(function, cache=True, nogil=True)
        return made
    except RuntimeError:  # numba found no folder to write to: a read-only installation compiles at each start
        made = njit(function, nogil=True)
        return made
