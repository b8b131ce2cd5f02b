"""How an activity model travels: on sets, people and mountings that taught it nothing.

    python -m edgehuman.bench.pages.imu.travel --data DIR
    python -m edgehuman.bench.pages.imu.travel --data DIR --leave-out runs/without

Each row is one set and placement. The model is `--model`, or, for a set that taught it, one that
was trained without that set (`--without`; `--leave-out` trains them all). Every sensor is scored as
it is worn, and once its mounting was learnt from its wearer's own walking, without labels, as a
stream learns it.

Axes: N windows, K classes of the model, C classes of a score, S people.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.imu import joined_logits
from edgehuman.bench.pages.imu.without import FILES, model_without
from edgehuman.data.imu.load import load_windows
from edgehuman.errors import UsageError
from edgehuman.metrics.bootstrap import interval_of_groups
from edgehuman.metrics.classification import confusion, f1_of_confusion
from edgehuman.metrics.energy import energy_of
from edgehuman.outcome import Outcome
from edgehuman.records import Float32, Index, Text, WindowSet
from edgehuman.runtime.imu.learnt import as_learnt, as_worn
from edgehuman.runtime.model import Model, load

UPRIGHT = ("walking", "walking_upstairs", "walking_downstairs")
_BATCH = 256
SCORES = ("any_walking", "five", "own")
OTHER = "other"
# Neither told nor foreign: what a wearer does in a lift is standing, and it moves.
UNSURE = ("moving_in_elevator", "elevator_up", "elevator_down", "standing_in_elevator")
FIVE = ("walking", "standing", "sitting", "laying", "running")
# Names of the sets for the classes that a row scores; others are left out, and counted.
SAME: Mapping[str, str] = {
    "walking_forward": "walking",
    "walking_left": "walking",
    "walking_right": "walking",
    "walking_normal": "walking",
    "walking_fast": "walking",
    "walking_in_parking_lot": "walking",
    "walking_on_treadmill_flat": "walking",
    "walking_on_treadmill_inclined": "walking",
    "running_forward": "running",
    "running_on_treadmill": "running",
    "jogging": "running",
    "sleeping": "laying",
    "lying_on_back": "laying",
    "lying_on_right_side": "laying",
    "cycling_horizontal": "cycling",
    "cycling_vertical": "cycling",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One set and placement.

    Attributes:
        file: the compact file.
        dataset: its catalogue name, for --without.
        placement: of the sensor.
        taught: whether it teaches the model that ships.
        test_only: the official test people alone.
    """

    file: str
    dataset: str
    placement: str
    taught: bool = True
    test_only: bool = False


ROWS = (
    Row("usc_had.npz", "usc_had", "waist", taught=False),
    Row("gait10_phone_imu.npz", "gait10", "pocket", taught=False),
    Row("uci_har.npz", "uci_har", "waist", test_only=True),
    Row("wisdm2019_phone_4act_20hz.npz", "wisdm2019", "pocket"),
    Row("dsads_rarm_rleg.npz", "dsads", "wrist"),
    Row("dsads_rarm_rleg.npz", "dsads", "thigh"),
    Row("geotec_phone_watch.npz", "geotec", "pocket"),
    Row("geotec_phone_watch.npz", "geotec", "wrist"),
)


@dataclass(frozen=True, kw_only=True)
class TravelConfig:
    """Score a model across datasets."""

    data: Path
    """Folder of the compact files."""
    model: str = "zoo:activity"
    """zoo:NAME or the path of an artefact."""
    without: tuple[str, ...] = ()
    """DATASET=PATH: a model that was trained without that set."""
    leave_out: Path | None = None
    """Folder of models each trained without one of the sets that teach --model: trained there by
    --recipe where missing, about 15 minutes of a core each."""
    recipe: Path = Path("recipes/activity_zoo.toml")
    """How --model was trained."""
    out: Path | None = None
    """File for the table, as Markdown."""

    def __post_init__(self) -> None:
        for word in self.without:
            name, equals, path = word.partition("=")
            if not (equals and path and name in {row.dataset for row in ROWS}):
                known = ", ".join(dict.fromkeys(row.dataset for row in ROWS))
                raise UsageError(f"--without {word!r} is not DATASET=PATH; datasets: {known}")


