"""Which lake: the one of THOR_DATA_DIR, or another that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from thor.lake.store import LakeStore, LocalStore
from thor.runtime.problem import Problem

SCHEMES: Final = ("s3", "gs", "az")


def open_store(root: str | Path) -> LakeStore:
    """The lake at a folder or at ``s3://bucket/prefix`` (``gs://``, ``az://``), which need not exist yet. Raises
    Problem."""
    text = str(root)
    scheme = urlsplit(text).scheme if "://" in text else ""
    if not scheme:
        return LocalStore(Path(text))
    if scheme not in SCHEMES:
        raise Problem(f"the lake {text} is neither a folder nor an address of {', '.join(SCHEMES)}.", status=422)
    from thor.lake.object_store import ObjectStore  # its library is heavy, and few need it

    return ObjectStore(text)


def own_store() -> LakeStore:
    """This Thor's lake. Raises Problem in a replay, which has none: its ticks are those of the lake it plays."""
    if settings.THOR_NAMESPACE:
        raise Problem("a replay has no lake of its own: leave THOR_NAMESPACE out", status=422)
    return open_store(settings.THOR_DATA_DIR)


def is_own(store: LakeStore) -> bool:
    """Whether it is this Thor's lake, whose files are listed."""
    return not settings.THOR_NAMESPACE and open_store(settings.THOR_DATA_DIR).root == store.root
