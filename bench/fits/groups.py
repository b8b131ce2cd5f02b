"""Which cells make one curve: all that is equal but x.

    for group in groups_of(study, "hours"):
        ...

For an amount of data a curve is one architecture, fold and sampling, and besides them the best
architecture at each amount; for parameters one amount of data; for compute the best cell of each
octave (a factor of two).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgehuman.bench.fits.study import LETTERS, Cell, Study
from edgehuman.bench.laws.frontier import most_efficient
from edgehuman.errors import DataError, UsageError
from edgehuman.reading.values import shown

_BY_DATA = ("method", "family", "arch", "sampling", "fold", "augment")
_BY_SIZE = ("method", "family", "sampling", "share", "fold", "augment")
_BY_COMPUTE = ("method", "family", "sampling", "fold", "augment")
DATA = ("items", "hours", "people", "samples")
SIZE = ("params", "params_all", "width", "depth")
ALL = "all"
"""The sampling of a cell with all of the data."""


@dataclass(frozen=True, slots=True)
class Group:
    """Attributes:
    x: the column. held: what is equal in all cells: column -> value, without what is unknown.
    cells: by x. simulated: their data were made.
    shorter: cells that were left out, as others differ from them in longer training alone.
    """

    x: str
    held: Mapping[str, str]
    cells: tuple[Cell, ...]
    simulated: bool = False
    shorter: int = 0

    @property
    def label(self) -> str:
        """For tables: "sampling user, fold 0"."""
        return ", ".join(f"{name} {value}" for name, value in self.held.items()) or "all"


def axes_of(study: Study, asked: str) -> tuple[str, ...]:
    """The columns to take for x: that asked for, by its name or its letter; else those that vary.

    Raises:
        UsageError: no such column. DataError: it is unknown for a cell, or no column varies.
    """
    known = [name for name in study.axes if all(name in cell.amounts for cell in study.cells)]
    if asked:
        names = LETTERS.get(asked, (asked,))
        wanted = [asked] if asked in study.axes else [name for name in names if name in study.axes]
        if not wanted:
            raise UsageError(
                f"--x is {shown(asked)}; it must be one of {', '.join(study.axes)}, or N, D, C"
            )
        held = [name for name in wanted if name in known]
        if not held:
            raise DataError(
                f"--x {asked}: not all points have {' or '.join(wanted)}; fill that column"
            )
        return (held[0],)
    varying = [name for name in known if _values([cell.amounts[name] for cell in study.cells]) > 1]
    if "cell" not in study.axes and not set(study.axes) & {"params"}:
        axes = tuple(varying)
    else:
        picked = [[name for name in LETTERS[letter] if name in varying][:1] for letter in "DNC"]
        axes = tuple(name for names in picked for name in names)
    if not axes:
        raise DataError(
            f"no amount varies over the {len(study.cells)} points "
            f"({', '.join(known) or 'none is known for all'}); a law needs three values of x"
        )
    return axes


def _values(x: Sequence[float]) -> int:
    return len(np.unique(np.asarray(x)))


def groups_of(study: Study, x: str, columns: Sequence[str] = ()) -> list[Group]:
    """The curves along x: with columns given, all cells equal in those."""
    if columns or "params" not in study.axes:
        fixed: Sequence[str] = columns or ("group", *(axis for axis in study.axes if axis != x))
        return _grouped(study.cells, x, fixed)
    if x in SIZE:
        return [_longest(group) for group in _grouped(study.cells, x, _BY_SIZE)]
    if x == "flops":
        cells = in_every_sampling(study.cells)
        return [_frontier(group, study) for group in _grouped(cells, x, _BY_COMPUTE)]
    fixed = (*_BY_DATA, "share") if x == "samples" else _BY_DATA
    groups = _grouped(study.cells if x == "samples" else in_every_sampling(study.cells), x, fixed)
    if x != "samples":
        groups = [_longest(group) for group in groups]
    return _best(study, groups, x) + groups


def in_every_sampling(cells: Sequence[Cell]) -> list[Cell]:
    """Cells with all of the data once for every sampling of those that are alike: however it is
    drawn, a share of 1 is all, so it is the largest point of each sampling's curve.
    """

    def alike(cell: Cell) -> tuple[object, ...]:
        rest = (cell.held.get(name, "") for name in _BY_COMPUTE if name != "sampling")
        return (*rest, cell.simulated)

    drawn: dict[tuple[object, ...], dict[str, None]] = defaultdict(dict)
    for cell in cells:
        if (sampling := cell.held.get("sampling", "")) not in ("", ALL):
            drawn[alike(cell)][sampling] = None
    found = []
    for cell in cells:
        samplings = drawn.get(alike(cell)) if cell.held.get("sampling") == ALL else None
        found += [replace(cell, held={**cell.held, "sampling": s}) for s in samplings or ()] or [
            cell
        ]
    return found


def _grouped(cells: Sequence[Cell], x: str, fixed: Sequence[str]) -> list[Group]:
    found: dict[tuple[object, ...], list[Cell]] = defaultdict(list)
    for cell in cells:
        if x in cell.amounts:
            key = (*(_held(cell, name) for name in fixed), cell.simulated)
            found[key].append(cell)
    varying = [k for k, name in enumerate(fixed) if len({_held(cell, name) for cell in cells}) > 1]
    groups = []
    for key, members in found.items():
        held = {fixed[k]: str(key[k]) for k in varying if key[k] != ""}
        if "arch" in held:
            held.pop("family", None)  # which the name of the network says
        members.sort(key=lambda cell: cell.amounts[x])
        groups.append(Group(x, held, tuple(members), members[0].simulated))
    return groups


def _longest(group: Group) -> Group:
    """Of cells of one network and share, those that were trained for longest."""

    def alike(cell: Cell) -> tuple[str | None, ...]:
        at = cell.held.get("share") or f"{cell.amounts[group.x]:.6g}"
        return (cell.held.get("arch"), at, cell.held.get("method"))

    most: dict[tuple[str | None, ...], float] = defaultdict(float)
    for cell in group.cells:
        most[alike(cell)] = max(most[alike(cell)], cell.amounts.get("samples", 0.0))
    cells = tuple(
        cell for cell in group.cells if cell.amounts.get("samples", 0.0) == most[alike(cell)]
    )
    shorter = len(group.cells) - len(cells)
    return Group(group.x, group.held, cells, group.simulated, shorter)


def _held(cell: Cell, name: str) -> str:
    """What a cell has in a column; its amount of data where no share was given."""
    if name == "share" and not cell.held.get("share"):
        for column in DATA:
            if column in cell.amounts:
                return f"{cell.amounts[column]:g} {column}"
    if name in ("N", "D") and name in cell.amounts:  # of a user's table: a curve has one of it
        return f"{cell.amounts[name]:.6g}"
    return cell.held.get(name, "")


def _best(study: Study, groups: Sequence[Group], x: str) -> list[Group]:
    """The best architecture at each amount that several have."""
    pools: dict[tuple[object, ...], list[Group]] = defaultdict(list)
    for group in groups:
        rest = tuple((k, v) for k, v in group.held.items() if k not in ("arch", "family"))
        pools[rest, group.simulated].append(group)
    best = []
    for members in pools.values():
        if len(members) < 2:
            continue
        at: dict[str, list[Cell]] = defaultdict(list)
        for cell in (cell for group in members for cell in group.cells):
            at[cell.held.get("share") or f"{cell.amounts[x]:.6g}"].append(cell)
        choose = min if study.kind == "loss" else max
        # An amount that one network alone has is no choice.
        shared = [each for each in at.values() if len({c.held.get("arch") for c in each}) > 1]
        if not shared:
            continue
        cells = [choose(each, key=lambda cell: cell.value) for each in shared]
        cells.sort(key=lambda cell: cell.amounts[x])
        held = {k: v for k, v in members[0].held.items() if k not in ("arch", "family")}
        held["arch"] = f"best of {len(members)}"
        best.append(Group(x, held, tuple(cells), members[0].simulated))
    return best


def _frontier(group: Group, study: Study) -> Group:
    """The best cell of each octave of compute."""
    flops = np.array([cell.amounts["flops"] for cell in group.cells])
    value = np.array([cell.value for cell in group.cells])
    places = most_efficient(flops, value, study.kind != "loss")
    cells = sorted((group.cells[k] for k in places), key=lambda cell: cell.amounts["flops"])
    return Group("flops", {**group.held, "cells": "best per octave"}, tuple(cells), group.simulated)


def by_fold(groups: Sequence[Group]) -> list[tuple[Mapping[str, str], list[Group]]]:
    """Groups that differ in their fold alone, three or more: what is pooled."""
    pools: dict[tuple[object, ...], list[Group]] = defaultdict(list)
    for group in groups:
        if group.held.get("fold"):
            rest = tuple((k, v) for k, v in group.held.items() if k != "fold")
            pools[rest, group.simulated].append(group)
    return [
        ({k: v for k, v in members[0].held.items() if k != "fold"}, members)
        for members in pools.values()
        if len(members) >= 3
    ]
