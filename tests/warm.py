"""Many commands of one Thor without a start for each: a process that has everything loaded, and a fork of it a command.

The command line, the settings and the exit codes are those of ``python -m thor``; a test of the start itself uses
``run_thor``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support import CHECKOUT


class WarmThor:
    """Runs commands one after the other, all with the same environment."""

    def __init__(self, child: subprocess.Popen[str], folder: Path) -> None:
        self._child = child
        self._folder = folder

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """As ``run_thor`` does."""
        out, err = self._folder / "out", self._folder / "err"
        assert self._child.stdin is not None and self._child.stdout is not None
        self._child.stdin.write(json.dumps([*words]) + "\n")
        self._child.stdin.flush()
        code = int(self._child.stdout.readline() or 255)
        done = subprocess.CompletedProcess(words, code, out.read_text(), err.read_text())
        assert not check or code == 0, f"thor {' '.join(words)} ended with {code}: {done.stderr}"
        return done


@contextmanager
def warm_thor(environ: Mapping[str, str]) -> Iterator[WarmThor]:
    """A loaded Thor; it ends with its stdin."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-m", "tests.warm", folder], env=environ, cwd=CHECKOUT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as child,
    ):  # fmt: skip
        yield WarmThor(child, Path(folder))
        assert child.stdin is not None
        child.stdin.close()


def _serve(folder: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor.config.settings")
    import django

    from thor.__main__ import main

    django.setup()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _become(folder, json.loads(line), main)
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
        answers.flush()


def _become(folder: Path, words: list[str], main: object) -> None:
    """The command, in a fork: never returns."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code: object = 70
    try:
        code = main(words)  # type: ignore[operator]
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
