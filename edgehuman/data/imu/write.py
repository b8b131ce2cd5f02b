"""Write recordings to CSV files: `edgehuman data export`, and `edgehuman data simulate --kind imu`.

One file per recording, t,ax,ay,az,gx,gy,gz,label: seconds, g, rad/s; `edgehuman run` reads them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from edgehuman.data.imu.load import load_recordings
from edgehuman.errors import DataError, UsageError
from edgehuman.files import require_usable_folder, writing_tree
from edgehuman.outcome import Outcome
from edgehuman.records import IMU_CHANNELS, ImuRecording


@dataclass(frozen=True, slots=True)
class ExportConfig:
    """Write one person's continuous recordings to CSV files for `edgehuman run`.

    Attributes:
        path: the dataset's folder or file.
        subject: the person, as "2" or "uci30:2".
        out: output folder for the CSV files; created if missing.
        dataset: expected dataset; recognised from the files if not given.
    """

    path: Positional[Path]
    subject: str
    out: Path
    dataset: str | None = None


def export_csv(config: ExportConfig) -> Outcome:
    """`edgehuman data export`: one file per recording at 50 Hz.

    Raises:
        DataError: see `load_recordings`; or a file cannot be written.
    """
    require_usable_folder(config.out, "--out", DataError)
    recordings = load_recordings(config.path, config.dataset, config.subject)
    return _written(write_csv(recordings, config.out), recordings)


@dataclass(frozen=True, slots=True)
class SimulateConfig:
    """Write the sensor data of simulated walkers to CSV files.

    Attributes:
        out: output folder; created if missing.
        kind: what to simulate.
        people: number of walkers.
        minutes: length of each recording.
        placement: position of the virtual sensor: one of `simulate.imu.sensor.PLACEMENTS`.
        rate_hz: samples per second.
        seed: seed of the first walker; the others use the next ones.
    """

    out: Path
    kind: Literal["imu"] = "imu"
    people: int = 1
    minutes: float = 5.0
    placement: str = "waist"
    rate_hz: float = 50.0
    seed: int = 0


def simulate(config: SimulateConfig) -> Outcome:
    """`edgehuman data simulate --kind imu`: one file per walker, with the columns of `data export`.

    Raises:
        DataError: a file cannot be written.
        UsageError: no people, no time, or no such placement.
    """
    from edgehuman.simulate.imu.recording import simulate_recording

    if config.people < 1 or config.minutes <= 0:
        raise UsageError(
            f"--people {config.people} --minutes {config.minutes:g}: both must be above 0"
        )
    require_usable_folder(config.out, "--out", DataError)
    recordings = [
        simulate_recording(
            seed, minutes=config.minutes, placement=config.placement, rate_hz=config.rate_hz
        )
        for seed in range(config.seed, config.seed + config.people)
    ]
    return _written(write_csv(recordings, config.out), recordings)


def write_csv(recordings: list[ImuRecording], out: Path) -> list[Path]:
    """Write one CSV file per recording, all or none; the label column is empty where unlabelled.

    Raises:
        DataError: the folder or a file cannot be written, or another file has its name.
    """
    paths = [out / f"{_file_name(one, number)}.csv" for number, one in enumerate(recordings, 1)]
    with writing_tree(out, "--out", DataError, replace=False) as partial:
        for path, one in zip(paths, recordings, strict=True):
            text = "\n".join([*_csv_lines(one), ""])
            (partial / path.name).write_text(text, encoding="utf-8", newline="\n")
    return paths


def _file_name(recording: ImuRecording, number: int) -> str:
    words = re.sub(r"[^A-Za-z0-9.]+", "_", recording.source or recording.subject).strip("_")
    return f"{words}_{number:02d}"


def _csv_lines(recording: ImuRecording) -> list[str]:
    names = [*recording.labels, ""]
    label_T = recording.label_T.tolist() or [-1] * len(recording.imu_TC)
    lines = [",".join(["t", *IMU_CHANNELS, "label"])]
    for i, (row, label) in enumerate(zip(recording.imu_TC.tolist(), label_T, strict=True)):
        values = ",".join(f"{value:.6g}" for value in row)
        lines.append(f"{i / recording.rate_hz:.4f},{values},{names[label]}")
    return lines


def _written(paths: list[Path], recordings: list[ImuRecording]) -> Outcome:
    rows = [
        {
            "path": str(path),
            "subject": recording.subject,
            "source": recording.source,
            "rate_hz": recording.rate_hz,
            "seconds": round(recording.duration_s, 2),
        }
        for path, recording in zip(paths, recordings, strict=True)
    ]
    lines = [f"{row['path']}  {row['seconds']:g} s  {row['source']}" for row in rows]
    return Outcome({"files": rows}, "\n".join(lines))
