"""From a teacher to a student: learned, compared, kept; what does not fit is said at once."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from edgehuman import catalogue
from edgehuman.card import OutputSpec
from edgehuman.config import read_toml
from edgehuman.distill import distill as module
from edgehuman.distill import report
from edgehuman.distill.distill import distil
from edgehuman.distill.imu.settings import DistilActivity
from edgehuman.distill.skeleton.settings import DistilGait
from edgehuman.distill.targets import cache
from edgehuman.distill.teachers.trained import NetworkTeacher
from edgehuman.errors import CheckpointError, DataError, UsageError
from edgehuman.export.graph.trace import weights_sha256
from edgehuman.nets.checkpoint import load_network
from edgehuman.outcome import Outcome
from edgehuman.tasks.imu.activity import train
from edgehuman.tasks.imu.drawing import drawing
from edgehuman.tasks.imu.settings import ActivityConfig
from edgehuman.tasks.skeleton.gait import train as train_gait
from edgehuman.training.checkpoint import save_weights
from edgehuman.training.settings import process_rank, world_size
from tests.tasks.conftest import made_windows
from tests.tasks.walkers import FRAMES, TINY, quick

STEPS = 12


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An activity network that has learned the made windows."""
    out = tmp_path_factory.mktemp("teacher") / "t"
    fields: dict[str, Any] = {"steps": 60, "batch": 24, "threads": 1, "select_share": 0.25}
    train(ActivityConfig(out=out, arch="imuconv_288k", lr=1e-3, **fields), made_windows())
    return out


def config(out: Path, *teachers: Path | str, **changes: Any) -> DistilActivity:
    fields: dict[str, Any] = {
        "teacher": tuple(map(str, teachers)), "student": "imuconv_288k", "steps": STEPS,
        "batch": 24, "lr": 1e-3, "threads": 1, "select_share": 0.25, "views": 2, "seed": 1,
        "save_every": 6, "jitter": 0.02,
    }  # fmt: skip
    return DistilActivity(out=out, **{**fields, **changes})


def numbers(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome.data, dict)
    return outcome.data


def test_a_student_learns_and_its_card_names_its_teacher(teacher: Path, tmp_path: Path) -> None:
    outcome = distil(config(tmp_path / "s", teacher), made_windows())
    found = numbers(outcome)
    assert outcome.text.startswith(f"{tmp_path / 's'}: imuconv_288k, distil; ")
    assert found["teacher"]["metrics"]["macro_f1"] > 0.9
    assert found["student"]["metrics"] == found["metrics"]
    drop = found["teacher"]["metrics"]["macro_f1"] - found["metrics"]["macro_f1"]
    assert found["metric_drop"] == pytest.approx(100 * drop)
    assert 0 <= found["agreement"]["student"]["top1"] <= 1
    assert found["speedup"] > 0
    _, card = load_network(tmp_path / "s")
    (ancestor,) = card.teachers
    assert (ancestor.name, ancestor.arch) == (str(teacher), "imuconv_288k")
    assert ancestor.objectives == ("kd",)
    assert {row.role for row in card.data} == {"training", "selection", "teacher"}
    kept = read_toml(DistilActivity, tmp_path / "s" / "config.toml")
    assert kept.teacher == (str(teacher),)


