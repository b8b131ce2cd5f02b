"""`edgehuman distill` from networks of others that find people: they label, the student learns.

    edgehuman distill --task detection --teacher multipose.onnx blazepose.onnx --data photos \
        --student starnet_s100 --out runs/d

The teachers have no card and no contract; what two of them agree on becomes labels in a folder of
their own (`label.py`), from which the task trains as from any others. The same command with
--resume goes on, in the labels or in the training.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from edgehuman import catalogue
from edgehuman.distill.labels.label import LabelConfig, label
from edgehuman.distill.settings import DistilFlags
from edgehuman.distill.teachers.contract import ANY_NAME
from edgehuman.errors import DataError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.labels import LABELS
from edgehuman.preprocess.video import SUFFIXES
from edgehuman.progress import tell
from edgehuman.runtime.foreign.graph import Graph

# The folder of labels that a task learns from.
_FOLDER_OF = {"detection": "frames", "pose": "people", "parsing": "outlines"}
_PLAIN = ("objective", "task_weight", "views", "keep", "compatible", "precision", "qat_steps")


def finds_people(teacher: str) -> bool:
    """Whether a teacher is a network of others without a contract: an ONNX file that is not ours,
    whose input its family tells.
    """
    path = Path(teacher)
    if path.suffix != ".onnx" or not path.is_file():
        return False
    contracts = (path.with_suffix(".toml"), path.with_name(ANY_NAME))
    return not any(each.is_file() for each in contracts) and not Graph(path).is_ours


def is_taught_by_labels(config: DistilFlags) -> bool:
    """Whether all teachers find people, for a task that learns from what they find. Detection has
    no other teachers.
    """
    task = str(getattr(config, "task", ""))
    if task == "detection":
        return True
    return task in _FOLDER_OF and all(map(finds_people, config.teacher))


def distil_by_labels(config: DistilFlags) -> Outcome:
    """Label `config.data` with what the teachers agree on, then train the student on that.

    Raises:
        UsageError: a flag that has no meaning here, several datasets, a part of one video to select
            by, a teacher that finds nobody, or a test part to read where there is none.
        DataError: the teachers agree on nothing that the task learns from, or see `label`.
        ArtefactError, TrainingError: see `label` and the task.
    """
    _require_plain(config)
    task = str(getattr(config, "task", ""))
    (source,) = _sources(config)
    _require_to_select_by(config, source)
    out = config.targets or config.out.parent / "labels"
    teachers, threads = tuple(map(Path, config.teacher)), int(getattr(config, "threads", 1))
    labelled = label(LabelConfig(Path(source), teachers, out, threads=threads))
    tell(labelled.text)
    row: catalogue.Task = catalogue.TASKS[task]
    kind = catalogue.load_object(row.config)
    words = {each.name: getattr(config, each.name) for each in dataclasses.fields(kind)}
    place = str(out / _FOLDER_OF[task])
    if not Path(place, LABELS).is_file():
        raise DataError(
            f"{source}: the teachers agree on nothing that {task} learns from; give other teachers "
            "or other pictures"
        )
    _require_test_part(config, dict(labelled.data)["test_pictures"], place)
    words["data"] = (place,) if isinstance(words["data"], tuple) else place
    outcome: Outcome = catalogue.load_object(row.train)(kind(**words))
    data = {**dict(outcome.data), "labels": labelled.data, "teacher": list(config.teacher)}
    return dataclasses.replace(outcome, data=data)


def _require_test_part(config: DistilFlags, test_pictures: int, place: str) -> None:
    """Refuse, before the training, to judge a student on people whom nobody held out."""
    if config.read_test and not test_pictures:
        raise UsageError(
            f"{place} has no test part, as the pictures that the teachers labelled name none; add "
            "--no-read-test, and judge the student on labelled people with `edgehuman evaluate`"
        )


def _sources(config: DistilFlags) -> tuple[str, ...]:
    data: Any = getattr(config, "data", "")
    found = tuple(map(str, data)) if isinstance(data, tuple) else (str(data),)
    if len(found) != 1 or found[0] == catalogue.SIMULATED:
        raise UsageError(
            f"--data is {' '.join(found)}; it must be one folder of photos, or one video, that the "
            "teachers label"
        )
    return found


def _require_to_select_by(config: DistilFlags, source: str) -> None:
    """Refuse, before anything is labelled, to hold out a part of the frames of one camera."""
    share = float(getattr(config, "select_share", 0.0))
    if share and Path(source).suffix.lower() in SUFFIXES:
        raise UsageError(
            f"--select-share is {share}, but --data {source} is one video, whose frames are too "
            "alike to select by; give --select-share 0, or a folder of photos"
        )


def _require_plain(config: DistilFlags) -> None:
    """Refuse flags of distilling answers: the student learns labels."""
    fresh = {each.name: each.default for each in dataclasses.fields(config)}
    for name in _PLAIN:
        if getattr(config, name) != fresh[name]:
            flag = name.replace("_", "-")
            raise UsageError(
                f"--{flag} is {getattr(config, name)}; these teachers only label pictures, so "
                "leave it out. For INT8: `edgehuman export OUT --precision int8`"
            )
