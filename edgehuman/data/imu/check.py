"""`edgehuman data check` for wearables: read a dataset once and compare it with its publication."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.catalogue import Dataset
from edgehuman.data.imu import recordings
from edgehuman.data.imu.layout import (
    GRAVITY_RANGE_G,
    Reader,
    Stretch,
    WearableLayout,
    canonical,
    units_hint,
)
from edgehuman.data.imu.load import layouts, require_own
from edgehuman.data.imu.own import OWN
from edgehuman.data.layout import foreign, found_here, require_own_flags
from edgehuman.data.verdict import verdict
from edgehuman.errors import DataError
from edgehuman.outcome import Outcome
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.records import Float32, WindowSet

# The fastest gyroscopes in these datasets saturate at 2000 deg/s = 35 rad/s; even people at rest
# sometimes exceed 0.1 rad/s.
GYRO_RANGE_RADS = (0.1, 36.0)
_KEEP_EVERY = 10


@dataclass(slots=True)
class Findings:
    """Findings of a check.

    Attributes:
        problems: missing or wrong data, one line each; empty: the data are as published.
        notes: facts worth knowing that are as published.
        people, classes: names found.
        parts: recordings or windows read.
        rows: samples read.
        not_finite: samples with a value that is not finite.
        seconds: total length of the recordings.
        empty: recordings without rows, because accelerometer and gyroscope do not overlap.
        median_norm_g: median length of the acceleration over everyone.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    people: dict[str, None] = field(default_factory=dict)
    classes: dict[str, None] = field(default_factory=dict)
    parts: int = 0
    rows: int = 0
    not_finite: int = 0
    seconds: float = 0.0
    empty: list[str] = field(default_factory=list)
    median_norm_g: float = float("nan")


def check(
    path: Path, dataset: str | None = None, declared: Mapping[str, Any] | None = None
) -> Outcome | None:
    """`edgehuman data check`: exit code 1 if anything is wrong; None for another record.

    Raises:
        DataError: the path does not have the layout of the expected dataset.
        UsageError: flags of another record.
    """
    known = {each.name for each in fields(ImuFormat)}
    stated = declared or {}
    if foreign(stated, known):
        if found_here(path, layouts(ImuFormat()), dataset) is None:
            return None
        require_own_flags(path, stated, known, "recordings of a wearable", "poses")
    format = ImuFormat(**stated)
    found = found_here(path, layouts(format), dataset)
    if found is None:
        why = recordings.layout(format).almost(path) if declared and dataset is None else ""
        if why:
            raise DataError(f"{path} looks like {OWN}, but {why}")
        return None
    require_own([path], format)
    layout, place = found
    findings = examine(layout.read, place)
    data = {
        "dataset": layout.dataset,
        "path": str(place),
        "ok": not findings.problems,
        "problems": findings.problems,
        "notes": findings.notes,
        "people": len(findings.people),
        "classes": list(findings.classes),
        "recordings" if layout.read.windows is None else "windows": findings.parts,
        "hours": round(findings.seconds / 3600, 2),
        "median_norm_g": None if not findings.rows else round(findings.median_norm_g, 3),
    }
    return Outcome(data, _text(layout, place, findings), exit_code=int(not data["ok"]))


def _text(layout: WearableLayout, place: Path, findings: Findings) -> str:
    unit = "recordings" if layout.read.windows is None else "windows"
    head = (
        f"{place} is {layout.dataset}: {len(findings.people)} people, {findings.parts} {unit}, "
        f"{findings.seconds / 3600:.2f} h, median acceleration {findings.median_norm_g:.3f} g"
    )
    notes = [f"  note: {note}" for note in findings.notes]
    if findings.classes:
        notes.insert(0, f"  activities: {', '.join(findings.classes)}")
    return "\n".join([head, *verdict(findings.problems), *notes])


def extent(row: Dataset) -> str:
    """Size of a dataset, for display."""
    return f"{row.people} people, {row.classes} classes, {row.rate_hz:g} Hz, {row.hours:g} h"


