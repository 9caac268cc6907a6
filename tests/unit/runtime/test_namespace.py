"""Names of namespaces, and what the work at hand is about."""

from __future__ import annotations

import pytest

from thor.quotes.keys import Keys
from thor.runtime.namespace import Present, is_name, looking_at, present, replayed, within


@pytest.mark.parametrize("name", ["week", "replay_20251009", "a", "x" * 31])
def test_names(name: str) -> None:
    assert is_name(name)
    Keys(name)


@pytest.mark.parametrize(
    "name",
    ["", "Week", "1week", "a-b", "a b", "x" * 32, "public", "pg_temp", "information_schema", "quotes", "wéek", "a\n"],
)
def test_no_names(name: str) -> None:
    assert not is_name(name)


def test_no_name_is_where_the_live_keys_begin() -> None:
    """The live keys have no prefix: a namespace of their first word would be taken for them when it is dropped."""
    live = Keys()
    names = [live.unified, live.events, live.desk_lease, live.instruments]
    assert [name for name in names if is_name(name.partition(":")[0])] == []


def test_work_is_about_a_replay_until_it_ends_also_by_an_error() -> None:
    assert (present(), replayed()) == (None, "")
    there = Present("week", 1, 60.0)
    with looking_at(there):
        assert (present(), replayed()) == (there, "week")
        with within("other"):
            assert replayed() == "other"
        assert replayed() == "week"
    with pytest.raises(ValueError, match="x"), within("week"):
        raise ValueError("x")
    assert replayed() == ""
