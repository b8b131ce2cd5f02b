"""Flags picked from a command's words before its config is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.flags.words import flag_value, recipe_table, take, take_recipe, wants_help


@pytest.mark.parametrize("words", [["--task", "gait"], ["--json", "--task=gait"]])
def test_a_flag_in_either_spelling(words: list[str]) -> None:
    assert flag_value(words, "task", {"task": "pose"}) == "gait"
    assert flag_value(words, "method", {"method": "mae"}) == "mae"
    assert flag_value(words, "steps", {"steps": 3}) is None


def test_what_is_taken_is_gone() -> None:
    words = ["a", "--json", "b", "--recipe", "r.toml", "c"]
    assert take(words, "--json")
    assert not take(words, "--json")
    assert take_recipe(words) == Path("r.toml")
    assert words == ["a", "b", "c"]
    assert take_recipe(words) is None
    with pytest.raises(UsageError, match="--recipe needs a value"):
        take_recipe(["--recipe"])


def test_the_recipe_in_the_words(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('task = "gait"\n', encoding="utf-8")
    assert recipe_table([f"--recipe={path}"]) == {"task": "gait"}
    assert recipe_table(["--json"]) == {}


def test_asking_for_help() -> None:
    assert wants_help(["x", "-h"])
    assert wants_help(["--help"])
    assert not wants_help(["help"])
