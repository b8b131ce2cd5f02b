"""Pick flags from a command's words before its config is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgehuman.errors import UsageError


def flag_value(words: Sequence[str], flag: str, recipe: Mapping[str, Any]) -> str | None:
    """The value of a flag in the words, or of its key in the recipe."""
    for i, word in enumerate(words):
        if word == f"--{flag}" and i + 1 < len(words):
            return words[i + 1]
        if word.startswith(f"--{flag}="):
            return word.partition("=")[2]
    value = recipe.get(flag)
    return value if isinstance(value, str) else None


def recipe_table(words: Sequence[str]) -> Mapping[str, Any]:
    """The recipe that the words name, as a plain dict; empty if they name none.

    Raises:
        UsageError: no such file, or not TOML.
    """
    from edgehuman.config import read_table

    name = flag_value(words, "recipe", {})
    return {} if name is None else read_table(Path(name))


def take(words: list[str], flag: str) -> bool:
    """Remove a flag without a value from the words; whether it was there."""
    found = flag in words
    words[:] = [word for word in words if word != flag]
    return found


def take_recipe(words: list[str]) -> Path | None:
    """Remove `--recipe FILE` from the words and return the file.

    Raises:
        UsageError: the flag has no value.
    """
    return take_path(words, "recipe", "the path of a .toml file")


def take_path(words: list[str], name: str, needs: str) -> Path | None:
    """Remove a flag and its value, a path, from the words and return the path.

    Args:
        needs: what the value is, for the message.

    Raises:
        UsageError: the flag has no value.
    """
    flag = f"--{name}"
    value = flag_value(words, name, {})
    if value is None:
        if flag in words:
            raise UsageError(f"{flag} needs a value: {needs}")
        return None
    kept: list[str] = []
    skip = False
    for word in words:
        if skip or word.startswith(f"{flag}="):
            skip = False
        elif word == flag:
            skip = True
        else:
            kept.append(word)
    words[:] = kept
    return Path(value)


def wants_help(words: Sequence[str]) -> bool:
    """Whether the words ask for help."""
    return "--help" in words or "-h" in words
