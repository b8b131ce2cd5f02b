"""What a training used, for the card: datasets with their terms, versions, commit."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import numpy as np

from edgehuman import catalogue
from edgehuman.card import TrainingData
from edgehuman.data.gait.walks import SkeletonSet
from edgehuman.records import WindowSet

Role = Literal["pretraining", "training", "selection", "calibration"]
PACKAGES = ("edgehuman", "torch", "numpy", "onnx", "onnxruntime")


def data_rows(sets: Iterable[WindowSet], role: Role) -> tuple[TrainingData, ...]:
    """One row per dataset, with its licence from the catalogue; simulated data says so."""
    rows = []
    for windows in sets:
        name = " + ".join(windows.dataset)
        entry = catalogue.DATASETS.get(name)
        rows.append(
            TrainingData(
                dataset=name,
                role=role,
                licence=entry.licence if entry else "Apache-2.0 (edgehuman's own simulator)",
                url=entry.url if entry else "",
                windows=len(windows),
                subjects=len(np.unique(windows.subject_N)),
                simulated=entry is None,
            )
        )
    return tuple(rows)


def walks_row(walks: SkeletonSet, role: Role) -> TrainingData:
    """The row of one set of walks."""
    return TrainingData(
        dataset=walks.name,
        role=role,
        licence=walks.licence,
        url=walks.url,
        windows=len(walks),
        subjects=len(np.unique(walks.person_N)),
        simulated=walks.simulated,
    )


def versions() -> dict[str, str]:
    """Versions of what computed the numbers."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """The commit of the working tree that edgehuman runs from; empty where it is installed."""
    answer = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() if answer.returncode == 0 else ""
