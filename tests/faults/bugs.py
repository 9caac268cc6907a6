"""Copies of the program with one bug each, as people really write them, to show that the harness finds them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support import CHECKOUT


@dataclass(frozen=True)
class Bug:
    """In ``file`` the text ``sound``, which must stand there exactly once, becomes ``broken``; ``also``: a pair."""

    file: str
    sound: str
    broken: str
    also: tuple[str, str] | None = None


BUGS: Final = {
    "acknowledged before the commit": Bug(
        "thor/history/worker.py",
        """        stored = self._keep(batch)
        self._settle(batch.leases)
""",
        """        self._settle(batch.leases)
        stored = self._keep(batch)
""",
    ),
    "no unique key": Bug(
        "thor/history/sql/create_ticks.sql",
        """    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ticks_event UNIQUE NULLS NOT DISTINCT (symbol, ts, source, seq)
""",
        """    created_at timestamptz NOT NULL DEFAULT now()
""",
    ),
    "nulls distinct in the key": Bug(
        "thor/history/sql/create_ticks.sql",
        "ticks_event UNIQUE NULLS NOT DISTINCT",
        "ticks_event UNIQUE",
    ),
    "dead workers' entries are not claimed": Bug(
        "thor/history/worker.py",
        "        self._take_up(lambda: self._group.claim(self.settings.consumer, self.settings.claim_idle_ms))\n",
        "",
    ),
    "dead letters in two steps": Bug(
        "thor/history/group.py",
        """        function = "thor_lease_bury" if lease.letters else "thor_lease_settle"
""",
        """        for letter in lease.letters:
            words = _letter_words(letter, at_us)
            self._redis.xadd(self.keys.dead, dict(zip(words[::2], words[1::2])))
        lease.letters.clear()
        function = "thor_lease_settle"
""",
    ),
    # The lease of what was handed out to nobody would make up for a group that begins too late: both must go.
    "the group begins at the end": Bug(
        "thor/history/leases.lua",
        "'XGROUP', 'CREATE', keys[1], args[1], '0'",
        "'XGROUP', 'CREATE', keys[1], args[1], '$'",
        also=(
            "  local first = above(last, id) and first_in(keys[1], '(' .. id, last)\n  if first then",
            "  local first = false\n  if first then",
        ),
    ),
    "the stream is trimmed by length": Bug(
        "thor/history/group.py",
        "xtrim(stream, minid=minimum_id, approximate=True, limit=_TRIM_LIMIT)",
        "xtrim(stream, maxlen=30, approximate=False)",
    ),
    "prices through binary floats": Bug(
        "thor/quotes/quote.py",
        "        return Decimal(text)\n    except InvalidOperation:",
        "        return Decimal(repr(float(text)))\n    except InvalidOperation:",
    ),
}


def copy_with(bug: Bug | None, folder: Path) -> Path:
    """The program and this harness in ``folder``, with the bug."""
    for name in ("thor", "tests"):
        shutil.copytree(CHECKOUT / name, folder / name)
    shutil.copy2(CHECKOUT / "manage.py", folder)
    if bug is not None:
        path = folder / bug.file
        text = path.read_text(encoding="utf-8")
        for sound, broken in [(bug.sound, bug.broken), *([bug.also] if bug.also else [])]:
            assert text.count(sound) == 1, f"{bug.file} has changed: say the bug anew"
            text = text.replace(sound, broken)
        path.write_text(text, encoding="utf-8")
    return folder
