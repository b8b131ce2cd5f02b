"""Spellings of one name, and the names close to one that is not known."""

from __future__ import annotations

import time

import pytest

from edgehuman.errors import DataError
from edgehuman.runtime.names import known_names, one_name, require_name


@pytest.mark.parametrize(
    "name",
    [
        *("ZO\u00c9 L", " ZO\u00c9 L", "ZO\u00c9 L\n", "ZO\u00c9  L", "ZO\u00c9\u00a0L"),
        *("ZOE\u0301 L ", "\ufeffZO\u00c9 L", "ZO\u00c9\u200b L", "ZO\u00c9 L\u200d"),
        *("\u200eZO\u00c9 L\u200f", "ZO\u00c9 L\u200c"),
    ],
)
def test_spellings_of_one_name(name: str) -> None:
    assert one_name(name) == "ZO\u00c9 L"


@pytest.mark.parametrize("name", ["ZOE L", "Zo\u00e9 L", "ZO\u00c9L", "ZO\u00c9\nL"])
def test_other_names(name: str) -> None:
    assert one_name(name) != "ZO\u00c9 L"


@pytest.mark.parametrize(
    "name",
    [
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
        "\U0001f469\u200d\U0001f467 L",
        "\u2764\ufe0f",
    ],
)
def test_joiners_within_a_name_stay(name: str) -> None:
    assert one_name(name) == name
    require_name(name)


@pytest.mark.parametrize(
    "name", ["", "\u200b", "x" * 201, "A\tB", "A\nB", "A\x1b[31mB", "A\u202eB", "Jos\udce9"]
)
def test_what_is_empty_long_or_obeyed_by_a_terminal_is_no_name(name: str) -> None:
    with pytest.raises(DataError, match="1 to 200 printable"):
        require_name(one_name(name))


def test_the_closest_of_many_names_are_given() -> None:
    names = [f"PERSON-{i:05d}" for i in range(20_000)]
    begin_s = time.perf_counter()
    said = known_names("PERSON-1234", names, "people")
    assert said.startswith("20000 people, and the closest names are PERSON-")
    assert len(said) < 120
    assert time.perf_counter() - begin_s < 10
    assert known_names("EVE", ["ANNA", "BOB", "ANNA"], "people") == "ANNA, BOB"
    assert known_names("EVE", [], "people") == "nobody"
