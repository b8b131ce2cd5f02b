"""The pairs of teacher and student that the docs show, and what each student is taught."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Taught:
    """One way of teaching a student.

    Attributes:
        objective: what of the teacher is learned.
        compatible: whether the student lives in the teacher's space.
        task_weight: of the labels beside it; 0: the student sees none.
        training: settings of this way alone, over those of the pair.
        after: the way of the pair whose student this one goes on from; "": from random weights.
    """

    objective: tuple[str, ...]
    compatible: bool = False
    task_weight: float = 1.0
    training: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A teacher and a student.

    Attributes:
        task: of both; the student's record chooses among its rows in the catalogue.
        teacher: the architecture, or a model that ships; members: how many of them, trained by
            seeds 0, 1, ..., are one teacher.
        student: the architecture; those of `examples` are found from the root of the repository.
        data: a file of --data, or `simulated`.
        said: of the data, for the page.
        rows: the ways of teaching, by name.
        training: settings of all trainings.
        simulated: whether the people are simulated.
        steps, teacher_steps: of student and teacher.
        qat_steps: of quantisation-aware training, after the first row.
        alone: whether the student is also trained alone.
    """

    task: str
    teacher: str
    members: int
    student: str
    data: str
    said: str
    rows: Mapping[str, Taught]
    training: Mapping[str, Any]
    steps: int
    teacher_steps: int
    qat_steps: int
    simulated: bool = False
    alone: bool = True


_WEARABLE = {
    "batch": 64, "lr": 1e-3, "rotation_deg": 20.0, "scale": 0.1, "jitter": 0.02, "time_warp": 0.1,
    "label_smoothing": 0.0, "save_every": 100,
}  # fmt: skip
_GAIT = {"walks": 6, "each": 4, "save_every": 250}
_JOINTS = {
    **_GAIT, "people": 600, "test_people": 100, "batch": 64, "frames": 24, "lr": 1.5e-3,
    "warmup": 0.1,
}  # fmt: skip
_SPACE = Taught(("features",), compatible=True, task_weight=0.0)
_WHOLE = Taught(
    ("features",), compatible=True, task_weight=0.0, after="features",
    training={"lost": 0.0, "steps": 2500, "lr": 7e-4},
)  # fmt: skip
_LONGER = replace(
    _WHOLE, after="then no joints lost", training={"lost": 0.0, "steps": 3000, "lr": 7e-4}
)
_RELATIONS = Taught(("similarity", "rkd"), task_weight=0.0)

PAIRS: Mapping[str, Pair] = {
    "wearable": Pair(
        "activity", "imuconv_4m", 3, "imuconv_288k", "uci_har.npz",
        "UCI HAR: official test windows, training windows rebuilt from the raw recordings",
        {"logits": Taught(("kd",))},
        _WEARABLE, steps=600, teacher_steps=600, qat_steps=100,
    ),
    "wisdm": Pair(
        "activity", "imuconv_4m", 3, "imuconv_288k", "wisdm2019_phone_4act_20hz.npz",
        "WISDM 2019 phone, 4 activities: training people 1600-1633, test people 1634-1650",
        {"logits": Taught(("kd",))},
        _WEARABLE, steps=600, teacher_steps=600, qat_steps=100,
    ),
    "joints": Pair(
        "gait", "zoo:gait-skeleton", 1, "examples.gait_sizes:GaitFormer64", "simulated",
        "simulated walkers (edgehuman's own), seen as joints, one second of each walk",
        {"features, the teacher's space": _SPACE, "relations": _RELATIONS},
        _JOINTS, steps=1500, teacher_steps=0, qat_steps=60, simulated=True,
    ),
    # The same student, ten times as long: how near it comes to its teacher's space.
    "compatible": Pair(
        "gait", "zoo:gait-skeleton", 1, "examples.gait_sizes:GaitFormer64", "simulated",
        "simulated walkers (edgehuman's own), seen as joints, one second of each walk",
        {"features": _SPACE, "then no joints lost": _WHOLE, "then no joints lost, longer": _LONGER},
        {**_JOINTS, "save_every": 1000},
        steps=15000, teacher_steps=0, qat_steps=0, simulated=True, alone=False,
    ),
    # For a GPU: a step of the teacher takes a core 7 seconds.
    "outlines": Pair(
        "gait", "gaitbase", 1, "gaitset_small", "simulated",
        "simulated walkers (edgehuman's own), seen as silhouettes",
        {"relations, beside the labels": Taught(("similarity", "rkd")), "relations": _RELATIONS},
        {**_GAIT, "walks": 8, "people": 500, "test_people": 100, "batch": 64, "frames": 5,
         "sampling": "fixed_unordered", "identity_weight": 1.0, "scale": 16.0,
         "augmentation": "table6"},
        steps=2000, teacher_steps=2000, qat_steps=100, simulated=True,
    ),
    "garments": Pair(
        "parsing", "zoo:person-garments", 1, "starnet_s100_k3", "ccp",
        "Clothing Co-Parsing (CCP), eight parts, 128x64 pixels",
        {"pixels and channels": Taught(("pixel", "channel"))},
        {"batch": 24, "parts": "garments", "height": 128, "width": 64, "lr": 1e-3, "warmup": 0.05,
         "save_every": 200},
        steps=600, teacher_steps=0, qat_steps=60,
    ),
}  # fmt: skip
