"""The contract of a lease, held by the real server and by its in-memory twin alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from thor.runtime.fakes import FixedClock, MemoryLeases
from thor.runtime.lease import WAITING_MS, Grant, Lease, Leases, ValkeyLeases, new_owner

TTL = 3.0


class Switch:
    """A store that can be away, and that can do the work and lose the answer."""

    def __init__(self, leases: Leases) -> None:
        self.leases = leases
        self.away = self.answer_lost = False

    def take(self, name: str, owner: str, dead_version: int | None) -> Grant:
        if self.away:
            raise redis.ConnectionError("Connection refused")
        grant = self.leases.take(name, owner, dead_version)
        if self.answer_lost:
            raise redis.TimeoutError("Timeout reading from socket")
        return grant

    def release(self, name: str, owner: str) -> None:
        self.leases.release(name, owner)


class Site:
    """A store, a clock that the waiting ones read, and owners."""

    def __init__(self, leases: Leases, name: str) -> None:
        self.leases, self.name = leases, name
        self.clock = FixedClock()

    def contender(self, owner: str, leases: Leases | None = None) -> Lease:
        return Lease(leases or self.leases, self.name, owner, TTL, lambda: self.clock.now_us() / 1e6)


@pytest.fixture(params=["valkey", "memory"])
def site(request: pytest.FixtureRequest, fresh_namespace: str) -> Iterator[Site]:
    name = f"{fresh_namespace}:lease"
    if request.param == "memory":
        yield Site(MemoryLeases(), name)
        return
    with redis.Redis.from_url(request.getfixturevalue("valkey_url")) as client:
        yield Site(ValkeyLeases(client), name)
        client.delete(name, f"{name}:waiting")


def test_the_first_gets_it_and_keeps_it_with_one_number(site: Site) -> None:
    first = site.contender("a")
    grant = first.take()
    assert grant.number is not None and grant.holder == "a"
    site.clock.advance(100)
    again = first.take()
    assert again.number == grant.number
    assert again.version > grant.version


def test_another_waits_while_it_is_renewed(site: Site) -> None:
    first, second = site.contender("a"), site.contender("b")
    first.take()
    for _ in range(20):
        assert second.take()[:2] == (None, "a")
        site.clock.advance(TTL / 2)
        first.take()


def test_one_that_is_not_renewed_changes_hands_after_its_time_and_its_number_rises(site: Site) -> None:
    first, second = site.contender("a"), site.contender("b")
    before = first.take().number
    assert second.take().number is None
    site.clock.advance(TTL - 0.01)
    assert second.take().number is None
    site.clock.advance(0.01)
    after = second.take().number
    assert before is not None and after is not None and after > before
    assert first.take()[:2] == (None, "b"), "the deposed one learns who holds it"


def test_a_released_one_is_free_at_once(site: Site) -> None:
    first, second = site.contender("a"), site.contender("b")
    before = first.take().number
    assert second.take().number is None
    first.release()
    after = second.take().number
    assert before is not None and after is not None and after > before


def test_releasing_what_another_holds_changes_nothing(site: Site) -> None:
    first, second = site.contender("a"), site.contender("b")
    number = first.take().number
    second.take()
    second.release()
    assert first.take().number == number


def test_of_two_that_wait_one_gets_it(site: Site) -> None:
    first, second, third = (site.contender(owner) for owner in "abc")
    first.take()
    second.take(), third.take()
    site.clock.advance(TTL)
    grants = [second.take(), third.take()]
    assert [grant.holder for grant in grants] == ["b", "b"]
    assert [grant.number is None for grant in grants] == [False, True]


def test_a_waiting_one_that_slept_does_not_depose_a_holder_that_did_not(site: Site) -> None:
    first, second = site.contender("a"), site.contender("b")
    first.take()
    second.take()
    for _ in range(10):
        site.clock.advance(1)
        first.take()
    assert second.take()[:2] == (None, "a")


@pytest.mark.parametrize("fault", ["away", "answer_lost"])
def test_a_store_that_was_away_deposes_nobody(site: Site, fault: str) -> None:
    switch = Switch(site.leases)
    first, second = site.contender("a", switch), site.contender("b", switch)
    number = first.take().number
    second.take()
    site.clock.advance(TTL - 1)
    setattr(switch, fault, True)
    for _ in range(10):
        with pytest.raises(redis.RedisError):
            second.take()
        site.clock.advance(TTL)
    setattr(switch, fault, False)
    assert second.take()[:2] == (None, "a"), "the watch over the holder begins anew"
    site.clock.advance(TTL - 1)
    assert first.take().number == number


def test_the_holder_hears_how_many_wait(site: Site) -> None:
    first, second, third = (site.contender(owner) for owner in "abc")
    assert first.take().waiting == 0
    second.take(), third.take(), second.take()
    assert first.take().waiting == 2
    third.release()
    assert first.take().waiting == 1
    first.release()
    assert second.take().waiting == 0


def test_the_number_rises_also_when_the_store_forgot_everything(valkey_url: str, fresh_namespace: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        leases, name = ValkeyLeases(client), f"{fresh_namespace}:lease"
        before = leases.take(name, "a", None).number
        client.delete(name)
        client.script_flush()
        after = leases.take(name, "b", None).number
        assert before is not None and after is not None
        assert after > before
        assert client.pttl(f"{name}:waiting") <= WAITING_MS
        client.delete(name)


def test_no_two_owners_have_one_name() -> None:
    assert len({new_owner() for _ in range(1000)}) == 1000
