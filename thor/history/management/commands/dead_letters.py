"""``manage.py dead_letters list|show|retry|export|purge``: look after refused events."""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from thor.history.dead_letters import DeadLetters
from thor.history.letter import KeptLetter, Wanted, is_stream_id, letter_record, shown
from thor.history.letter_files import FORMATS, export
from thor.history.letter_retry import LetterRetry
from thor.quotes.keys import Keys
from thor.runtime.bus import connect
from thor.runtime.problem import Problem

DEFAULT_LIMIT: Final = 50
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_EVENT_SHOWN: Final = 60
#: Columns of a table that goes to no terminal.
_PIPE_WIDTH: Final = 200


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([smhdw])", text, re.ASCII)
    if not found:
        raise ArgumentTypeError(f"{text!r}: wanted a number with its unit, such as 90m, 12h or 30d")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def _since(text: str) -> timedelta | datetime:
    """A duration back from now, or a time; without a zone it is UTC."""
    try:
        return _duration(text)
    except ArgumentTypeError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r}: wanted a duration such as 12h, or a time such as 2025-10-09T13:30"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _letter_id(text: str) -> str:
    if not is_stream_id(text):
        raise ArgumentTypeError(
            f"{text!r}: wanted a letter's id such as 1760016675123-0; `dead_letters list` shows them"
        )
    return text


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ArgumentTypeError(f"{text!r}: wanted a number above 0")
    return int(text)


class Command(BaseCommand):
    help = "Refused events: look at them, try them again, keep them in a file, delete them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|retry|export|purge")
        listing = actions.add_parser("list", help="the newest letters first")
        _add_filters(listing)
        listing.add_argument("--limit", type=_count, default=DEFAULT_LIMIT, metavar="N", help=f"({DEFAULT_LIMIT})")
        listing.add_argument("--json", action="store_true", help="print one JSON object")
        show = actions.add_parser("show", help="one letter with its whole event")
        show.add_argument("id", type=_letter_id, metavar="ID")
        show.add_argument("--json", action="store_true", help="print one JSON object")
        retry = actions.add_parser("retry", help="put events back to the stream")
        _add_choice(retry)
        retry.add_argument("--reason", default="", metavar="TEXT", help="those whose reason holds this text")
        retry.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        exporting = actions.add_parser("export", help="write letters to a file, oldest first; they stay on the bus")
        exporting.add_argument("file", type=Path, metavar="FILE")
        exporting.add_argument("--format", choices=sorted(FORMATS), default="jsonl", help="(jsonl)")
        exporting.add_argument("--overwrite", action="store_true", help="replace a file that is there")
        _add_filters(exporting)
        purge = actions.add_parser("purge", help="delete letters for good")
        _add_choice(purge)
        purge.add_argument("--older-than", type=_duration, metavar="30d", help="those older than this")
        purge.add_argument("--yes", action="store_true", help="really delete")

    def handle(self, *_args: Any, **options: Any) -> None:
        run: dict[str, Callable[[DeadLetters, dict[str, Any]], None]] = {
            "list": self._list,
            "show": self._show,
            "retry": self._retry,
            "export": self._export,
            "purge": self._purge,
        }
        try:
            client = connect(settings.REDIS_URL)
            try:
                run[options["action"]](DeadLetters(client, Keys(settings.THOR_NAMESPACE)), options)
            finally:
                client.close()
        except (Problem, redis.RedisError) as error:
            raise CommandError(str(error), returncode=2) from error

    # --- looking ---

    def _list(self, letters: DeadLetters, options: dict[str, Any]) -> None:
        found = list(islice(_wanted(letters, options, newest_first=True), options["limit"]))
        if options["json"]:
            records = [letter_record(each) for each in found]
            self.stdout.write(json.dumps({"total": letters.count(), "letters": records}))
        else:
            self._table(found)
            self.stdout.write(f"{len(found):,} of {letters.count():,} dead letters")

    def _table(self, found: list[KeptLetter]) -> None:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table()
        for name in ("id", "at", "stage", "reason", "source", "symbol", "event"):
            table.add_column(name, no_wrap=name == "id", overflow="fold")
        for each in found:
            cells = (each.id, each.at, each.stage, each.reason, each.source, each.symbol, _beginning(each))
            table.add_row(*(Text(shown(cell.encode())) for cell in cells))
        console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)
        with console.capture() as text:
            console.print(table)
        self.stdout.write(text.get(), ending="")

    def _show(self, letters: DeadLetters, options: dict[str, Any]) -> None:
        letter = _get(letters, options["id"])
        if options["json"]:
            self.stdout.write(json.dumps(letter_record(letter)))
            return
        for name in ("id", "at", "stage", "reason", "source_id", "source", "symbol"):
            self.stdout.write(f"{name:10}{shown(str(getattr(letter, name)).encode())}")
        self.stdout.write(f"{'bytes':10}{len(letter.event):,}")
        self.stdout.write(f"{'event':10}{shown(letter.event)}")

    def _export(self, letters: DeadLetters, options: dict[str, Any]) -> None:
        pages = ([each] for each in _wanted(letters, options))
        count = export(options["file"], options["format"], pages, overwrite=options["overwrite"])
        self.stdout.write(f"{count:,} dead letters written to {options['file']}; they are still on the bus")

    # --- changing ---

    def _retry(self, letters: DeadLetters, options: dict[str, Any]) -> None:
        _one_of(options, "ids", "all", "reason")
        trial = LetterRetry(letters, dry_run=options["dry_run"])
        if options["ids"]:
            trial.take([_get(letters, each) for each in dict.fromkeys(options["ids"])])
        else:
            wanted = Wanted(reason=options["reason"])
            for page in letters.oldest_first(letters.last_id()):
                trial.take([each for each in page if wanted.matches(each)])
        for line in trial.lines():
            self.stdout.write(line)

    def _purge(self, letters: DeadLetters, options: dict[str, Any]) -> None:
        _one_of(options, "ids", "all", "older_than")
        if options["ids"]:
            ranges = [(each, each) for each in dict.fromkeys(_get(letters, each).id for each in options["ids"])]
        else:
            ranges = [("-", _last_to_purge(letters, options["older_than"]))]
        if options["yes"]:
            count = sum(_remove(letters, first, last) for first, last in ranges)
            self.stdout.write(f"{count:,} dead letters deleted")
        else:
            count = sum(len(page) for first, last in ranges for page in letters.oldest_first(last, first))
            self.stdout.write(f"{count:,} dead letters would be deleted for good. Nothing was: give --yes to do it.")


