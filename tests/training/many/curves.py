"""Small trainings of every method, to compare what one process learns with what several do.

python -m tests.training.many.curves FOLDER 100 double      by one process, or under torchrun
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from edgehuman import catalogue
from edgehuman.distill.distill import distil
from edgehuman.distill.imu.settings import DistilActivity
from edgehuman.pretrain import mae
from edgehuman.pretrain.contrastive import contrastive
from edgehuman.pretrain.diffusion import diffusion
from edgehuman.pretrain.mae_settings import MaeConfig
from edgehuman.pretrain.saip import saip
from edgehuman.tasks.image import parsing, pose, reid
from edgehuman.tasks.image import train as person_training
from edgehuman.tasks.image.detection import train as detection
from edgehuman.tasks.image.detection.settings import DetectionConfig
from edgehuman.tasks.image.settings import ParsingConfig, PoseConfig, ReidConfig
from edgehuman.tasks.imu import activity
from edgehuman.tasks.imu.settings import ActivityConfig
from edgehuman.tasks.silhouette import gait as silhouette
from edgehuman.tasks.skeleton import gait as skeleton
from tests.data.outlines import outlines as made_outlines
from tests.in_memory import walkers
from tests.nets import tiny_encoder
from tests.pretrain import made_persons, made_silhouettes, made_walks
from tests.tasks import outlines, people
from tests.tasks import walkers as skeletons
from tests.tasks.conftest import made_windows
from tests.tasks.drawn_frames import drawn_set

Train = Callable[[Path, Mapping[str, Any]], object]
SHARED: dict[str, Any] = {"threads": 1, "log_every": 1, "device": "cpu", "read_test": False}
PERSONS: dict[str, Any] = {"lr": 1e-4, "workers": 0, "read_test": False, "device": "cpu"}
TEACHER = "teacher"
DISTIL = ("kd", "features", "rkd", "similarity")


def _mae(out: Path, given: Mapping[str, Any]) -> object:
    config = MaeConfig(
        out=out, batch=12, dropout=0.1, time_warp=0.2, scale=0.1, jitter=0.02, rotation_deg=30,
        lr=1e-3, threads=1, log_every=1, device="cpu", **given,
    )  # fmt: skip
    return mae.train(config, made_windows())


def _contrastive(out: Path, given: Mapping[str, Any]) -> object:
    # Two views of a pair, mirrored or not, with joints lost and mistaken.
    strengths = {"lost": 0.5, "swapped": 0.3, "doubled": 0.3, "dialect": 0.5, "arms": 0.3}
    values = {"exam_people": 0, "koleo": 0.1, "positives": "person", **strengths, **given}
    return contrastive.train(made_walks.tiny_config(out, **values), walkers(12, 4))


def _diffusion(out: Path, given: Mapping[str, Any]) -> object:
    values = {"batch": 4, "exam_people": 0, "lr": 1e-3, "backbone_lr": 1e-3, **given}
    return diffusion.train(made_silhouettes.tiny_config(out, **values), made_silhouettes.walkers())


def _saip(out: Path, given: Mapping[str, Any]) -> object:
    with pytest.MonkeyPatch.context() as patch:
        made_persons.use_made_persons(patch)
        values = {"batch": 8, "accumulate": 1, "device": "cpu", "clip_norm": 1.0, **given}
        return saip.train(made_persons.tiny_config(out, **values))


def _activity(out: Path, given: Mapping[str, Any]) -> object:
    config = ActivityConfig(
        out=out, arch="imuconv_288k", batch=24, lr=3e-4, mixup=0.2, time_warp=0.2, scale=0.1,
        rotation_deg=30, jitter=0.02, gyro_bias=0.1, turned_share=0.3,
        upright_by=("slow", "fast"), upright_share=0.3, slowed=("fast",), slow_share=0.5,
        foreign_share=0.2, foreign_label="still", select_share=0.25, **SHARED, **given,
    )  # fmt: skip
    return activity.train(config, made_windows())


def _skeleton(out: Path, given: Mapping[str, Any]) -> object:
    values = {
        "arch": "gaitformer_1",
        "frames": 12,
        "batch": 12,
        "lr": 3e-4,
        "read_test": False,
        **given,
    }
    return skeleton.train(skeletons.quick(out, **values), walkers(8, 4))


def _silhouette(out: Path, given: Mapping[str, Any]) -> object:
    values = {"arch": "tiny_base", "batch": 8, "lr": 3e-4, "frames": 4, "read_test": False, **given}
    like, arguments = outlines.TINY["tiny_base"]
    row = dataclasses.replace(catalogue.NETWORKS[like], arguments=arguments)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalogue.NETWORKS, "tiny_base", row)
        return silhouette.train(outlines.quick(out, **values), made_outlines(6, 4, 6, "train"))


def _person(kind: Any, train: Callable[..., object]) -> Train:
    def of_people(out: Path, given: Mapping[str, Any]) -> object:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(catalogue.NETWORKS, tiny_encoder.NAME, tiny_encoder.ROW)
            patch.setattr(
                person_training, "load_persons", lambda path, task, shape: people.made_people()
            )
            return train(people.quick(kind, out, **{**PERSONS, "log_every": 1, **given}))

    return of_people


def _detection(out: Path, given: Mapping[str, Any]) -> object:
    config = DetectionConfig(
        out=out, arch="starnet_s100", height=64, width=96, batch=8, workers=0, **SHARED, **given
    )
    return detection.train(config, drawn_set(24, test=6, height=64, width=96, most=2))


def _distil(out: Path, given: Mapping[str, Any]) -> object:
    config = DistilActivity(
        out=out, teacher=(str(out.parent / TEACHER),), student="imuconv_288k", batch=24, lr=3e-4,
        select_share=0.25, views=2, seed=1, jitter=0.02, objective=DISTIL, keep=False,
        **SHARED, **given,
    )  # fmt: skip
    return distil(config, made_windows())


METHODS: Mapping[str, Train] = {
    "mae": _mae,
    "contrastive": _contrastive,
    "diffusion": _diffusion,
    "saip": _saip,
    "activity": _activity,
    "skeleton": _skeleton,
    "silhouette": _silhouette,
    "reid": _person(ReidConfig, reid.train),
    "pose": _person(PoseConfig, pose.train),
    "parsing": _person(ParsingConfig, parsing.train),
    "detection": _detection,
    "distil": _distil,
}


def make_teacher(folder: Path) -> None:
    """Train the teacher that `distil` learns from."""
    config = ActivityConfig(
        out=folder / TEACHER, arch="imuconv_288k", steps=4, batch=24, select_share=0.25, **SHARED
    )
    activity.train(config, made_windows())


def train_all(
    folder: Path, names: tuple[str, ...], steps: int, double: bool = True, **given: Any
) -> None:
    """Train some methods, each into its own folder, in double precision or not."""
    with in_double() if double else nullcontext():
        for name in names:
            METHODS[name](folder / name, {"steps": steps, "save_every": steps, **given})


@contextmanager
def in_double() -> Iterator[None]:
    """Compute in double precision inside what is computed in single precision."""
    from_numpy, before = torch.from_numpy, torch.get_default_dtype()

    def widened(array: Any) -> Tensor:
        tensor = from_numpy(array)
        return tensor.double() if tensor.dtype == torch.float32 else tensor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "from_numpy", widened)
        patch.setattr(Tensor, "float", Tensor.double)
        torch.set_default_dtype(torch.float64)
        try:
            yield
        finally:
            torch.set_default_dtype(before)


def losses_of(folder: Path) -> np.ndarray[Any, Any]:
    """Return the loss of each step."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return np.array([row["loss"] for row in map(json.loads, lines) if "loss" in row])


if __name__ == "__main__":
    make_teacher(Path(sys.argv[1]))
    train_all(Path(sys.argv[1]), tuple(METHODS), int(sys.argv[2]), "double" in sys.argv)
