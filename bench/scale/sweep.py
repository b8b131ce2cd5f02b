"""A sweep: a grid of pretrainings, read from a TOML file and checked before anything runs.

method = "mae"

[fixed]                                  # flags that all cells share
data = ["hapt_raw.npz", "usc_had.npz"]
steps = 600

[grid]                                   # every combination is a cell
arch = ["imuvit_64x2", "imuvit_128x3"]
subset = [1.0, 0.5, 0.25]
subset_by = ["user", "random"]
seed = [0, 1, 2]

[grid.augment]                           # an axis of several flags: its labels and their flags
none = {}
rotated = { rotation_deg = 20.0 }

[[skip]]                                 # cells in which all of these hold are left out
subset = 1.0
subset_by = "random"

[[downstream]]                           # a fine-tuning of every cell, or of those in `only`
name = "ucihar"
metrics = ["macro_f1"]
only = { seed = [0] }
flags = { task = "activity", mode = "probe", data = ["uci_har.npz"] }
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehuman import catalogue
from edgehuman.bench.scale.names import (
    cell_name,
    label_of,
    require_axis,
    require_label,
    require_metric,
    require_words,
    words_of,
)
from edgehuman.config import from_table, read_table, to_table
from edgehuman.errors import UsageError
from edgehuman.outcome import to_json
from edgehuman.training.settings import TrainingConfig

MOST_CELLS = 20_000
_MOST_TABLES = 1000
# Given to each cell by the sweep itself.
OWN = ("out", "resume", "flops", "method")
_FOLDER = re.compile(r"(?!(?i:train)\Z)[\w-]{1,40}", re.ASCII)
_OWN_OF_DOWNSTREAM = ("out", "resume", "weights")
_KEYS = frozenset({"method", "fixed", "grid", "skip", "downstream"})
_OF_DOWNSTREAM = frozenset({"name", "metrics", "trials", "only", "flags"})


@dataclass(frozen=True, slots=True)
class Downstream:
    """A fine-tuning of a pretrained cell.

    Attributes:
        name: of its metrics, as `metric.NAME.METRIC`, and of its folder.
        flags: of `edgehuman finetune`, without --weights and --out.
        metrics: keys of its outcome to keep.
        trials: metric -> how many answers it is a share of, for those that are such shares.
        only: axis -> labels of the cells that it is for; empty: all.
    """

    name: str
    flags: Mapping[str, Any]
    metrics: tuple[str, ...]
    trials: Mapping[str, int] = dataclasses.field(default_factory=dict)
    only: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """One training of a sweep.

    Attributes:
        name: of its folder, and in the table of points.
        labels: axis -> which of its values, as text.
        config: of the training; its `out` is not the cell's.
        downstream: what follows.
    """

    name: str
    labels: Mapping[str, str]
    config: TrainingConfig
    downstream: tuple[Downstream, ...] = ()

    def words(self, out: Path) -> list[str]:
        """The words of `edgehuman` that train it into a folder."""
        method = getattr(self.config, "method", "mae")
        given = words_of(dataclasses.replace(self.config, out=out, flops=True))
        return ["pretrain", "--method", method, *given]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Attributes:
    path: the file.
    method: of pretraining.
    axes: name -> labels, in the file's order.
    cells: in the order in which they run.
    protocol: a hash of all that has to be equal for its cells to be comparable.
    """

    path: Path
    method: str
    axes: Mapping[str, tuple[str, ...]]
    cells: tuple[Cell, ...]
    protocol: str


def read_sweep(path: Path) -> Sweep:
    """Read a sweep and check each of its cells.

    Raises:
        UsageError: no such file or no TOML; an unknown key, flag, method or network; a cell whose
            flags contradict each other, named; two cells that are the same; too many cells.
    """
    table = read_table(path)
    _require_keys(str(path), table, _KEYS)
    method = str(table.get("method", "mae"))
    row = catalogue.find(catalogue.METHODS, "method", method)
    config_class: type[TrainingConfig] = catalogue.load_object(row.config)
    fixed = _table(table, "fixed", path)
    axes = _axes(_table(table, "grid", path), path)
    varied = {flag for values in axes.values() for flags in values.values() for flag in flags}
    _require_not_own(str(path), (*fixed, *axes, *varied), OWN)
    for name in axes.keys() & fixed.keys():
        raise UsageError(f"{path}: {name} is in [fixed] and in [grid]; remove one")
    downstream = tuple(_downstream(each, path, axes) for each in _tables(table, "downstream", path))
    _require_once(path, [each.name for each in downstream])
    skips = [_skip(each, path, axes) for each in _tables(table, "skip", path)]
    given = (config_class, method, fixed, path)
    cells = tuple(_cells(given, axes, skips, downstream))
    if not cells:
        raise UsageError(f"{path}: no cell is left; fill [grid], or remove a [[skip]]")
    return Sweep(
        path,
        method,
        {name: tuple(values) for name, values in axes.items()},
        cells,
        _protocol(cells[0].config, varied),
    )


