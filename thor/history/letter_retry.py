"""A retry of dead letters: what goes back to the stream, what stays, and the account of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from thor.history.dead_letters import BusFullError, DeadLetters, Retrial
from thor.history.letter import KeptLetter, likely_refusal, retry_entry
from thor.quotes.quote import QuoteRefusedError, Reason


class LetterRetry:
    """Takes letters page by page. ``dry_run``: says what it would do, and does nothing.

    ``back``: put back; ``gone``: somebody was quicker; ``refused_again``: of those put back, what the ingestor will
    refuse, by reason; ``stay``: never published and still in breach of the contract, by reason.
    """

    def __init__(self, letters: DeadLetters, *, dry_run: bool) -> None:
        self._letters = letters
        self._dry_run = dry_run
        self._now_us = letters.now_us()
        self._known = letters.known_symbols()
        self.back = self.gone = 0
        self.refused_again: Counter[str] = Counter()
        self.stay: Counter[str] = Counter()

    def take(self, page: list[KeptLetter]) -> None:
        """Put back what can be. Raises :class:`BusFullError` with the count of all pages."""
        retrials = [each for each in map(self._retrial, page) if each is not None]
        done = len(retrials) if self._dry_run else self._put_back(retrials)
        self.back += done
        self.gone += len(retrials) - done

    def _put_back(self, retrials: list[Retrial]) -> int:
        try:
            return self._letters.retry(retrials) if retrials else 0
        except BusFullError as error:
            raise BusFullError(self.back + error.done) from error

    def _retrial(self, letter: KeptLetter) -> Retrial | None:
        try:
            entry = retry_entry(letter, self._now_us, self._known)
        except QuoteRefusedError as error:
            self.stay[error.reason] += 1
            return None
        if not letter.was_never_on_the_bus and (reason := likely_refusal(letter, self._now_us, self._known)):
            self.refused_again[reason] += 1
        return Retrial(letter, entry)

    def lines(self) -> Iterator[str]:
        """What was done, for a person."""
        yield f"{self.back:,} dead letters {'would be' if self._dry_run else 'were'} put back to the stream"
        if self.refused_again:
            yield f"of these the ingestor will refuse again, as new letters: {_listed(self.refused_again)}"
        if self.stay:
            count = self.stay.total()
            yield f"{count:,} that no collector published stay, they still break the contract: {_listed(self.stay)}"
        if Reason.TOO_OLD in self.refused_again or Reason.TOO_OLD in self.stay:
            yield "an event older than 7 days is refused at every retry: export it to keep it"
        if self.gone:
            yield f"{self.gone:,} were no longer there"


def _listed(reasons: Counter[str]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
