"""Teacher and students of the wearable pair on sets and placements that taught none of them.

    python -m edgehuman.bench.pages.distil.distil --pair wearable --data DIR --out runs/distil
    python -m edgehuman.bench.pages.distil.abroad --runs runs/distil --data DIR

All learned from UCI HAR alone, at the waist; every other set of DIR is scored as its sensors are
worn, with the scores of the cross-dataset table (`bench.pages.imu.travel`): any walking against all
else, and macro-F1 of walking, standing, sitting, lying and running over those that have windows.
The teacher is the mean of its members' probabilities. Percent, mean and standard deviation of the
students' seeds; nothing is chosen here. It writes `abroad.md` and `abroad.json` beside the runs.

Axes: N windows, K classes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.imu import EvaluateConfig
from edgehuman.bench.evaluate.walks import open_named
from edgehuman.bench.pages.distil.pairs import PAIRS
from edgehuman.bench.pages.imu.travel import ROWS, scored
from edgehuman.bench.pages.keep import mean_and_spread
from edgehuman.data.imu.load import load_windows
from edgehuman.errors import DataError
from edgehuman.outcome import Outcome
from edgehuman.progress import tell
from edgehuman.records import Float32, WindowSet
from edgehuman.runtime.imu.learnt import as_worn
from edgehuman.runtime.model import Model

_PAIR, _OWN = "wearable", ("uci_har",)
_SCORES = {"any_walking": "any walking", "five": "five"}
_BATCH = 256
Answer = Callable[[WindowSet], Float32]


@dataclass(frozen=True, slots=True)
class AbroadConfig:
    """Score a wearable pair's finished networks across datasets."""

    runs: Path
    """The --out of `bench.pages.distil.distil`."""
    data: Path
    """Folder of the compact files."""
    threads: int = 1
    """CPU threads."""


def build_table(config: AbroadConfig) -> Outcome:
    """Score all networks on every set that is there; write the table.

    Raises:
        DataError: no finished networks, or no set.
    """
    folder = config.runs / _PAIR
    groups = networks_of(folder, config.threads)
    rows = []
    for row in (row for row in ROWS if row.dataset not in _OWN):
        path = config.data / row.file
        if not path.is_file():
            tell(f"{path}: not there; its row is left out")
            continue
        windows = load_windows(path)
        windows = windows.select(windows.placement_N == row.placement)
        found = {
            name: [_scores(labels, answer(windows), windows) for labels, answer in each]
            for name, each in groups.items()
        }
        people = len(np.unique(windows.subject_N))
        rows.append({"set": f"{row.dataset}, {row.placement}", "people": people, "found": found})
    if not rows:
        raise DataError(f"{config.data} holds none of the sets of the cross-dataset table")
    data = {"pair": _PAIR, "rows": rows}
    text = render(rows)
    (folder / "abroad.json").write_text(json.dumps(data, indent=1))
    (folder / "abroad.md").write_text(text)
    return Outcome(data, text)


def networks_of(folder: Path, threads: int) -> dict[str, list[tuple[tuple[str, ...], Answer]]]:
    """The teacher, which is one, and the students of each seed, with their labels.

    Raises:
        DataError: there are none.
    """
    pair = PAIRS[_PAIR]
    ways = {"student alone": pair.student, **{f"distilled: {name}": name for name in pair.rows}}
    members = [_opened(path, threads) for path in _seeds(folder, pair.teacher)]
    students = {
        name: [_opened(path, threads) for path in _seeds(folder, stem)]
        for name, stem in ways.items()
    }
    if not members or not all(students.values()):
        raise DataError(
            f"{folder} lacks finished networks of the teacher or of a student; run "
            "`python -m edgehuman.bench.pages.distil.distil --pair wearable` first"
        )
    made = {"teacher": [(members[0].labels, mean_of([_answer(each) for each in members]))]}
    return made | {
        name: [(each.labels, _answer(each)) for each in own] for name, own in students.items()
    }


def mean_of(members: Sequence[Answer]) -> Answer:
    """The logarithm of the mean of the members' probabilities (N, K)."""

    def answer(windows: WindowSet) -> Float32:
        log_MNK = np.stack([each(windows).astype(np.float64) for each in members])
        log_MNK -= np.logaddexp.reduce(log_MNK, axis=2)[..., None]
        mean_NK = np.logaddexp.reduce(log_MNK, axis=0) - np.log(len(members))
        return np.asarray(mean_NK, np.float32)

    return answer


def _seeds(folder: Path, stem: str) -> list[Path]:
    """The finished trainings STEM-0, STEM-1, ... by seed."""
    named = re.compile(rf"{re.escape(stem.replace(' ', '_'))}-\d+")
    found = [path for path in folder.glob("*") if named.fullmatch(path.name)]
    there = [path for path in found if (path / "model.safetensors").is_file()]
    return sorted(there, key=lambda path: int(path.name.rpartition("-")[2]))


def _opened(path: Path, threads: int) -> Model:
    return open_named(EvaluateConfig(str(path), threads=threads))


def _answer(model: Model) -> Answer:
    return lambda windows: as_worn(model, windows, _BATCH)


def _scores(labels: tuple[str, ...], logits_NK: Float32, windows: WindowSet) -> dict[str, float]:
    found = scored(labels, logits_NK, windows)
    return {name: found[name]["value"] for name in _SCORES}


def render(rows: Sequence[Mapping[str, Any]]) -> str:
    """The Markdown table."""
    names = list(rows[0]["found"])
    lines = [
        f"| set, placement | people | {' | '.join(names)} |",
        "|---|---:|" + "---:|" * len(names),
    ]
    for row in rows:
        for score, said in _SCORES.items():
            cells = [mean_and_spread([one[score] for one in row["found"][name]]) for name in names]
            lines.append(f"| {row['set']}: {said} | {row['people']} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main(AbroadConfig, build_table))
