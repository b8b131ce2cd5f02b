"""One dataclass is flags, recipe and checkpoint; an unknown key or a wrong type is an error."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from tyro.conf import Positional

from edgehuman.config import (
    from_table,
    read_table,
    read_toml,
    require,
    require_no_command,
    resolve,
    to_table,
    write_toml,
)
from edgehuman.errors import UsageError


@dataclass(frozen=True)
class ToyConfig:
    """A toy."""

    data: Path
    """Where."""
    steps: int = 10
    """How many."""
    lr: float = 1e-3
    """How fast."""
    kind: Literal["a", "b"] = "a"
    """Which."""
    out: Path | None = None
    """Where to."""
    sizes: tuple[int, ...] = (1, 2)
    """How large."""
    folders: tuple[Path, ...] = ()
    """From where."""
    resume: bool = False
    """Continue."""


@dataclass(frozen=True)
class CheckedConfig:
    """A toy with a rule."""

    steps: int = 10

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise UsageError(f"steps is {self.steps}; it must be at least 1")


@dataclass(frozen=True)
class DerivedConfig:
    """A toy with a rule over two values, and a derived value."""

    dataset: str = ""
    data: str = "none"
    batch: int = 4
    lr: float = 0.0

    def __post_init__(self) -> None:
        if self.dataset and self.data == "none":
            raise UsageError(f"--dataset is {self.dataset}; give --data too")
        if self.lr == 0:
            object.__setattr__(self, "lr", self.batch / 100)


def write(folder: Path, text: str) -> Path:
    path = folder / "toy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_then_recipe_then_flags(tmp_path: Path) -> None:
    recipe = write(tmp_path, 'data = "from_recipe"\nsteps = 20\nlr = 1\n')
    config = resolve(ToyConfig, ["--steps", "30"], recipe)
    assert config == ToyConfig(Path("from_recipe"), steps=30, lr=1.0)


def test_flags_complete_a_partial_recipe(tmp_path: Path) -> None:
    recipe = write(tmp_path, "steps = 20\n")
    assert resolve(ToyConfig, ["--data", "x"], recipe) == ToyConfig(Path("x"), steps=20)


def test_a_missing_required_flag_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^`edgehuman` needs --data; `edgehuman --help` lists"):
        resolve(ToyConfig, [], write(tmp_path, "steps = 20\n"))


def test_an_unknown_key_lists_the_nearest_and_all_valid_keys() -> None:
    with pytest.raises(UsageError, match=r"toy\.toml: unknown key 'step'; did you mean 'steps'"):
        from_table(ToyConfig, {"step": 3}, "toy.toml")
    with pytest.raises(UsageError, match="Valid keys: data, folders, kind, lr, out"):
        from_table(ToyConfig, {"zzz": 3}, "toy.toml")


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("steps", "ten", "steps is 'ten'; it must be int"),
        ("steps", 1.5, "steps is 1.5; it must be int"),
        ("steps", True, "steps is True; it must be int"),
        ("lr", "fast", "lr is 'fast'; it must be float"),
        ("lr", True, "lr is True; it must be float"),
        ("kind", "c", r"kind is 'c'; it must be .*'a', 'b'"),
        ("data", 3, "data is 3; it must be Path"),
        ("out", 3, "out is 3; it must be"),
        ("sizes", 3, "sizes is 3; it must be"),
        ("sizes", [1, "x"], "sizes is 'x'; it must be int"),
        ("resume", 1, "resume is 1; it must be bool"),
    ],
)
def test_a_wrong_type_is_reported_with_the_rule(key: str, value: Any, rule: str) -> None:
    with pytest.raises(UsageError, match=rule):
        from_table(ToyConfig, {"data": "x", key: value}, "toy.toml")


def test_an_int_becomes_a_float_where_needed() -> None:
    config = from_table(ToyConfig, {"data": "x", "lr": 1}, "toy.toml")
    assert isinstance(config.lr, float)


def test_none_is_a_string_in_toml() -> None:
    assert from_table(ToyConfig, {"data": "x", "out": "none"}, "toy.toml").out is None
    assert from_table(ToyConfig, {"data": "x", "out": "y"}, "toy.toml").out == Path("y")


def test_a_missing_required_key_is_named() -> None:
    with pytest.raises(UsageError, match="'data'; add the missing key"):
        from_table(ToyConfig, {}, "toy.toml")


def test_a_toml_round_trip_changes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("tomli_w")
    for config in (
        ToyConfig(Path("x")),
        ToyConfig(Path("x"), 3, 0.5, "b", Path("o"), (4,), (Path("p"), Path("q")), True),
    ):
        write_toml(config, tmp_path / "c.toml")
        assert read_toml(ToyConfig, tmp_path / "c.toml") == config


def test_none_fields_are_left_out_of_the_table() -> None:
    assert to_table(ToyConfig(Path("x"))) == {
        "data": "x",
        "steps": 10,
        "lr": 1e-3,
        "kind": "a",
        "sizes": [1, 2],
        "folders": [],
        "resume": False,
    }


def test_missing_and_broken_recipes_are_reported(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml: no such file"):
        read_toml(ToyConfig, tmp_path / "nowhere.toml")
    with pytest.raises(UsageError, match="no such file"):
        read_toml(ToyConfig, tmp_path)
    with pytest.raises(UsageError, match=r"not a TOML file.*line 1"):
        read_toml(ToyConfig, write(tmp_path, "steps 20"))
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not a TOML file"):
        read_toml(ToyConfig, binary)


def test_rules_apply_to_flags_and_recipes(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="steps is 0; it must be at least 1"):
        read_toml(CheckedConfig, write(tmp_path, "steps = 0"))
    with pytest.raises(UsageError, match=r"^steps is 0; it must be at least 1"):
        resolve(CheckedConfig, ["--steps", "0"])
    with pytest.raises(UsageError, match=r"^steps is 0; it must be at least 1"):
        resolve(CheckedConfig, [], write(tmp_path, "steps = 0"))


def test_rules_and_derived_values_see_recipe_and_flags(tmp_path: Path) -> None:
    # Alone, this recipe names a dataset but no data; the flag completes it.
    recipe = write(tmp_path, 'dataset = "ccp"\ndata = "none"\nbatch = 64\n')
    config = resolve(DerivedConfig, ["--data", "photos", "--batch", "8"], recipe)
    assert config == DerivedConfig("ccp", "photos", batch=8, lr=0.08)
    with pytest.raises(UsageError):
        resolve(DerivedConfig, [], recipe)


@dataclass(frozen=True)
class TypedConfig:
    """One field of each kind that is typed."""

    path: Positional[Path]
    """Positional."""
    out: Path
    """Required."""
    steps: int = 1
    """A whole number."""
    rate_hz: float = 1.0
    """A number."""
    unit: Literal["auto", "g"] = "auto"
    """A choice."""
    quick: bool = False
    """A switch."""
    note: str | None = None
    """A text."""
    level: float | None = None
    """A number that may be left out."""


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("p --out o --stepz 3", "unknown flag --stepz. Did you mean --steps? `toy --help` lists"),
        ("p --out o --steps=3 --rate_khz=3", "unknown flag --rate_khz. Did you mean --rate-hz?"),
        ("p --out o --xyz", "unknown flag --xyz. `toy --help` lists the flags"),
        ("", "`toy` needs PATH, --out; `toy --help` lists the flags"),
        ("p", "`toy` needs --out; `toy --help` lists the flags"),
        ("--out o", "`toy` needs PATH; `toy --help` lists the flags"),
        ("p q --out o", "'q' is one word too many; `toy --help` lists the flags"),
        ("--path p --out o", "--path is no flag of `toy`: write its value alone, without --path"),
        ("--path=p --out o", "--path is no flag of `toy`: write its value alone, without --path"),
        ("p --out", "--out needs a value; `toy --help` lists the flags"),
        ("p --out o --steps three", "--steps is 'three'; it must be a whole number"),
        ("p --out o --steps 2.5", "--steps is '2.5'; it must be a whole number"),
        ("p --out o --rate-hz x", "--rate-hz is 'x'; it must be a number"),
        ("p --out o --level x", "--level is 'x'; it must be a number, or None"),
        ("p --out o --unit gs", "--unit is 'gs'; it must be one of: auto, g. Did you mean 'g'?"),
    ],
)
def test_wrong_words_are_one_line_of_text(
    words: str,
    said: str,
    encoding: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding))
    with pytest.raises(UsageError) as caught:
        resolve(TypedConfig, words.split(), prog="toy")
    assert str(caught.value).startswith(said)
    assert not set("│╭╰─|\x1b\n") & set(str(caught.value))
    assert capsys.readouterr() == ("", "")
    assert os.environ["COLUMNS"] == "40"


def test_every_spelling_of_a_flag_is_known() -> None:
    words = ["p", "--out=o", "--rate_hz", "-2.5", "--no-quick", "--note", "a b"]
    config = resolve(TypedConfig, words)
    assert config == TypedConfig(Path("p"), Path("o"), rate_hz=-2.5, note="a b")
    assert resolve(TypedConfig, ["p", "--out", "o", "--quick"]).quick


def test_a_broken_rule_names_the_flag_the_value_and_the_rule() -> None:
    rules = ((True, "steps", "at least 1"), (False, "data", "a folder"), (False, "lr", "above 0"))
    with pytest.raises(UsageError) as caught:
        require(ToyConfig(Path("x")), rules)
    assert str(caught.value) == "--data is x; it must be a folder"


def test_a_number_with_a_rule_is_finite() -> None:
    @dataclass(frozen=True)
    class Endless:
        lr: float = float("inf")

    with pytest.raises(UsageError, match="--lr is inf; it must be a finite number, above 0"):
        require(Endless(), [(Endless().lr > 0, "lr", "above 0")])


def test_a_flag_is_written_with_dashes() -> None:
    @dataclass(frozen=True)
    class Named:
        min_lr: float = 2.0

    with pytest.raises(UsageError, match=r"--min-lr is 2\.0; it must be from 0 to lr"):
        require(Named(), [(False, "min_lr", "from 0 to lr")])


def test_checking_stops_at_the_first_broken_rule() -> None:
    def rules() -> Iterator[tuple[bool, str, str]]:
        yield False, "steps", "at least 1"
        raise AssertionError("asked")

    with pytest.raises(UsageError, match="--steps is 10"):
        require(ToyConfig(Path("x")), rules())
    require(ToyConfig(Path("x")), [])


@dataclass(frozen=True)
class ShardsConfig:
    """Where from."""

    data: str = "simulated"
    """One."""
    more_data: tuple[str, ...] = ()
    """Several."""


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        ('data = "pipe:touch {}"', "--data"),
        ('data = " pipe:touch {}"', "--data"),
        ('data = "./pipe:touch {}"', "--data"),
        ('more_data = [["pipe:touch {}"]]', "--more-data"),
        ('more_data = ["photos", "pipe:touch {}"]', "--more-data"),
    ],
)
def test_a_command_is_taken_from_the_command_line_alone(
    line: str, flag: str, tmp_path: Path
) -> None:
    recipe, made = tmp_path / "theirs.toml", tmp_path / "made"
    recipe.write_text(line.format(made))
    with pytest.raises(UsageError, match=rf"theirs.toml: .* is '(?: |./)?pipe:.*type it: {flag} '"):
        resolve(ShardsConfig, [], recipe)
    with pytest.raises(UsageError, match="a command; commands run only where you type them"):
        read_toml(ShardsConfig, recipe)
    assert not made.exists()
    typed = resolve(ShardsConfig, ["--data", f"pipe:cat {made}"])
    assert typed.data == f"pipe:cat {made}"


@pytest.mark.parametrize(
    "value",
    [
        {"grid": {"data": ["photos", "pipe:touch x"]}},
        [{"cells": [{"data": "pipe:touch x"}]}],
        ["--data", "pipe:touch x"],
        ["--data=pipe:touch x"],
        "gst:videotestsrc",
    ],
)
def test_a_command_is_found_at_any_depth_of_a_file(value: object) -> None:
    with pytest.raises(UsageError, match=r"sweep\.toml.* a command; commands run only where you"):
        require_no_command(value, "sweep.toml")
    require_no_command({"grid": {"data": ["s3://b/a.tar", "photos"]}, "steps": 3}, "sweep.toml")


def test_a_recipe_that_is_no_recipe_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "big.toml"
    path.write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(UsageError, match=r"big\.toml: has 1,048,577 bytes; a recipe may have"):
        read_table(path)
    path.write_text("a." * 200_000 + "b = 1\n")  # its parts would be read in their square
    with pytest.raises(UsageError, match="a key has over 64 parts"):
        read_table(path)


@pytest.mark.parametrize("written", ["1" * 400, "-9223372036854775809", "0xffffffffffffffff"])
@pytest.mark.parametrize("where", ["a = {}", "[t]\na = {}", "a = [[1], [{}]]", "a = {{b = {}}}"])
def test_an_integer_beyond_64_bits_is_refused_at_any_depth(
    written: str, where: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="beyond 64 bits"):
        read_table(write(tmp_path, where.format(written) + "\n"))
    assert read_table(write(tmp_path, where.format("-9223372036854775808") + "\n"))
