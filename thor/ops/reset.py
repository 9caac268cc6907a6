"""`thor reset --yes`: delete what Thor made in THOR_HOME, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from thor.ops.stack import PROGRAMS
from thor.ops.state import end_leftovers
from thor.runtime.home import CLAIM, foreign_names, run_dir
from thor.runtime.problem import Problem
from thor.runtime.processes import home_lock
from thor.runtime.servers import FALLBACK_ROOT, stop_orphans

#: Everything that Thor makes in a THOR_HOME. A file of somebody else in the same folder stays.
OWN_NAMES = (
    "postgres",
    "postgres.new",
    "postgres.new.password",
    "valkey",
    "programs",
    "log",
    "static",
    "dead_letters",
    "data",
    "secret_key",
    "data_root",
    "run",
    CLAIM,
)


def own_paths(home: Path) -> list[Path]:
    """What a reset would delete: our names in THOR_HOME, and our folder of /var/lib/thor when its data lie there."""
    spared = foreign_names(home)
    paths = [home / name for name in OWN_NAMES if name not in spared and (home / name).exists()]
    pointer = home / "data_root"
    if pointer.is_file():
        root = Path(pointer.read_text().strip())
        if root.parent == FALLBACK_ROOT and root.is_dir():
            paths.insert(0, root)
    return paths


def reset(home: Path, *, sure: bool) -> list[str]:
    """Delete, and say what was deleted; without `sure` say what would be. Raises Problem while a Thor runs there."""
    if not run_dir(home).is_dir():
        return [f"{home} holds nothing of Thor's."]
    with home_lock(run_dir(home) / "lock"):
        paths = own_paths(home)
        if not sure:
            listed = [f"would delete {path}" for path in paths]
            return [*listed, "Nothing was deleted. To delete all this for good: thor reset --yes"]
        end_leftovers(home, frozenset(PROGRAMS))
        stop_orphans(home)
        for path in paths:
            _delete(path)
    if not any(home.iterdir()):
        home.rmdir()
    return [f"deleted {path}" for path in paths]


def _delete(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError as error:
        raise Problem(f"{path} cannot be deleted ({error.strerror}). Delete it as the user that owns it.") from error
