"""`edgehuman data list | check | export | simulate`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.data.image.check import check_people, find_people
from edgehuman.data.image.set import PersonLayout
from edgehuman.data.imu.check import Findings, examine
from edgehuman.data.imu.layout import Reader
from edgehuman.data.imu.load import find_reader, load_recordings
from edgehuman.data.skeleton.check import check_skeletons, find_skeletons
from edgehuman.data.skeleton.layout import SkeletonLayout
from edgehuman.errors import DataError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.records import IMU_CHANNELS, ImuRecording

_LINES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ListConfig:
    """The public datasets with a reader here."""


def list_datasets(config: ListConfig) -> Outcome:
    """`edgehuman data list`: where to get each, under what terms, how it is laid out."""
    rows: list[dict[str, Any]] = []
    lines: list[str] = []
    for name, row in catalogue.DATASETS.items():
        reader: Reader | PersonLayout | SkeletonLayout = catalogue.load_object(row.read)
        may_ship = "yes" if row.weights_may_ship else "no"
        rows.append(
            {
                "name": name,
                "modality": row.modality,
                "people": row.people,
                "classes": row.classes,
                "rate_hz": row.rate_hz,
                "hours": row.hours,
                "pictures": row.pictures,
                "walks": row.walks,
                "url": row.url,
                "licence": row.licence,
                "weights_may_ship": row.weights_may_ship,
                "layout": reader.looks_like,
            }
        )
        lines += [
            f"{name}: {_extent(row)}",
            f"  get it:   {row.url or 'no public address; the compact file only'}",
            f"  licence:  {row.licence}",
            f"  weights trained on it may ship: {may_ship}",
            f"  give:     {reader.looks_like}",
        ]
    return Outcome(rows, "\n".join([*lines, "Compact .npz files of these are recognised too."]))


def _extent(row: catalogue.Dataset) -> str:
    """How large a dataset is, in the terms of what it holds."""
    if row.modality == "image":
        counts = {"pictures": row.pictures, "people": row.people, "labels": row.classes}
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    if row.modality == "skeleton":
        counts = {"walks": row.walks, "people": row.people, "conditions": row.classes}
        shown = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        return f"{shown}, {row.rate_hz:g} Hz"
    return f"{row.people} people, {row.classes} classes, {row.rate_hz:g} Hz, {row.hours:g} h"


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """What is missing or wrong in a dataset's folder or file.

    Attributes:
        path: the folder or file.
        dataset: what it should be; recognised from the files where not given.
    """

    path: Positional[Path]
    dataset: str | None = None


def check(config: CheckConfig) -> Outcome:
    """`edgehuman data check`: exit code 1 where anything is missing or wrong."""
    people = find_people(config.path, config.dataset)
    if people is not None:
        return check_people(*people)
    walks = find_skeletons(config.path, config.dataset)
    if walks is not None:
        return check_skeletons(*walks)
    reader, place = find_reader(config.path, config.dataset)
    findings = examine(reader, place)
    data = {
        "dataset": reader.dataset,
        "path": str(place),
        "ok": not findings.problems,
        "problems": findings.problems,
        "notes": findings.notes,
        "people": len(findings.people),
        "classes": list(findings.classes),
        "recordings" if reader.windows is None else "windows": findings.parts,
        "hours": round(findings.seconds / 3600, 2),
        "median_norm_g": None if not findings.rows else round(findings.median_norm_g, 3),
    }
    return Outcome(data, _check_text(reader, place, findings), exit_code=int(not data["ok"]))


def _check_text(reader: Reader, place: Path, findings: Findings) -> str:
    unit = "recordings" if reader.windows is None else "windows"
    head = (
        f"{place} is {reader.dataset}: {len(findings.people)} people, {findings.parts} {unit}, "
        f"{findings.seconds / 3600:.2f} h, median acceleration {findings.median_norm_g:.3f} g"
    )
    shown = findings.problems[:_LINES_SHOWN]
    hidden = len(findings.problems) - len(shown)
    more = [f"  and {hidden} more; --json lists them all"] if hidden else []
    verdict = "missing or wrong:" if findings.problems else "nothing missing, nothing wrong"
    notes = [f"  note: {note}" for note in findings.notes]
    return "\n".join([head, verdict, *(f"  {line}" for line in shown), *more, *notes])


@dataclass(frozen=True, slots=True)
class ExportConfig:
    """One person's continuous recordings as CSV files for `edgehuman run`.

    Attributes:
        path: the dataset's folder or file.
        subject: who, as "2" or "uci30:2".
        out: the folder for the CSV files; made if it is not there.
        dataset: what the path should be; recognised from the files where not given.
    """

    path: Positional[Path]
    subject: str
    out: Path
    dataset: str | None = None


def export_csv(config: ExportConfig) -> Outcome:
    """`edgehuman data export`: a file per recording, t,ax,ay,az,gx,gy,gz,label: g, rad/s, 50 Hz."""
    recordings = load_recordings(config.path, config.dataset, config.subject)
    return _written(write_csv(recordings, config.out), recordings)


@dataclass(frozen=True, slots=True)
class SimulateConfig:
    """Simulated walkers: their sensors as CSV files, pictures of them, or their skeletons.

    Attributes:
        out: the folder for the files; made if it is not there.
        kind: imu (CSV files of a wearable sensor), people (pictures with labels) or skeletons
            (poses of walks, with labels).
        people: how many different walkers.
        each: pictures or walks of each of the people; 4 if not given.
        minutes: of recording for each walker.
        placement: where the virtual sensor sits: waist, pocket, wrist or ankle.
        rate_hz: samples per second.
        seed: of the first walker; the others follow.
    """

    out: Path
    kind: str = "imu"
    people: int = 1
    each: int | None = None
    minutes: float = 5.0
    placement: str = "waist"
    rate_hz: float = 50.0
    seed: int = 0


def simulate(config: SimulateConfig) -> Outcome:
    """`edgehuman data simulate`: files of simulated people."""
    if config.kind == "imu":
        if config.each is not None:
            raise UsageError(
                f"--each {config.each} counts pictures or walks; it goes with --kind people or "
                "skeletons"
            )
        return simulate_csv(config)
    if config.kind not in ("people", "skeletons"):
        raise UsageError(f"found --kind {config.kind}; known: imu, people, skeletons")
    for name in ("minutes", "placement", "rate_hz"):
        if getattr(config, name) != getattr(SimulateConfig(config.out), name):
            flag = name.replace("_", "-")
            raise UsageError(f"--{flag} is of a sensor; it goes with --kind imu")
    each = 4 if config.each is None else config.each
    if config.kind == "skeletons":
        from edgehuman.data.gait.walks import simulated_set
        from edgehuman.data.skeleton.lines import write_lines

        return write_lines(simulated_set(config.people, each, config.seed), config.out)
    from edgehuman.data.image.write import simulate_people_folder

    return simulate_people_folder(config.out, config.people, each, config.seed)


def simulate_csv(config: SimulateConfig) -> Outcome:
    """One CSV file per walker, in the columns of `data export`."""
    from edgehuman.simulate.imu.recording import simulate_recording

    if config.people < 1 or config.minutes <= 0:
        raise UsageError(
            f"--people {config.people} --minutes {config.minutes:g}: give over 0 of each"
        )
    recordings = [
        simulate_recording(
            seed, minutes=config.minutes, placement=config.placement, rate_hz=config.rate_hz
        )
        for seed in range(config.seed, config.seed + config.people)
    ]
    return _written(write_csv(recordings, config.out), recordings)


def write_csv(recordings: list[ImuRecording], out: Path) -> list[Path]:
    """One CSV file per recording; the label column is empty where nothing is known.

    Raises:
        DataError: the folder or a file cannot be written.
    """
    paths: list[Path] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for number, recording in enumerate(recordings, start=1):
            path = out / f"{_file_name(recording, number)}.csv"
            path.write_text("\n".join(_csv_lines(recording)) + "\n", encoding="utf-8")
            paths.append(path)
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error}); give another --out") from None
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
