"""Spellings of one name, and the names close to one that is not known."""

from __future__ import annotations

import time

import pytest

from edgehuman.runtime.names import known_names, one_name


@pytest.mark.parametrize(
    "name",
    ["ZO\u00c9 L", " ZO\u00c9 L", "ZO\u00c9 L\n", "ZO\u00c9  L", "ZO\u00c9\u00a0L", "ZOE\u0301 L "],
)
def test_spellings_of_one_name(name: str) -> None:
    assert one_name(name) == "ZO\u00c9 L"


@pytest.mark.parametrize("name", ["ZOE L", "Zo\u00e9 L", "ZO\u00c9L", "ZO\u00c9\nL"])
def test_other_names(name: str) -> None:
    assert one_name(name) != "ZO\u00c9 L"


def test_the_closest_of_many_names_are_given() -> None:
    names = [f"PERSON-{i:05d}" for i in range(20_000)]
    begin_s = time.perf_counter()
    said = known_names("PERSON-1234", names, "people")
    assert said.startswith("20000 people, and the closest names are PERSON-")
    assert len(said) < 120
    assert time.perf_counter() - begin_s < 10
    assert known_names("EVE", ["ANNA", "BOB", "ANNA"], "people") == "ANNA, BOB"
    assert known_names("EVE", [], "people") == "nobody"
