"""A word opens its teacher; a student that does not fit is told why."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgehuman.card import IMU_INPUT, Card, OutputSpec, image_input
from edgehuman.distill.teachers.ensemble import Ensemble
from edgehuman.distill.teachers.foreign import ForeignTeacher
from edgehuman.distill.teachers.teachers import open_teachers, require_fits
from edgehuman.distill.teachers.trained import GraphTeacher, NetworkTeacher
from edgehuman.errors import ArtefactError, CheckpointError, UsageError
from tests import leaving
from tests.distill.foreign_graphs import WEARABLE, write
from tests.distill.made_teacher import LABELS, MadeTeacher
from tests.distill.teachers.test_trained import saved

STUDENT = Card("s", "activity", "imuconv_288k", 1, 1, IMU_INPUT, OutputSpec("classes", LABELS))


def test_each_word_opens_its_kind_of_teacher(tmp_path: Path) -> None:
    graph = write(tmp_path, ("N", 6, 256), contract=WEARABLE)
    folder = saved(tmp_path / "run")
    assert isinstance(open_teachers([folder]), NetworkTeacher)
    assert isinstance(open_teachers(["zoo:activity"]), GraphTeacher)
    assert isinstance(open_teachers([str(graph)]), ForeignTeacher)
    both = open_teachers([folder, saved(tmp_path / "other", seed=1)])
    assert isinstance(both, Ensemble)
    assert both.name == f"{folder} + {tmp_path / 'other'}"


def test_words_that_open_nothing_are_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no teacher is given"):
        open_teachers([])
    with pytest.raises(ArtefactError, match="no such file"):
        open_teachers([str(tmp_path / "none.onnx")])
    with pytest.raises(CheckpointError, match="no such folder"):
        open_teachers([str(tmp_path / "none")])
    graph = write(tmp_path, ("N", 6, 256))
    with pytest.raises(UsageError, match=r"no contract beside it \(theirs.toml or teacher.toml\)"):
        open_teachers([str(graph)])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"input": image_input()}, "different records: 'ImuWindow' and 'PersonCrop'"),
        ({"input": replace(IMU_INPUT, units="m/s2")}, "different units: 'ax ay.*' and 'm/s2'"),
        ({"input": replace(IMU_INPUT, rate_hz=25.0)}, "different rates: '50 Hz' and '25 Hz'"),
        (
            {"input": replace(IMU_INPUT, shape=(64, 6))},
            r"of \(128, 6\), the student s of \(64, 6\).*--frames for walks",
        ),
        (
            {"output": OutputSpec("classes", ("a", "b", "c", "d", "x"))},
            "only the teacher has e; only the student s has x",
        ),
    ],
)
def test_a_student_that_does_not_fit_is_told_both_sides(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=f"the teacher made .*{said}"):
        require_fits(MadeTeacher(), STUDENT.replace(**changes))


def test_other_labels_do_not_matter_to_who_learns_the_embedding() -> None:
    teacher = MadeTeacher(labels=tuple("abcdefg"))
    with pytest.raises(UsageError, match=r"only the teacher has f, g.*--objective features"):
        require_fits(teacher, STUDENT, ["logits"])
    assert require_fits(teacher, STUDENT, ["embedding"]) is teacher


def test_classes_are_not_learned_from_attributes() -> None:
    with pytest.raises(UsageError, match="gives attributes and the student s classes; choose"):
        require_fits(MadeTeacher(kind="attributes"), STUDENT)


def test_a_student_that_fits_gets_the_labels_in_its_order() -> None:
    teacher = MadeTeacher()
    assert require_fits(teacher, STUDENT) is teacher
    turned = STUDENT.replace(output=OutputSpec("classes", LABELS[::-1]))
    assert require_fits(teacher, turned).labels == LABELS[::-1]
    vector = STUDENT.replace(output=OutputSpec("embedding"))
    assert require_fits(teacher, vector) is teacher
    open_size = MadeTeacher()
    open_size.input = replace(IMU_INPUT, shape=(0, 6))
    assert require_fits(open_size, STUDENT) is open_size


def test_a_cache_is_kept_without_torch() -> None:
    code = "import sys, edgehuman.distill.targets.cache; sys.exit('torch' in sys.modules)"
    assert leaving.run([sys.executable, "-c", code], check=False).returncode == 0
