"""What the help knows of a config: order, groups, values, texts, defaults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pytest
from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.flags.fields import AUGMENTATION, NEEDED, OWN, Flag, flags_of

TRAININGS = [row.config for table in (catalogue.METHODS, catalogue.TASKS) for row in table.values()]


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Shared fields."""

    HELP_GROUP: ClassVar[str] = "optimiser"

    out: Path
    """Folder."""
    lr: float = 1e-3
    """Rate."""


@dataclass(frozen=True, kw_only=True)
class Made(Shared):
    """A made config."""

    arch: str | None = None
    """The network."""
    data: tuple[str, ...] = ("one", "two")
    """The data,
    on two lines."""
    lr: float = 2e-3
    """Its own rate."""
    kind: Literal["a", "b"] | None = None
    """One of two."""
    sizes: tuple[int, int] = (8, 16)
    """Two sizes."""
    shift: float = 0.0
    """Augmentation: largest shift."""
    read: bool = True
    """Read it."""
    again: bool = False
    """Once more."""


@dataclass(frozen=True)
class Told:
    """Its texts stand in one place.

    Attributes:
        model: zoo:NAME, or
            a path.
        low, high: a border.
        source: where from.
    """

    model: Positional[str]
    source: str
    low: int = 1
    high: int = 2


def by_name(config: type) -> dict[str, Flag]:
    return {flag.name: flag for flag in flags_of(config)}


def test_needed_then_own_then_augmentation_then_the_groups_of_other_classes() -> None:
    order = [(flag.name, flag.group) for flag in flags_of(Made)]
    assert order == [
        *[(name, NEEDED) for name in ("arch", "data", "out")],
        *[(name, OWN) for name in ("kind", "sizes", "read", "again")],
        ("shift", AUGMENTATION),
        ("lr", "optimiser"),
    ]


@pytest.mark.parametrize(
    ("name", "spelling", "default", "said"),
    [
        ("arch", "--arch NETWORK", "", "The network."),
        ("data", "--data TEXT ...", "one two", "The data, on two lines."),
        ("out", "--out PATH", "", "Folder."),
        ("lr", "--lr FLOAT", "0.002", "Its own rate."),
        ("kind", "--kind {a,b}", "", "One of two."),
        ("sizes", "--sizes INT INT", "8 16", "Two sizes."),
        ("shift", "--shift FLOAT", "0", "Largest shift."),
        ("read", "--no-read", "", "Turn off: read it."),
        ("again", "--again", "", "Once more."),
    ],
)
def test_a_flag_is_spelt_as_it_is_typed(name: str, spelling: str, default: str, said: str) -> None:
    flag = by_name(Made)[name]
    assert (flag.spelling, flag.default, flag.said) == (spelling, default, said)


def test_only_what_has_no_default_is_required() -> None:
    assert [flag.name for flag in flags_of(Made) if flag.required] == ["out"]
    assert [flag.name for flag in flags_of(Told) if flag.required] == ["model", "source"]


def test_texts_of_an_attributes_section() -> None:
    flags = by_name(Told)
    assert flags["model"].said == "zoo:NAME, or a path."
    assert flags["low"].said == flags["high"].said == "a border."
    assert flags["model"].spelling == "MODEL"
    assert [flag.name for flag in flags_of(Told)] == ["model", "source", "low", "high"]


@pytest.mark.parametrize("path", TRAININGS)
def test_every_training_begins_with_network_data_and_out(path: str) -> None:
    flags = flags_of(catalogue.load_object(path))
    assert [flag.name for flag in flags][:3] == ["arch", "data", "out"]
    groups = list(dict.fromkeys(flag.group for flag in flags))
    assert groups[:2] == [NEEDED, OWN]
    assert groups[-1] == "optimiser, schedule and checkpoints"
    assert all(flag.said for flag in flags)


@dataclass(frozen=True, kw_only=True)
class Switches:
    """Two switches."""

    loud: bool = False
    """Speak up."""
    tidy: bool = True
    """Put things away."""


def test_a_flag_that_undoes_says_so() -> None:
    said = {flag.spelling: flag.said for flag in flags_of(Switches)}
    assert said == {"--loud": "Speak up.", "--no-tidy": "Turn off: put things away."}