def measure(config: TravelConfig) -> Outcome:
    """Score every row whose file is there."""
    model = load(config.model)
    others = {word.partition("=")[0]: word.partition("=")[2] for word in config.without}
    if config.leave_out is not None:
        for name in [name for name in FILES if name not in others]:
            others[name] = str(model_without(name, config.data, config.leave_out, config.recipe))
    rows = []
    for row in ROWS:
        path = config.data / row.file
        if not path.is_file():
            print(f"{path}: not there; its row is left out", file=sys.stderr)
            continue
        judge = load(others[row.dataset]) if row.dataset in others else model
        rows.append(_row(judge, path, row, row.dataset in others))
    data = {"model": config.model, "rows": rows}
    text = render(rows)
    if config.out is not None:
        config.out.write_text(text, encoding="utf-8")
    return Outcome(data, text)


def _row(model: Model, path: Path, row: Row, is_left_out: bool) -> dict[str, Any]:
    windows = load_windows(path)
    chosen_N = windows.placement_N == row.placement
    windows = windows.select(chosen_N & windows.is_test_N if row.test_only else chosen_N)
    taught = "other people" if row.test_only else "training people" if row.taught else "never"
    made: dict[str, Any] = {
        "dataset": row.dataset,
        "placement": row.placement,
        "people": len(np.unique(windows.subject_N)),
        "windows": len(windows),
        "seen": "left out" if is_left_out else taught,
    }
    least = model.card.decision.energy
    for mounting, logits in (("worn", as_worn), ("learnt", as_learnt)):
        logits_NK = logits(model, windows, _BATCH)
        made[mounting] = scored(model.labels, logits_NK, windows)
        made[mounting]["rejected"] = rejected(model.labels, least, logits_NK, windows)
    return made


def rejected(
    labels: tuple[str, ...], least: float | None, logits_NK: Float32, windows: WindowSet
) -> dict[str, float | None]:
    """Shares of the labelled windows: of what the model tells, those called other or unknown
    (`known`, false rejects); of what it does not tell, those given one of its activities
    (`foreign`, false accepts), and the same without the energy test.

    None: there are no such windows.
    """
    names = np.array([SAME.get(name, name) for name in (*windows.labels, "")])
    true_N = names[windows.label_N]
    told = (set(labels) | {"stairs"}) - {OTHER}
    is_known_N = np.isin(true_N, list(told))
    is_foreign_N = ~is_known_N & ~np.isin(true_N, ["", *UNSURE])
    is_other_N = np.array(labels)[logits_NK.argmax(axis=1)] == OTHER
    out_N = is_other_N | (energy_of(logits_NK) < (-np.inf if least is None else least))

    def share(of_N: NDArray[np.bool_], among_N: NDArray[np.bool_]) -> float | None:
        return float(of_N[among_N].mean()) if among_N.any() else None

    return {
        "known": share(out_N, is_known_N),
        "foreign": share(~out_N, is_foreign_N),
        "known_as_other": share(is_other_N, is_known_N),
        "foreign_without_energy": share(~is_other_N, is_foreign_N),
    }


def scored(
    labels: tuple[str, ...], logits_NK: Float32, windows: WindowSet
) -> dict[str, dict[str, Any]]:
    """F1 of any walking against all else; macro-F1 of the five postures and gaits, and of the
    model's own classes, over those that have windows.
    """
    true_N = np.array([SAME.get(name, name) for name in (*windows.labels, "")])[windows.label_N]
    known_N = true_N != ""
    own = {name: name for name in labels}
    five = {**own, **dict.fromkeys(UPRIGHT, "walking")}
    made = {}
    for score, names in (("any_walking", five), ("five", five), ("own", own)):
        one = "walking" if score == "any_walking" else None
        kept = {names[name] for name in names} if score == "own" else set(FIVE)
        merged = names if score == "own" else {**names, "stairs": "walking"}
        class_N = np.array([merged.get(name, name) for name in true_N])
        chosen_N = known_N if one else known_N & np.isin(class_N, list(kept))
        classes = tuple(dict.fromkeys(names.values()))
        made[score] = _score(
            classes,
            np.array([classes.index(names[name]) for name in labels]),
            logits_NK[chosen_N],
            class_N[chosen_N],
            windows.subject_N[chosen_N],
            one,
        )
    return made


