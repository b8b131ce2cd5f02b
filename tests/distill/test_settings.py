"""The flags of distillation stand beside those of the task, and keep their rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman import catalogue
from edgehuman.config import resolve
from edgehuman.distill.imu.settings import DistilActivity
from edgehuman.distill.skeleton.settings import DistilGait
from edgehuman.errors import UsageError
from edgehuman.flags import choose

WORDS = ["--teacher", "a", "b", "--student", "imuconv_288k"]


def test_the_task_keeps_its_defaults_and_the_student_is_the_network() -> None:
    config = resolve(DistilActivity, WORDS)
    assert (config.teacher, config.arch, config.steps) == (("a", "b"), "imuconv_288k", 400)
    assert config.out == Path("runs/distil-imuconv_288k")
    gait = resolve(DistilGait, ["--teacher", "a", "--student", "gaitformer_1"])
    assert (gait.steps, gait.people) == (1000, 128)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arch": "imuconv_292k"}, "--arch is imuconv_292k and --student imuconv_288k; give one"),
        ({"views": 0}, "--views is 0; it must be at least 1"),
        ({"task_weight": -1.0}, "--task-weight is -1"),
        ({"qat_steps": 5}, "--qat-steps is 5; it must be 0 without --precision int8"),
        ({"qat_lr": 1e-3}, "--qat-lr is 0.001; it must be 0.0001 without --qat-steps"),
        ({"qat_layout": "tensorrt"}, "--qat-layout is tensorrt; it must be cpu without --qat-s"),
        ({"keep": False, "targets": Path("t")}, "--targets is t; it must be left out with --no-k"),
        ({"teacher": ()}, "--teacher"),
        ({"mode": "probe"}, "--mode is probe; it must be finetune"),
    ],
)
def test_values_out_of_range_are_named(changes: dict[str, Any], said: str) -> None:
    fields: dict[str, Any] = {"teacher": ("a",), "student": "imuconv_288k", **changes}
    with pytest.raises(UsageError, match=said):
        DistilActivity(**fields)


def test_the_student_or_the_task_chooses_the_config() -> None:
    for task in catalogue.TASKS.values():
        for row in filter(lambda each: each.distil, task.rows):
            config = catalogue.load_object(row.distil)
            assert issubclass(config, catalogue.load_object(row.config))
    for words, name, place in (
        (["--student", "imuconv_288k"], "activity", None),
        (["--student", "gaitformer_1"], "gait", None),
        (["--student", "gaitset_small"], "gait", 0),
        (["--student", "starnet_s3", "--task", "parsing"], "parsing", None),
        (["--student", "starnet_s3", "--teacher", "zoo:person-garments"], "parsing", None),
        ([], "activity", None),
    ):
        row = catalogue.TASKS[name]
        row = row if place is None else row.also[place]
        assert choose.distil(words) == (row.distil, catalogue.DISTIL), words
    with pytest.raises(UsageError, match="may learn several tasks; give --task: reid"):
        choose.distil(["--student", "starnet_s3", "--teacher", "nobody"])
    fix = (
        "--student starnet_s3 reads PersonCrop, but task gait needs .*; give --student one of: gait"
    )
    with pytest.raises(UsageError, match=fix):
        choose.distil(["--student", "starnet_s3", "--task", "gait"])
