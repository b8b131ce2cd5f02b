"""My own activities and my own network: labelled CSV files in, a model for the device out.

    python examples/own_activities.py --simulate                     made files, in seconds
    python examples/own_activities.py --recordings my_csv --steps 2000

One file per recording, named PERSON_anything.csv, with the columns t,ax,ay,az,gx,gy,gz,label. The
last person is the test person; nobody is in both parts. Needs `edgehuman[train]`.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import edgehuman
from edgehuman.data.imu.layout import Stretch, cut
from edgehuman.export.export import export
from edgehuman.export.words import ExportConfig
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.simulate.imu.recording import simulate_recording
from edgehuman.tasks.imu.settings import ActivityConfig

NAMES = ("t", "ax", "ay", "az", "gx", "gy", "gz")


class MyNet(nn.Module):
    """A network of one's own: `--arch own_activities:MyNet`. Axes: N windows, T time, D width."""

    record = "ImuWindow"  # what it reads: raw windows (N, 128, 6) in g and rad/s

    def __init__(self, num_classes: int | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        self.width = 32
        self.scale_C: Tensor
        self.register_buffer("scale_C", torch.tensor([1.0] * 3 + [0.25] * 3), persistent=False)
        self.layers = nn.Sequential(
            nn.Conv1d(6, 32, 9, stride=4, padding=4), nn.ReLU(),
            nn.Conv1d(32, 32, 5, stride=2, padding=2), nn.ReLU(),
        )  # fmt: skip
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(self.width, num_classes) if num_classes else nn.Identity()

    def forward_features(self, imu_NTC: Tensor) -> Tensor:
        """Return embeddings (N, D) of raw windows."""
        mean_ND: Tensor = self.layers((imu_NTC * self.scale_C).transpose(1, 2)).mean(dim=2)
        return mean_ND

    def forward(self, imu_NTC: Tensor) -> Tensor:
        answer: Tensor = self.head(self.drop(self.forward_features(imu_NTC)))
        return answer


def read_recordings(folder: Path) -> edgehuman.WindowSet:
    """Cut windows out of every CSV file of a folder; the last person by name is tested."""
    files = sorted(folder.glob("*.csv"))
    people = sorted({file.name.partition("_")[0] for file in files})
    tables = [(file, _columns(file)) for file in files]
    labels = tuple(sorted({name for _, (_, names) in tables for name in names if name}))
    stretches = [
        Stretch(
            number_T7[:, 1:],
            ImuFormat(),  # units are told from physics; declare yours if you know them
            f"mine:{file.name.partition('_')[0]}",
            stamp_s_T=number_T7[:, 0],
            label_T=np.array([labels.index(n) if n else -1 for n in names], np.int16),
            labels=labels,
            source=file.name,
            is_test=file.name.startswith(f"{people[-1]}_"),
        )
        for file, (number_T7, names) in tables
    ]
    return cut(stretches, hop=32, dataset="my recordings")


def _columns(file: Path) -> tuple[np.ndarray[Any, np.dtype[np.float64]], list[str]]:
    with file.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    return np.array([[float(row[n]) for n in NAMES] for row in rows]), [r["label"] for r in rows]


def simulate(folder: Path, people: int = 4, minutes: float = 1.5) -> None:
    """Write made recordings of simulated people, in the form that is read."""
    folder.mkdir(parents=True, exist_ok=True)
    for person in range(people):
        made = simulate_recording(seed=person, minutes=minutes)
        names = [made.labels[index] if index >= 0 else "" for index in made.label_T]
        with (folder / f"{person}_simulated.csv").open("w", encoding="utf-8", newline="") as table:
            writer = csv.writer(table)
            writer.writerow([*NAMES, "label"])
            for i, (row, name) in enumerate(zip(made.imu_TC.tolist(), names, strict=True)):
                writer.writerow([i / made.rate_hz, *row, name])


def main(words: Sequence[str] | None = None) -> Path:
    """Train, export with proof of parity, and try the model; returns its file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--recordings", type=Path, default=Path("my_recordings"))
    parser.add_argument("--simulate", action="store_true", help="make the recordings first")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--out", type=Path, default=Path("runs/my_activities"))
    given = parser.parse_args(words)
    if given.simulate:
        simulate(given.recordings)

    windows = read_recordings(given.recordings)
    config = ActivityConfig(
        out=given.out, arch="own_activities:MyNet", steps=given.steps, batch=64, lr=3e-3
    )
    print(edgehuman.train(config, data=windows).text)

    file: Path = given.out / "my_activities.onnx"
    print(export(ExportConfig(str(given.out), out=file, data="simulated", replace=True)).text)
    first = next(iter(sorted(given.recordings.glob("*.csv"))))
    for result in edgehuman.stream(str(file), str(first), seconds=10):
        print(f"{result.t_s:6.2f} s  {result.label:<20}{result.score:.2f}")
    return file


if __name__ == "__main__":
    main()
