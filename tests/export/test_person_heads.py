"""A student and its head leave as one graph: parity, the task's metric, and an engine of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgehuman import catalogue
from edgehuman.card import Card, OutputSpec, image_input
from edgehuman.data.image import labelled_people
from edgehuman.data.image.load import PersonSet
from edgehuman.data.samples import Samples
from edgehuman.errors import DataError
from edgehuman.export.export import ExportConfig, export
from edgehuman.export.proof import precision
from edgehuman.export.proof.judge import Judge, answers
from edgehuman.geometry import COCO_17
from edgehuman.metrics.parity import compare
from edgehuman.metrics.person_answers import joints_of
from edgehuman.nets.image.heads import PersonNet, person_net
from edgehuman.runtime.model import load
from edgehuman.training.checkpoint import save_weights
from tests.export.traced import traced_once
from tests.nets import tiny_encoder
from tests.tasks.people import ATTRIBUTES, HEIGHT, PARTS, WIDTH, made_people

SIZE = (HEIGHT, WIDTH)
OUTPUTS = {
    "reid": OutputSpec("embedding", distance="cosine", dim=16),
    "attributes": OutputSpec("attributes", ATTRIBUTES),
    "pose": OutputSpec("heatmaps", COCO_17),
    "parsing": OutputSpec("segmentation", PARTS),
}
METRICS = {
    "reid": "mean_ap",
    "attributes": "mean_accuracy",
    "pose": "mean_oks",
    "parsing": "mean_iou",
}
WITHOUT_LABELS = {
    "reid": "neighbour_similarity",
    "attributes": "expected_answers",
    "pose": "peak_kept",
    "parsing": "expected_pixels",
}


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> PersonSet:
    """Made people behind every path, and the tiny encoder in the catalogue."""
    persons = made_people(people=10, each=8)
    monkeypatch.setitem(catalogue.NETWORKS, tiny_encoder.NAME, tiny_encoder.ROW)
    monkeypatch.setattr(labelled_people, "load_persons", lambda data, task: persons)
    # Two seconds an export, and nothing here asks how fast it is.
    monkeypatch.setattr(precision, "latency_ms", lambda forms, judge, threads: {})
    return persons


def network_of(task: str) -> tuple[PersonNet, Card]:
    """The tiny encoder under the head of a task; its norms have seen pictures, and its last weights
    are loud so that answers differ.
    """
    network = person_net(tiny_encoder.NAME, OUTPUTS[task], SIZE, seed=1)
    with torch.no_grad():
        last = [p for p in network.head.parameters() if p.ndim > 1]
        last[-1].mul_(300 if task == "pose" else 5)
        persons = made_people(people=2, each=8)
        seen = torch.from_numpy(np.stack([persons.image(i) for i in range(16)]))
        for _ in range(20):
            network.train()(seen)
    network.eval()
    card = Card(f"tiny {task}", task, tiny_encoder.NAME, 1, 1, image_input(*SIZE), OUTPUTS[task])
    return network, card


def noise(number: int, size: tuple[int, int] = SIZE) -> Samples:
    """Pictures of nobody."""
    image_NHWC = np.random.default_rng(0).integers(0, 256, (number, *size, 3), np.uint8)
    person_N = np.array([f"nobody {i}" for i in range(number)])
    return Samples(image_NHWC, np.full(number, -1), person_N, "noise")


def saved(folder: Path, task: str) -> Path:
    network, card = network_of(task)
    save_weights(folder, network.state_dict(), card)
    return folder


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("task", OUTPUTS)
def test_one_graph_per_task_with_its_card_and_its_proof(task: str, tmp_path: Path) -> None:
    folder = saved(tmp_path / task, task)
    path = tmp_path / f"{task}.onnx"
    outcome = export(ExportConfig(str(folder), data="made", out=path), traced_once)
    assert isinstance(outcome.data, dict)
    assert outcome.data["metric"] == METRICS[task]
    assert outcome.data["metric_drop"] == pytest.approx(0, abs=1e-3)
    model = load(path)
    assert (model.card.task, model.card.output) == (task, OUTPUTS[task])
    image_NHWC = np.random.default_rng(0).integers(0, 256, (3, *SIZE, 3), np.uint8)
    network, _ = network_of(task)
    assert model.logits(image_NHWC) == pytest.approx(answers(network, image_NHWC), abs=1e-4)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("task", "precision"),
    [("attributes", "fp16"), ("pose", "fp16"), ("reid", "int8"), ("parsing", "int8")],
)
def test_lower_precisions_keep_the_metric_of_the_task(
    task: str, precision: Any, tmp_path: Path
) -> None:
    folder = saved(tmp_path / task, task)
    config = ExportConfig(
        str(folder),
        precision=precision,
        data="made",
        samples=32,
        max_drop=5.0,
        out=tmp_path / "x.onnx",
    )
    outcome = export(config, traced_once)
    assert isinstance(outcome.data, dict)
    assert outcome.data["metric"] == METRICS[task]
    assert outcome.data["metric_drop"] <= 5.0
    said = outcome.data["parity"]
    key = {"reid": "retrieval_agreement", "pose": "joint_shift_px"}.get(task, "label_agreement")
    assert key in said
    if precision == "int8":
        assert "labelled pictures of made people" in outcome.data["calibration"]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("task", OUTPUTS)
def test_without_labels_the_network_itself_is_the_judge(task: str) -> None:
    network, card = network_of(task)
    few = noise(12)
    reference = answers(network, few.array)
    verdict = Judge(few, reference, card.output).of_outputs(reference + np.float32(0))
    assert verdict.metric == WITHOUT_LABELS[task]
    assert verdict.drop == 0
    other = np.random.default_rng(1).standard_normal(reference.shape).astype(np.float32)
    worse = Judge(few, reference, card.output).of_outputs(other)
    assert worse.drop > 0


def test_agreement_by_hand() -> None:
    yes = np.array([[1, -1], [2, 3]], np.float32)
    other = np.array([[1, 1], [2, 3]], np.float32)
    assert compare(yes, other, OUTPUTS["attributes"]).label_agreement == 0.75
    maps = np.zeros((1, 3, 2, 2), np.float32)
    maps[0, 1] = 1
    changed = maps.copy()
    changed[0, 2, 0, 0] = 2
    assert compare(maps, changed, OUTPUTS["parsing"]).label_agreement == 0.75
    heat = np.zeros((1, 2, 4, 4), np.float32)
    heat[0, :, 1, 1] = 1
    moved = np.roll(heat, 1, axis=3)
    shift = np.linalg.norm((joints_of(heat) - joints_of(moved))[..., :2], axis=2).mean()
    assert shift == 4.0
    assert compare(heat, moved, OUTPUTS["pose"]).joint_shift_px == 4.0


def test_the_judges_without_labels_by_hand() -> None:
    people = noise(1)
    half = np.zeros((1, 2), np.float32)
    half[0, 0] = np.log(3)
    judge = Judge(people, half, OUTPUTS["attributes"])
    assert judge.of_outputs(-half).value == pytest.approx((0.25 + 0.5) / 2)
    heat = np.array([[[[0.0, 1.0], [0.25, 0.0]]]], np.float32)
    picked = np.array([[[[0.0, 1.0], [2.0, 0.0]]]], np.float32)
    assert Judge(people, heat, OUTPUTS["pose"]).of_outputs(picked).value == 0.25
    logits = np.log(np.array([0.7, 0.2, 0.1], np.float32)).reshape(1, 3, 1, 1)
    second = np.array([0, 1, 0], np.float32).reshape(1, 3, 1, 1)
    found = Judge(people, logits, OUTPUTS["parsing"]).of_outputs(second)
    assert found.value == pytest.approx(0.2)
    assert found.drop == pytest.approx(50)


# Each student once as it is; under a second head with fewer of its blocks, which are all alike.
STUDENTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("reid", "vit_tiny", {}),
    ("attributes", "starnet_s3", {}),
    ("pose", "tinyvit_5m", {}),
    ("parsing", "vit_tiny", {"depth": 4}),
    ("parsing", "starnet_s3", {"depths": (1, 1, 2, 1)}),
)


@pytest.mark.slow
@pytest.mark.parametrize(("task", "arch", "fewer"), STUDENTS)
def test_a_student_and_its_head_pass_parity_and_build_an_engine(
    task: str, arch: str, fewer: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    from edgehuman.export.graph import fp16
    from edgehuman.metrics.parity import failures
    from edgehuman.runtime.engine import build as to_tensorrt
    from edgehuman.runtime.engine.build_on_device import Options

    row = catalogue.NETWORKS[arch]
    row = replace(row, arguments={**row.arguments, **fewer})
    monkeypatch.setitem(catalogue.NETWORKS, arch, row)
    network = person_net(arch, OUTPUTS[task])
    card = Card(arch, task, arch, 1, 1, image_input(), OUTPUTS[task])
    model = traced_once(network, card)
    samples = noise(2, (256, 128))
    few = Judge(samples, answers(network, samples.array), card.output)
    half = fp16.convert(model, fp16.overflowing(model, few.samples.array))[0]
    for name, graph in (("fp32", model), ("fp16", half)):
        assert failures(few.verdict(graph).parity, name) == []
        plan, _ = to_tensorrt.build_engine(
            library, graph.SerializeToString(), Options(capabilities=(86,)), tmp_path / "timing"
        )
        assert len(plan) > 1_000_000


def test_data_without_the_labels_of_the_task_serves_without(
    people: PersonSet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, card = network_of("parsing")
    labelled = labelled_people.read_labelled(card, "made")
    assert labelled is not None
    images, known = labelled
    assert len(images) == 64  # the eight training people; the test part is never touched
    assert set(labelled_people.names_of(known)) == {f"made people:{i}" for i in range(8)}
    assert known.select(np.array([3, 1])).index_N.tolist() == [3, 1]
    assert labelled_people.read_labelled(card.replace(task="person-embedding"), "made") is None

    def none(data: str, task: str) -> PersonSet:
        raise DataError("a folder of photos")

    monkeypatch.setattr(labelled_people, "load_persons", none)
    assert labelled_people.read_labelled(card, "made") is None
    assert "no labels for parsing: a folder of photos" in capsys.readouterr().err


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(("task", "precision"), [("parsing", "int8"), ("reid", "fp16")])
def test_an_engine_is_built_of_a_head(task: str, precision: Any, tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    folder = saved(tmp_path / task, task)
    config = ExportConfig(
        str(folder),
        format="tensorrt",
        engine="tensorrt-rtx",
        capability=(86,),
        precision=precision,
        data="made",
        samples=32,
        max_drop=5.0,
        out=tmp_path / "x.engine",
    )
    outcome = export(config, traced_once)
    assert isinstance(outcome.data, dict)
    assert outcome.data["metric"] == METRICS[task]
    assert (tmp_path / "x.engine").stat().st_size > 10_000