def _add_filters(parser: ArgumentParser) -> None:
    parser.add_argument("--reason", default="", metavar="TEXT", help="only those whose reason holds this text")
    parser.add_argument("--source", default="", metavar="SOURCE", help="only of this source, as far as it is readable")
    parser.add_argument("--symbol", default="", metavar="SYMBOL", help="only of this symbol, as far as it is readable")
    parser.add_argument("--stage", default="", metavar="STAGE", help="only of collect, read or store")
    parser.add_argument("--since", type=_since, metavar="12h", help="only since then: a duration or a time in UTC")


def _add_choice(parser: ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", type=_letter_id, metavar="ID", help="these letters")
    parser.add_argument("--all", action="store_true", help="all that are there now")


def _one_of(options: dict[str, Any], *names: str) -> None:
    if sum(bool(options[name]) for name in names) != 1:
        ways = " or ".join("ID..." if name == "ids" else f"--{name.replace('_', '-')}" for name in names)
        raise Problem(f"say which letters, in one way: {ways}.")


def _get(letters: DeadLetters, letter_id: str) -> KeptLetter:
    if (letter := letters.get(letter_id)) is None:
        raise Problem(f"there is no dead letter {letter_id}; `dead_letters list` shows those there are.")
    return letter


def _wanted(letters: DeadLetters, options: dict[str, Any], *, newest_first: bool = False) -> Iterator[KeptLetter]:
    wanted = Wanted(options["reason"], options["source"], options["symbol"], options["stage"])
    since_ms = _since_ms(letters, options["since"])
    if newest_first:
        found = letters.newest_first(since_ms)
    else:
        found = (each for page in letters.oldest_first(letters.last_id(), str(since_ms)) for each in page)
    return filter(wanted.matches, found)


def _since_ms(letters: DeadLetters, since: timedelta | datetime | None) -> int:
    if since is None:
        return 0
    if isinstance(since, timedelta):
        return max(0, letters.now_us() // 1000 - round(since.total_seconds() * 1000))
    return max(0, round(since.timestamp() * 1000))


def _last_to_purge(letters: DeadLetters, older_than: timedelta | None) -> str:
    return letters.last_id() if older_than is None else f"{_since_ms(letters, older_than)}-0"


def _remove(letters: DeadLetters, first: str, last: str) -> int:
    total = 0
    while last and (count := letters.remove(first, last)):
        total += count
    return total


def _beginning(letter: KeptLetter) -> str:
    text = letter.event[:_EVENT_SHOWN].decode("utf-8", "replace")
    return text + "…" if len(letter.event) > _EVENT_SHOWN else text
