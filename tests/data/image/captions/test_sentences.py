"""Sentences about people, and people in two parts of the data."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.data.image.captions.sentences import require_own_splits, sentences_of
from edgehuman.errors import DataError


def test_sentences_of_any_script_and_length_are_taken() -> None:
    long = "word " * 10_000
    assert sentences_of([" a coat ", "пальто", "紅", long]) == (
        "a coat", "пальто", "紅", long.strip(),
    )  # fmt: skip


@pytest.mark.parametrize(
    "value", [[], [""], ["a", "  "], "a coat", None, [3], ["a"] * 101, ["..."], ["a", "?!"]]
)
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="a list of 1 to 100 sentences, each with a letter or"):
        sentences_of(value)


def test_a_person_in_two_parts_is_named() -> None:
    require_own_splits(Path("x"), [1, 1, 2], ["train", "train", "test"])
    with pytest.raises(DataError, match=r"x\.json: person 2 is in two parts, test and train"):
        require_own_splits(Path("x.json"), [1, 2, 2], ["train", "test", "train"])