def _score(
    classes: tuple[str, ...],
    place_K: Index,
    logits_NK: Float32,
    class_N: Text,
    subject_N: Text,
    one: str | None,
) -> dict[str, Any]:
    """F1 of one class, or macro-F1 of those that have windows, with the interval over people."""
    other = len(classes)  # true classes that the model does not know
    true_N = np.array([classes.index(n) if n in classes else other for n in class_N], np.int64)
    predicted_N = joined_logits(logits_NK, place_K, 1.0).argmax(axis=1)
    people = np.unique(subject_N)
    counts_SCC = np.stack(
        [
            confusion(true_N[subject_N == who], predicted_N[subject_N == who], other + 1)
            for who in people
        ]
    )
    there_C = counts_SCC.sum(axis=(0, 2)) > 0
    if one is not None:
        there_C = np.arange(other + 1) == classes.index(one)

    def mean_f1(counts: NDArray[Any]) -> Any:
        return np.nan_to_num(f1_of_confusion(counts))[..., there_C].mean(axis=-1)

    f1_C = np.nan_to_num(f1_of_confusion(counts_SCC.sum(axis=0)))
    found = interval_of_groups(counts_SCC, mean_f1) if len(people) > 1 else None
    always_CC = np.zeros((other + 1, other + 1), np.int64)
    true_C = counts_SCC.sum(axis=(0, 2))
    always_CC[:, true_C.argmax() if one is None else classes.index(one)] = true_C
    return {
        "value": float(mean_f1(counts_SCC.sum(axis=0))),
        "commonest": float(mean_f1(always_CC)),
        "interval": None if found is None else [found.low, found.high],
        "classes": {n: float(f1_C[i]) for i, n in enumerate(classes) if counts_SCC[:, i].any()},
    }


def render(rows: Sequence[Mapping[str, Any]]) -> str:
    """The Markdown table: as worn, then with the mounting learnt."""
    lines = [
        "| set, placement | people | taught the model | any walking, F1 | walking, standing, "
        "sitting, lying, running: macro-F1 | its own classes: macro-F1 | always walking, or "
        "the commonest: the three | of its activities, called other or unknown | of others, "
        "called one of its activities |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [
            " → ".join(_cell(row[mounting][name]) for mounting in ("worn", "learnt"))
            for name in SCORES
        ]
        beside = [f"{row['worn'][name]['commonest']:.3f}" for name in SCORES]
        head = f"{row['dataset']}, {row['placement']} | {row['people']} | {row['seen']}"
        found = row["learnt"]["rejected"]
        wrong = [_change(found["known_as_other"], found["known"])]
        wrong.append(_change(found["foreign_without_energy"], found["foreign"]))
        line = " | ".join([head, *cells, ", ".join(beside), *wrong])
        lines.append(f"| {line} |")
    lines += [
        "",
        "As worn → with the mounting learnt from the wearer's walking. In brackets: 95 % over "
        "people. Left out: scored by a model that was trained again without that set. The last two "
        "columns, of single windows with the mounting learnt: by the class other alone → with "
        "windows of too low an energy.",
        "",
    ]
    return "\n".join(lines)


def _change(before: float | None, after: float | None) -> str:
    return "-" if before is None or after is None else f"{before:.2f} → {after:.2f}"


def _cell(found: Mapping[str, Any]) -> str:
    ends = found["interval"]
    over = f" ({ends[0]:.2f} to {ends[1]:.2f})" if ends else ""
    return f"{found['value']:.3f}{over}"


if __name__ == "__main__":
    sys.exit(main(TravelConfig, measure))