def examine(reader: Reader, place: Path) -> Findings:
    """Find missing files and people, wrong columns, wrong units, and values that are not finite.

    Reading stops at an unreadable file of a published dataset; missing files are listed before.
    """
    findings = Findings(problems=list(reader.missing(place)))
    norms: dict[str, list[Float32]] = defaultdict(list)
    rates: list[Float32] = []
    try:
        for part in _parts(reader, place):
            _add(part, findings, norms, rates)
    except DataError as error:
        findings.problems.append(f"reading stopped: {error}")
    _judge_people(reader, findings)
    _judge_units(findings, norms, rates)
    _judge_finite(reader, findings)
    return findings


def _parts(reader: Reader, place: Path) -> Iterator[Stretch | WindowSet]:
    if reader.windows is not None:
        yield reader.windows(place)
    stretches = reader.readable or reader.stretches
    if stretches is not None:
        yield from stretches(place)


def _add(
    part: Stretch | WindowSet,
    findings: Findings,
    norms: dict[str, list[Float32]],
    rates: list[Float32],
) -> None:
    if isinstance(part, WindowSet):
        findings.parts += len(part)
        findings.classes.update(dict.fromkeys(part.labels))
        for name in np.unique(part.subject_N).tolist():
            imu_NTC = part.imu_NTC[part.subject_N == name]
            _add_rows(imu_NTC.reshape(-1, 6), name, findings, norms, rates)
        findings.seconds += part.imu_NTC.shape[0] * part.imu_NTC.shape[1] / 2 / 50.0
        return
    findings.parts += 1
    labels = np.unique(part.label_T[part.label_T >= 0]).tolist()
    findings.classes.update(dict.fromkeys(part.labels[label] for label in labels))
    _add_rows(canonical(part), part.subject, findings, norms, rates)
    stamp_s = part.stamps()
    if not len(stamp_s):
        findings.empty.append(part.source)
        return
    findings.seconds += float(np.diff(stamp_s[np.isfinite(stamp_s)]).clip(min=0).sum())


def _add_rows(
    imu_TC: Float32,
    name: str,
    findings: Findings,
    norms: dict[str, list[Float32]],
    rates: list[Float32],
) -> None:
    finite_T = np.isfinite(imu_TC).all(axis=1)
    findings.people[name] = None
    findings.rows += len(imu_TC)
    findings.not_finite += int(len(imu_TC) - finite_T.sum())
    kept_TC = imu_TC[finite_T][::_KEEP_EVERY]
    norms[name].append(np.linalg.norm(kept_TC[:, :3], axis=1))
    rates.append(np.linalg.norm(kept_TC[:, 3:], axis=1))


def _judge_people(reader: Reader, findings: Findings) -> None:
    gone = [name for name in reader.subjects if name not in findings.people]
    if gone:
        findings.problems.append(f"people missing ({len(gone)}): {', '.join(gone)}")


def _judge_units(
    findings: Findings,
    norms: dict[str, list[Float32]],
    rates: list[Float32],
) -> None:
    low_g, high_g = GRAVITY_RANGE_G
    every_norm = [np.concatenate(values) for values in norms.values()]
    if not sum(map(len, every_norm)):
        findings.problems.append("no sample could be read")
        return
    findings.median_norm_g = float(np.median(np.concatenate(every_norm)))
    for name, values in zip(norms, every_norm, strict=True):
        found_g = float(np.median(values)) if len(values) else float("nan")
        if not low_g <= found_g <= high_g:
            findings.problems.append(
                f"{name}: median acceleration {found_g:.3g} g; with gravity it must be {low_g} to "
                f"{high_g} g. {units_hint(found_g)}"
            )
    fastest = float(np.quantile(np.concatenate(rates), 0.99))
    low_rads, high_rads = GYRO_RANGE_RADS
    if not low_rads <= fastest <= high_rads:
        findings.problems.append(
            f"gyroscope: 1 % of samples exceed {fastest:.3g} rad/s; expected {low_rads} to "
            f"{high_rads} for moving people, so deg/s and rad/s may be confused"
        )


def _judge_finite(reader: Reader, findings: Findings) -> None:
    if findings.empty:
        line = f"accelerometer and gyroscope never overlap in {', '.join(findings.empty)}"
        (findings.notes if reader.has_gaps else findings.problems).append(line)
    if not findings.not_finite:
        return
    line = f"{findings.not_finite} of {findings.rows} samples have a value that is not finite"
    if reader.has_gaps:
        findings.notes.append(f"{line}, as published; they are dropped and become gaps")
    else:
        findings.problems.append(f"{line}; the published files have none")
