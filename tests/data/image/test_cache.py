"""All that keeps pictures shares one budget, and gives it back."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from edgehuman.data.image import cache
from edgehuman.data.image.cache import Budget, Cache
from edgehuman.data.image.crops.compose import Composer
from edgehuman.data.image.crowds.stock import Stock
from edgehuman.data.image.frames.scenes import Scenes
from edgehuman.data.image.set import PersonSet
from tests.data.image.crowds.drawn import drawn_persons

SIZE = (64, 32)


@pytest.fixture(params=[0, 150_000, 10_000_000])
def most(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The budget of the process, in bytes."""
    most: int = request.param
    monkeypatch.setattr(cache, "BUDGET", Budget(most))
    yield most
    gc.collect()
    assert cache.BUDGET.free == most  # all owners are gone


def reading(persons: PersonSet, most: int) -> list[np.ndarray]:  # type: ignore[type-arg]
    """All that each owner makes of some people, a few times over."""
    made = []
    others = dataclasses.replace(persons, role_N=np.full(len(persons), "train"))
    composer = Composer(persons, SIZE, around=others)
    stock = Stock(persons, np.arange(len(persons)), None)
    scenes = Scenes(stock, 2, seed=1, simulated=0.5)
    for _ in range(2):
        rng = np.random.default_rng(0)
        made += [composer.sample(index, rng).image_HWC for index in range(len(persons))]
        for index in range(len(persons)):
            person, street = stock.person(index), stock.street(index)
            made += [] if person is None else [person.levels[0]]
            made += [] if street is None else [street]
        made.append(scenes[0])
        assert cache.BUDGET.free >= 0
    assert cache.BUDGET.free < max(1, most)
    return made


def test_owners_share_one_budget_and_make_the_same_without(most: int) -> None:
    """Composers, stocks and scenes: what they keep together stays below it, whatever it is."""
    made = reading(drawn_persons(4, 0), most)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "BUDGET", Budget(1 << 40))
        for one, other in zip(made, reading(drawn_persons(4, 0), 1 << 40), strict=True):
            np.testing.assert_array_equal(one, other)


def test_what_finds_no_room_is_not_kept() -> None:
    budget = Budget(10)
    first: Cache[str] = Cache(budget)
    second: Cache[str] = Cache(budget)
    first.keep(1, "one", 7)
    second.keep(1, "another", 7)
    second.keep(2, "small", 3)
    assert (1 in first, 1 in second, 2 in second, budget.free) == (True, False, True, 0)
    first.keep(1, "again", 0)
    assert first[1] == "one"
    assert (first.num_bytes, second.num_bytes) == (7, 3)
    del first
    gc.collect()
    second.keep(1, "another", 7)
    assert (second[1], budget.free) == ("another", 0)


def test_threads_take_no_more_than_there_is() -> None:
    budget = Budget(1000)
    caches: list[Cache[int]] = [Cache(budget) for _ in range(3)]

    def fill(number: int) -> None:
        for key in range(200):
            caches[number % 3].keep(key, key, 7)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fill, range(24)))
    held = sum(each.num_bytes for each in caches)
    assert held == 7 * (1000 // 7)
    assert budget.free == 1000 - held
