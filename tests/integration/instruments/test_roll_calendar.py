"""``thor roll_calendar``: what the rule gives is written once, and a person's roll is never changed."""

from __future__ import annotations

from datetime import date
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from thor.instruments.models import Instrument, Roll, RollRule
from thor.instruments.services import seed_instruments

pytestmark = pytest.mark.django_db
YEAR = ("--from", "2025-01-01", "--to", "2025-12-31")


@pytest.fixture(autouse=True)
def seeded() -> None:
    seed_instruments()


def roll_calendar(*words: str) -> list[str]:
    said = StringIO()
    call_command("roll_calendar", *words, stdout=said)
    return said.getvalue().splitlines()


def rows() -> list[tuple[str, str, date]]:
    return list(Roll.objects.order_by("effective").values_list("from_contract", "to_contract", "effective"))


def test_without_write_nothing_is_written() -> None:
    lines = roll_calendar("--symbol", "es", *YEAR)
    assert lines[0].split() == ["ES", "ESH25", "->", "ESM25", "2025-03-17", "missing"]
    assert lines[-1] == "4 rolls, 4 of them not in the calendar: --write adds them"
    assert rows() == []


def test_what_is_missing_is_written_once() -> None:
    assert roll_calendar("--symbol", "ES", *YEAR, "--write")[-1] == "4 rolls written, 0 were there"
    assert roll_calendar("--symbol", "ES", *YEAR, "--write")[-1] == "0 rolls written, 4 were there"
    assert rows()[-1] == ("ESZ25", "ESH26", date(2025, 12, 15))
    assert Roll.objects.earliest("effective").reason == "4 business days before the last trading day"


def test_a_persons_roll_stays() -> None:
    es = Instrument.objects.get(symbol="ES")
    Roll.objects.create(instrument=es, from_contract="ESZ25", to_contract="ESH26", effective=date(2025, 12, 11))
    lines = roll_calendar("--symbol", "ES", *YEAR, "--write")
    assert lines[3].endswith("there, on 2025-12-11")
    assert rows()[-1] == ("ESZ25", "ESH26", date(2025, 12, 11))


def test_all_instruments_roll_by_their_own_rules() -> None:
    RollRule.objects.filter(instrument__symbol="CL").update(method="volume")
    found = {line.split()[0] for line in roll_calendar(*YEAR)[:-1]}
    assert found == {"YM", "ES", "NQ", "RTY", "SI", "HG", "GC", "VX", "DX", "ZB"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--symbol", "BTC"), "BTC has no roll rule: add one in the admin"),
        (("--from", "2025-02-01", "--to", "2025-01-01"), "--to 2025-01-01 is before --from 2025-02-01"),
        (("--from", "2006-12-31"), "wanted a trade date from 2007-01-01 to 2069-12-31"),
        (("--from", "soon"), "'soon': wanted a trade date such as 2025-12-15"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_in_one_line(words: tuple[str, ...], why: str) -> None:
    with pytest.raises(CommandError) as refused:
        roll_calendar(*words)
    assert why in str(refused.value)


def test_a_rule_by_volume_is_not_guessed() -> None:
    RollRule.objects.filter(instrument__symbol="CL").update(method="volume")
    with pytest.raises(CommandError, match="CL rolls by volume"):
        roll_calendar("--symbol", "CL")


def test_a_roll_takes_effect_on_a_trade_date_only() -> None:
    es = Instrument.objects.get(symbol="ES")
    roll = Roll(instrument=es, from_contract="ESZ25", to_contract="ESH26", effective=date(2025, 12, 14))
    with pytest.raises(ValidationError, match="2025-12-14 is no trade date of cme_equity"):
        roll.full_clean()


def test_a_rule_follows_months_that_exist() -> None:
    rule = RollRule.objects.get(instrument__symbol="ES")
    for months, why in (("HMUX", "ES has no contract for X"), ("MH", "in the order of the year"), ("", "be blank")):
        rule.months = months
        with pytest.raises(ValidationError, match=why):
            rule.full_clean()