def _table(table: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    value = table.get(name, {})
    if not isinstance(value, dict):
        raise UsageError(f"{path}: {name} is {value!r}; it must be a table: [{name}]")
    return value


def _tables(table: Mapping[str, Any], name: str, path: Path) -> list[dict[str, Any]]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise UsageError(f"{path}: {name} must be tables: [[{name}]]")
    if len(value) > _MOST_TABLES:
        raise UsageError(
            f"{path}: has {len(value):,} [[{name}]]; at most {_MOST_TABLES:,} are read"
        )
    return value


def _require_keys(where: str, table: Mapping[str, Any], known: frozenset[str]) -> None:
    for key in table:
        if key not in known:
            raise UsageError(
                f"{where}: unknown key {key!r}; valid keys: {', '.join(sorted(known))}"
            )


def _require_not_own(where: str, names: Iterable[str], own: Sequence[str]) -> None:
    for name in names:
        if name in own:
            raise UsageError(f"{where}: {name} is set by the sweep itself; remove it")


def _require_once(path: Path, names: Sequence[str]) -> None:
    for name, count in Counter(map(str.casefold, names)).items():
        if count > 1:
            raise UsageError(f"{path}: two [[downstream]] are named {name!r}; rename one")


def _axes(grid: Mapping[str, Any], path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Axis -> label -> its flags."""
    axes: dict[str, dict[str, dict[str, Any]]] = {}
    for name, values in grid.items():
        require_axis(name, f"{path}: [grid]")
        if isinstance(values, list):
            rows = {label_of(value): {name: value} for value in values}
            if len(rows) < len(values):
                raise UsageError(f"{path}: [grid] {name} has a value twice; remove one")
        elif isinstance(values, dict) and all(isinstance(each, dict) for each in values.values()):
            rows = {label: dict(flags) for label, flags in values.items()}
            for label in rows:
                require_label(label, f"{path}: [grid.{name}]")
        else:
            raise UsageError(
                f"{path}: [grid] {name} must be a list of values, or a table of labels with flags: "
                f"{name} = [...], or [grid.{name}] and none = {{}}"
            )
        if not rows:
            raise UsageError(f"{path}: [grid] {name} is empty; give values, or remove it")
        axes[name] = rows
    flags = [(axis, flag) for axis, rows in axes.items() for row in rows.values() for flag in row]
    owner: dict[str, str] = {}
    for axis, flag in flags:
        if owner.setdefault(flag, axis) != axis:
            raise UsageError(f"{path}: [grid] {axis} and {owner[flag]} both set {flag}")
    return axes


def _labels(
    given: Mapping[str, Any], what: str, path: Path, axes: Mapping[str, Any]
) -> dict[str, tuple[str, ...]]:
    found = {}
    for axis, values in given.items():
        if axis not in axes:
            raise UsageError(
                f"{path}: {what}: {axis} is no axis of [grid]; they are {', '.join(axes)}"
            )
        labels = tuple(map(label_of, values if isinstance(values, list) else [values]))
        for label in labels:
            if label not in axes[axis]:
                raise UsageError(
                    f"{path}: {what}: {axis} is never {label}; it is {', '.join(axes[axis])}"
                )
        found[axis] = labels
    return found


def _skip(
    given: Mapping[str, Any], path: Path, axes: Mapping[str, Any]
) -> dict[str, tuple[str, ...]]:
    if not given:
        raise UsageError(f"{path}: [[skip]] is empty, which would be every cell; remove it")
    return _labels(given, "[[skip]]", path, axes)


def _downstream(given: Mapping[str, Any], path: Path, axes: Mapping[str, Any]) -> Downstream:
    where = f"{path}: [[downstream]]"
    _require_keys(where, given, _OF_DOWNSTREAM)
    name, metrics, flags = given.get("name"), given.get("metrics"), given.get("flags", {})
    trials = given.get("trials", {})
    if not isinstance(name, str) or not re.fullmatch(
        r"(?!(?i:train)\Z)[\w-]{1,40}", name, re.ASCII
    ):
        raise UsageError(
            f"{where}: name is {name!r}; give a word of letters and digits other than train"
        )
    if not isinstance(metrics, list) or not metrics or not all(isinstance(m, str) for m in metrics):
        raise UsageError(f"{where} {name}: metrics must be a list of names, such as ['macro_f1']")
    for metric in metrics:
        require_metric(metric, f"{where} {name}")
    if len(set(metrics)) < len(metrics):
        raise UsageError(f"{where} {name}: metrics has a name twice; remove one")
    counts = trials.values() if isinstance(trials, dict) else [trials]
    if not isinstance(trials, dict) or not all(type(n) is int and 0 < n < 1 << 53 for n in counts):
        raise UsageError(f"{where} {name}: trials is {trials!r}; give {{ accuracy = 2947 }}")
    if unknown := sorted(set(trials) - set(metrics)):
        raise UsageError(f"{where} {name}: trials names {unknown[0]}, which is none of its metrics")
    if not isinstance(flags, dict):
        raise UsageError(f"{where} {name}: flags must be a table, as {{ task = 'activity' }}")
    _require_not_own(f"{where} {name}", flags, _OWN_OF_DOWNSTREAM)
    only = _labels(_table(given, "only", path), f"[[downstream]] {name}: only", path, axes)
    return Downstream(name, flags, tuple(metrics), trials, only)


def _cells(
    given: tuple[type[TrainingConfig], str, Mapping[str, Any], Path],
    axes: Mapping[str, Mapping[str, Mapping[str, Any]]],
    skips: Sequence[Mapping[str, tuple[str, ...]]],
    downstream: Sequence[Downstream],
) -> Iterator[Cell]:
    config_class, method, fixed, path = given
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    count = 1
    for rows in axes.values():
        count *= len(rows)
    if count > MOST_CELLS:
        raise UsageError(f"{path}: has {count:,} cells; at most {MOST_CELLS:,} are one sweep")
    for labels in itertools.product(*(rows for rows in axes.values())):
        named = dict(zip(axes, labels, strict=True))
        if any(all(named[axis] in said for axis, said in skip.items()) for skip in skips):
            continue
        name = cell_name(named)
        if (other := folders.setdefault(name.casefold(), name)) != name:
            raise UsageError(
                f"{path}: cells {other} and {name} differ in case alone, and some disks have one "
                "folder for both; rename a label"
            )
        flags = {**fixed, "method": method}
        for axis, label in named.items():
            flags |= axes[axis][label]
        config = _config(config_class, flags, f"{path}, cell {name}")
        same = to_json(_that_matters(config))
        if same in seen:
            raise UsageError(
                f"{path}: cells {seen[same]} and {name} are the same training; leave one out by "
                "[[skip]]"
            )
        seen[same] = name
        wanted = tuple(
            each
            for each in downstream
            if all(named[axis] in labels for axis, labels in each.only.items())
        )
        for each in wanted:
            where = f"{path}: [[downstream]] {each.name}"
            finetuning(each, config, Path("weights"), Path("out"), where)
        yield Cell(name, named, config, wanted)


def _that_matters(config: TrainingConfig) -> dict[str, Any]:
    """The settings of a training: of all of the data, it does not matter how a share is drawn."""
    table = to_table(config)
    for share, how in (("subset", "subset_by"), ("share", "quality")):
        if table.get(share) == 1:
            table.pop(how, None)
    return table


def _config(
    config_class: type[TrainingConfig], flags: Mapping[str, Any], where: str
) -> TrainingConfig:
    try:
        config = from_table(config_class, dict(flags), where)
        require_words(config)
        catalogue.network_for(getattr(config, "arch", ""), str(flags["method"]))
    except UsageError as error:
        said = str(error)
        raise UsageError(said if said.startswith(where) else f"{where}: {said}") from None
    return config


def without_a_value(sweep: Sweep) -> list[str]:
    """Names of cells that no law can be fitted to: nobody is held out, there is no exam, and
    nothing follows.
    """
    exams = ("valid_share", "exam_people")
    return [
        cell.name
        for cell in sweep.cells
        if not cell.downstream and not any(getattr(cell.config, name, 0) for name in exams)
    ]


def finetuning(
    each: Downstream, config: TrainingConfig, weights: Path, out: Path, where: str
) -> Any:
    """The config of a fine-tuning of what a cell has pretrained.

    Raises:
        UsageError: an unknown task or flag, or a wrong value.
    """
    name = str(each.flags.get("task", "activity"))
    row = catalogue.find(catalogue.TASKS, "task", name)
    modality = catalogue.network(getattr(config, "arch", "")).modality
    row = next((one for one in (row, *row.also) if one.modality == modality), row)
    config_class: type[TrainingConfig] = catalogue.load_object(row.config)
    given = {**each.flags, "task": name, "weights": str(weights), "out": str(out)}
    made = from_table(config_class, given, where)
    require_words(made, where)
    return made


def _protocol(config: TrainingConfig, varied: set[str]) -> str:
    """A hash of the method's own flags but those that the sweep varies: data, who is held out."""
    of_training = {each.name for each in dataclasses.fields(TrainingConfig)}
    of_amount = {"arch", "subset", "subset_by", "people", "each", "share", "quality", "weights"}
    kept = {
        name: value
        for name, value in to_table(config).items()
        if name not in of_training | of_amount | varied
    }
    return hashlib.sha256(to_json(kept).encode()).hexdigest()[:12]