def test_the_first_process_alone_compares_and_as_if_it_were_one(
    teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def compare(*given: object) -> Outcome:
        seen.append(f"{process_rank()} of {world_size()}")
        return Outcome({}, "compared")

    monkeypatch.setattr(module, "finetune", lambda *given: Outcome({}, ""))
    monkeypatch.setattr(module, "compare", compare)
    for name, value in (("WORLD_SIZE", "2"), ("MASTER_ADDR", "localhost"), ("MASTER_PORT", "1")):
        monkeypatch.setenv(name, value)
    for rank, said in (("0", "compared"), ("1", "")):
        monkeypatch.setenv("RANK", rank)
        found = distil(config(tmp_path / "s", teacher), made_windows())
        assert (found.text, found.exit_code) == (said, 0)
    assert seen == ["0 of 1"]


def test_labels_are_not_needed_where_a_teacher_has_them(teacher: Path, tmp_path: Path) -> None:
    fields: dict[str, Any] = {"steps": 40, "task_weight": 0.0}
    found = numbers(distil(config(tmp_path / "s", teacher, **fields), made_windows()))
    assert found["metrics"]["macro_f1"] > 0.8


def test_a_second_student_asks_the_teacher_nothing(
    teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    answer = NetworkTeacher.answer

    def counted(self: NetworkTeacher, record_N: Any) -> Any:
        asked.append(len(record_N))
        return answer(self, record_N)

    monkeypatch.setattr(NetworkTeacher, "answer", counted)
    settings = {"read_test": False}
    distil(config(tmp_path / "one", teacher, **settings), made_windows())
    windows = 3 * 24  # three people learn
    assert sum(asked) >= 2 * windows
    asked.clear()
    distil(config(tmp_path / "two", teacher, student="imuconv_292k", **settings), made_windows())
    assert sum(asked) == 1  # a thousandth of the rows, at least one


def test_a_resumed_run_repeats_the_uninterrupted_one(
    teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distil(config(tmp_path / "whole", teacher, read_test=False), made_windows())

    def stopping(*given: Any) -> Any:
        draw = drawing(*given)

        def draw_and_stop(step: int, place: Any) -> Any:
            if step == 7:
                os.kill(os.getpid(), signal.SIGTERM)
            return draw(step, place)

        return draw_and_stop

    from edgehuman.tasks.imu import activity

    with monkeypatch.context() as patch:
        patch.setattr(activity, "drawing", stopping)
        stopped = distil(config(tmp_path / "part", teacher, read_test=False), made_windows())
    assert stopped.exit_code == 1
    again = config(tmp_path / "part", teacher, read_test=False, resume=True)
    distil(again, made_windows())
    one, two = (load_network(tmp_path / name)[0].state_dict() for name in ("whole", "part"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_int8_of_data_in_memory_is_refused_before_the_training(
    teacher: Path, tmp_path: Path
) -> None:
    asked = config(tmp_path / "s", teacher, precision="int8", read_test=False)
    with pytest.raises(UsageError, match="calibrates on --data, a path or `simulated`"):
        distil(asked, made_windows())
    assert not (tmp_path / "s" / "model.safetensors").exists()


def test_a_teacher_of_other_labels_teaches_its_embedding_and_is_not_scored(
    teacher: Path, tmp_path: Path
) -> None:
    windows = made_windows()
    names = tuple(f"{label} again" for label in windows.labels)
    other = dataclasses.replace(windows, labels=names)
    fields: dict[str, Any] = {"objective": ("features",)}
    found = numbers(distil(config(tmp_path / "s", teacher, **fields), other))
    assert set(found["teacher"]) == {"params", "mb", "ms"}
    assert (found["metric_drop"], found["agreement"]) == (None, {})
    assert found["student"]["metrics"]["macro_f1"] > 0


def test_an_int8_file_is_written_where_the_test_part_is_not_read(
    teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(config: Any, checkpoint: Path, path: Path, graph: Any = None) -> Path:
        path.write_bytes(bytes(500_000))
        return path

    monkeypatch.setattr(report, "write_int8", write)
    monkeypatch.setattr(module, "calibrating_data", lambda config: "made")
    fields: dict[str, Any] = {"precision": "int8", "read_test": False}
    found = numbers(distil(config(tmp_path / "s", teacher, **fields), made_windows()))
    assert found["int8"] == {"mb": 0.5, "path": str(tmp_path / "s" / "int8.onnx")}
    assert "metrics" not in found


def test_what_needs_no_data_is_said_before_they_are_read(teacher: Path, tmp_path: Path) -> None:
    for changes, said in (
        ({"objective": ("kd=-1",)}, "the weight of objective kd is '-1'"),
        ({"student": "gaitformer_1"}, "take different records: 'ImuWindow' and 'SkeletonSeq"),
    ):
        with pytest.raises(UsageError, match=said):
            distil(config(tmp_path / "s", teacher, data="/nowhere", **changes))


def test_several_teachers_are_one(teacher: Path, tmp_path: Path) -> None:
    found = numbers(distil(config(tmp_path / "s", teacher, teacher), made_windows()))
    assert found["teacher"]["params"] == 2 * found["student"]["params"]
    assert len(load_network(tmp_path / "s")[1].teachers) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"objective": ("pixel",)}, "gives logits, embedding, tokens, but not map"),
        ({"objective": ("kdd",)}, "unknown objective 'kdd'"),
        ({"compatible": True}, "--compatible is for students and teachers of embeddings"),
        ({"labels": ("slow", "fast")}, "other labels than the student"),
        (
            {"task_weight": 0.0, "objective": ("features",)},
            "nothing teaches the student its logits",
        ),
        ({"student": "gaitformer_1"}, "take different records: .ImuWindow. and .SkeletonSequence."),
    ],
)
def test_what_does_not_fit_is_said_before_training(
    teacher: Path, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        distil(config(tmp_path / "s", teacher, **changes), made_windows())
    assert not (tmp_path / "s" / "model.safetensors").exists()


def test_a_teacher_of_another_kind_is_not_scored(teacher: Path, tmp_path: Path) -> None:
    network, card = load_network(teacher)
    weights = {k: v for k, v in network.state_dict().items() if not k.startswith("head.")}
    output = OutputSpec("embedding", distance="cosine")
    save_weights(tmp_path / "t", weights, card.replace(output=output))
    asked = {"objective": ("features",), "views": 1, "steps": 2}
    found = numbers(distil(config(tmp_path / "s", tmp_path / "t", **asked), made_windows()))
    assert set(found["teacher"]) == {"params", "mb", "ms"}
    assert found["agreement"] == {}


def test_a_missing_teacher_and_a_foreign_folder_of_targets(teacher: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such folder"):
        distil(config(tmp_path / "s", tmp_path / "nobody"), made_windows())
    targets = tmp_path / "targets"
    distil(config(tmp_path / "a", teacher, targets=targets, read_test=False), made_windows())
    for name, changes in (("seed", {"seed": 2}), ("jitter", {"jitter": 0.3})):
        other = config(tmp_path / name, teacher, targets=targets, **changes)
        with pytest.raises(DataError, match="holds the targets of another run"):
            distil(other, made_windows())


def test_targets_need_not_be_kept(teacher: Path, tmp_path: Path) -> None:
    kept, live = (
        distil(config(tmp_path / name, teacher, read_test=False, keep=keep), made_windows())
        for name, keep in (("kept", True), ("live", False))
    )
    assert kept.exit_code == live.exit_code == 0
    assert [path.name for path in tmp_path.glob("targets/*/*.json")] == [cache.PLAN]


@pytest.mark.parametrize(
    ("first", "then"), [(("kd", "features"), ("kd",)), (("kd",), ("kd", "features"))]
)
def test_students_of_logits_and_of_embeddings_share_one_folder(
    teacher: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    first: tuple[str, ...],
    then: tuple[str, ...],
) -> None:
    asks = {"objective": first, "read_test": False}
    distil(config(tmp_path / "a", teacher, **asks), made_windows())
    asked: list[int] = []
    answer = NetworkTeacher.answer

    def counted(self: NetworkTeacher, record_N: Any) -> Any:
        asked.append(len(record_N))
        return answer(self, record_N)

    monkeypatch.setattr(NetworkTeacher, "answer", counted)
    other = {"objective": then, "read_test": False}
    distil(config(tmp_path / "b", teacher, **other), made_windows())
    assert len(list(tmp_path.glob("targets/*"))) == 1
    rows = json.loads(next(tmp_path.glob("targets/*/*.json")).read_text())
    assert sum(asked) < 0.05 * rows["samples"] * rows["views"]  # those computed again to compare


@pytest.fixture
def gaits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny student and a teacher twice as wide."""
    row = catalogue.NETWORKS["gaitptv2_deep_1"]
    for name, output in (("tiny_gait", 8), ("wide_gait", 16)):
        arguments = {**TINY, "output": output, "frames": FRAMES}
        monkeypatch.setitem(catalogue.NETWORKS, name, dataclasses.replace(row, arguments=arguments))


@pytest.mark.usefixtures("gaits")
def test_a_compatible_student_lives_in_its_teachers_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_gait(quick(tmp_path / "t", arch="wide_gait"))
    asked = quick(tmp_path / "s")
    fields = {each.name: getattr(asked, each.name) for each in dataclasses.fields(asked)}
    fields |= {"student": "tiny_gait", "teacher": (str(tmp_path / "t"),), "compatible": True}
    monkeypatch.setattr(report, "_milliseconds", lambda *given: {"teacher": 2.0, "student": 1.0})
    found = numbers(distil(DistilGait(**{**fields, "steps": 20, "lr": 1e-2})))
    network, card = load_network(tmp_path / "s")
    assert card.output.dim == network.width == 16
    teachers = load_network(tmp_path / "t")[0]
    assert card.gallery_space == weights_sha256(teachers)
    agrees = found["agreement"]["student"]
    assert {"top1", "top1_person", "kendall_tau", "top1_person_in_teachers_gallery"} <= set(agrees)
    assert card.teachers[0].objectives == ("features",)
    with pytest.raises(UsageError, match="--compatible needs the objective features"):
        distil(DistilGait(**{**fields, "out": tmp_path / "o", "objective": ("rkd",)}))
    with pytest.raises(UsageError, match="--compatible needs one teacher"):
        distil(DistilGait(**{**fields, "out": tmp_path / "o", "teacher": 2 * fields["teacher"]}))
