"""What an export begins with: a checkpoint folder, or a seeded network of the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from edgehuman import catalogue
from edgehuman.card import Card, OutputSpec, image_input, skeleton_input
from edgehuman.data.samples import Samples
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.export import networks
from edgehuman.export.graph import calibration, folding, fp16, int8, learnt
from edgehuman.export.graph.sessions import open_session, run
from edgehuman.export.graph.trace import to_onnx, weights_sha256
from edgehuman.export.proof.judge import Judge, answers
from edgehuman.geometry import COCO_17
from edgehuman.metrics.parity import failures
from edgehuman.metrics.person_answers import SILHOUETTE
from edgehuman.nets.checkpoint import load_network
from edgehuman.nets.image.crowds.parser import crowd_parser
from edgehuman.nets.image.detection import detector
from edgehuman.nets.image.garments.network import garment_net
from edgehuman.nets.image.heads import person_net
from edgehuman.nets.skeleton.gaitformer import GaitFormer
from edgehuman.runtime.engine import build as to_tensorrt
from edgehuman.runtime.engine.build_on_device import Options
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.model import load
from edgehuman.runtime.zoo import zoo_file
from edgehuman.training.checkpoint import save_weights
from tests.export.conftest import walks


def test_a_seed_gives_the_same_weights_again() -> None:
    first, again, other = (networks.random_network("imuconv_288k", seed)[0] for seed in (1, 1, 2))
    assert weights_sha256(first) == weights_sha256(again) != weights_sha256(other)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("imuconv_288k", "classes"), ("gaitformer_1", "embedding"), ("starnet_s3", "embedding")],
)
def test_the_card_of_a_random_network_follows_the_catalogue(name: str, kind: str) -> None:
    network, card = networks.random_network(name, seed=3)
    row = catalogue.NETWORKS[name]
    assert (card.name, card.arch, card.task) == (name, name, row.task)
    assert (card.params, card.flops) == (row.params, row.flops)
    assert card.input.record == row.input
    assert card.random_weights
    assert "seed 3" in card.recipe
    assert not network.training
    assert card.output.kind == kind
    if kind == "embedding":
        assert card.output.dim == network.width


def test_a_folder_is_read_as_a_checkpoint(tmp_path: Path) -> None:
    network, card = networks.random_network("imuconv_288k", seed=1)
    trained = card.replace(name="mine", recipe="trained")
    save_weights(tmp_path / "mine", network.state_dict(), trained)
    loaded, found = networks.load(str(tmp_path / "mine"), seed=9)
    assert found == trained.replace(weights_sha256=weights_sha256(network))
    assert weights_sha256(loaded) == weights_sha256(network)


def test_a_folder_without_weights_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no model\.safetensors in it"):
        networks.load(str(tmp_path), seed=0)


def test_the_float_student_is_the_network_above_as_long_as_it_is_that_one(tmp_path: Path) -> None:
    (student, card), (rounded, _) = (
        networks.random_network("imuconv_288k", seed) for seed in (1, 2)
    )
    above, folder = tmp_path / "s", tmp_path / "s" / "qat"
    save_weights(folder, rounded.state_dict(), card)
    assert networks.float_student(str(folder)) is None
    (folder / learnt.STUDENT).write_text(weights_sha256(student))
    assert networks.float_student(str(folder)) is None  # no network above
    save_weights(above, student.state_dict(), card)
    found = networks.float_student(str(folder))
    assert found is not None
    assert weights_sha256(found) == weights_sha256(student)
    save_weights(above, rounded.state_dict(), card)  # it was trained further
    assert networks.float_student(str(folder)) is None


@pytest.mark.parametrize(
    ("checkpoint", "message"),
    [
        ("x.engine", r"x\.engine is already built; give a checkpoint folder"),
        ("runs/nothing", "runs/nothing: no such folder; give a checkpoint folder"),
        ("imuvit_512x6", "Did you mean 'imuvit_512x5'"),
    ],
)
def test_what_is_neither_a_checkpoint_nor_a_name(checkpoint: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        networks.load(checkpoint, seed=0)


def test_an_fp32_file_gives_its_network_back_in_its_own_space() -> None:
    network, card = networks.load("zoo:activity", seed=0)
    assert card.precision.name == "fp32"
    assert card.gallery_space == read_card(zoo_file("zoo:activity")).gallery_space
    record = np.random.default_rng(0).standard_normal((2, 128, 6)).astype(np.float32)
    with torch.inference_mode():
        found = network(torch.from_numpy(record)).numpy()
    expected = load("zoo:activity").engine.run(record)
    assert np.abs(found - expected).max() < 1e-3 * np.abs(expected).max()
    with pytest.raises(CheckpointError, match=r"its weights are rounded.*use zoo:activity"):
        networks.load("zoo:activity-int8", seed=0)


def test_a_checkpoint_comes_back_with_its_projection_head(tmp_path: Path) -> None:
    network, card = networks.random_network("gaitformer_1", seed=3)
    save_weights(tmp_path / "kept", network.state_dict(), card)
    loaded, found = load_network(tmp_path / "kept")
    assert found.input == skeleton_input(32)
    record = torch.from_numpy(walks(1))
    with torch.inference_mode():
        torch.testing.assert_close(loaded(record), network(record))
    assert isinstance(loaded, GaitFormer)
    assert isinstance(network, GaitFormer)
    torch.testing.assert_close(loaded.head[0].weight, network.head[0].weight)


# The small one always, three families more by CI, the others when asked.
MARKS: dict[str, list[pytest.MarkDecorator]] = {
    "gaitset_small": [],
    "gaitpart": [pytest.mark.long],
    "gaitgl": [pytest.mark.long],
    "gaitbase": [pytest.mark.long],
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=MARKS.get(name, [pytest.mark.longest]))
        for name in catalogue.networks_of("silhouette")
    ],
)
def test_silhouette_networks_in_three_precisions_and_as_an_engine(
    name: str, tmp_path: Path
) -> None:
    network, card = networks.random_network(name, seed=0)
    model = to_onnx(network, card)
    random = np.random.default_rng(0)
    array = np.where(random.random((4, 6, 64, 64)) < random.random((4, 1, 64, 1)), 255, 0)
    array = array.astype(np.uint8)
    samples = Samples(array, np.full(4, -1), np.array(list("abcd")), "noise")
    judge = Judge(samples, answers(network, array), card.output)
    assert failures(judge.verdict(model).parity, "fp32") == []
    half = fp16.convert(model, fp16.overflowing(model, array))[0]
    assert failures(judge.verdict(half).parity, "fp16") == []
    found = calibration.collect(model, int8.tensors_to_calibrate(model), array)
    ranges = calibration.ranges(found, "minmax")
    small = int8.quantise(model, ranges, "cpu")
    assert failures(judge.verdict(small).parity, "int8") == []
    assert small.ByteSize() < 0.4 * model.ByteSize()
    assert name != "gaitset_small" or small.ByteSize() < 2_000_000
    library = pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    for graph in (half, int8.quantise(model, ranges, "tensorrt")):
        plan, _ = to_tensorrt.build_engine(
            library, graph.SerializeToString(), Options(capabilities=(86,)), tmp_path / "timing"
        )
        assert len(plan) > 100_000


def detecting(tmp_path: Path) -> Path:
    """A checkpoint of a small detector with random weights, whose scores spread."""
    network = detector("starnet_s100", (64, 96), seed=1)
    with torch.no_grad():
        network.one.last.weight[0].mul_(100)
    spec, output = image_input(64, 96, "Frame"), OutputSpec("boxes")
    card = Card("finder", "detection", "starnet_s100", 1, 1, spec, output)
    save_weights(tmp_path / "finder", network.state_dict(), card)
    return tmp_path / "finder"


@pytest.mark.long
def test_a_detector_in_three_precisions_wherever_boxes_are_chosen(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (4, 64, 96, 3), np.uint8)
    samples = Samples(array, np.full(4, -1), np.array(list("abcd")), "noise")
    network, card = networks.load(str(detecting(tmp_path)), 0)
    inside_NK5 = answers(network, array)
    network, _ = networks.load(str(tmp_path / "finder"), 0, "outside")
    model = to_onnx(network, card)
    assert "TopK" not in {node.op_type for node in model.graph.node}
    outside_NK5 = answers(network, array)
    score_NK = -np.sort(-outside_NK5[..., 4], axis=1)
    np.testing.assert_allclose(inside_NK5[..., 4], score_NK, atol=1e-6)
    judge = Judge(samples, inside_NK5, card.output)
    assert failures(judge.verdict(model).parity, "fp32") == []
    folded = folding.fold_norms(model)
    half = fp16.convert(folded, fp16.overflowing(folded, array))[0]
    assert failures(judge.verdict(half).parity, "fp16") == []
    found = calibration.collect(folded, int8.tensors_to_calibrate(folded), array)
    ranges = calibration.ranges(found, "minmax")
    engines = [half, int8.quantise(folded, ranges, "tensorrt")]
    small = int8.quantise(folding.fold_pixels(folded), ranges, "cpu", activated=True)
    assert judge.verdict(small).parity.boxes_found is not None
    assert small.ByteSize() < 0.4 * model.ByteSize()
    library = pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    for graph in engines:
        plan, _ = to_tensorrt.build_engine(
            library, graph.SerializeToString(), Options(capabilities=(86,)), tmp_path / "timing"
        )
        assert len(plan) > 100_000


@pytest.mark.long
@pytest.mark.parametrize("post", ["inside", "outside"])
@pytest.mark.parametrize("arch", ["starnet_s100_k3", "starnet_s3", "vit_tiny", "tinyvit_5m"])
def test_a_parser_in_three_precisions_and_as_an_engine(
    tmp_path: Path, arch: str, post: Literal["inside", "outside"]
) -> None:
    array = np.random.default_rng(0).integers(0, 256, (4, 64, 96, 3), np.uint8)
    samples = Samples(array, np.full(4, -1), np.array(list("abcd")), "noise")
    network = crowd_parser(arch, 4, (64, 96))
    network.post = post
    output = OutputSpec("person_parts", ("background", "hair", "skin", "coat"))
    card = Card("parter", "multi-parsing", arch, 1, 1, image_input(64, 96, "Frame"), output)
    reference = answers(network, array)
    model = to_onnx(network, card)
    operators = {n.op_type for n in model.graph.node}
    assert not {"NonMaxSuppression", "RoiAlign", "GridSample"} & operators
    assert ("TopK" in operators) == (post == "inside")
    judge = Judge(samples, reference, output)
    assert failures(judge.verdict(model).parity, "fp32") == []
    folded = folding.fold_norms(model)
    half = fp16.convert(folded, fp16.overflowing(folded, array))[0]
    assert failures(judge.verdict(half).parity, "fp16") == []
    found = calibration.collect(folded, int8.tensors_to_calibrate(folded), array)
    ranges = calibration.ranges(found, "minmax")
    small = int8.quantise(folding.fold_pixels(folded), ranges, "cpu", activated=True)
    assert judge.verdict(small).parity.masks_kept is not None
    assert small.ByteSize() < 0.5 * model.ByteSize()
    library = pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    for graph in (half, int8.quantise(folded, ranges, "tensorrt")):
        plan, _ = to_tensorrt.build_engine(
            library, graph.SerializeToString(), Options(capabilities=(86,)), tmp_path / "timing"
        )
        assert len(plan) > 100_000


@pytest.mark.long
@pytest.mark.parametrize("post", ["inside", "outside"])
@pytest.mark.parametrize("arch", ["starnet_s100_k3", "starnet_s3", "vit_tiny", "tinyvit_5m"])
def test_garments_in_three_precisions_and_as_an_engine(
    tmp_path: Path, arch: str, post: Literal["inside", "outside"]
) -> None:
    array = np.random.default_rng(0).integers(0, 256, (4, 64, 96, 3), np.uint8)
    samples = Samples(array, np.full(4, -1), np.array(list("abcd")), "noise")
    network = garment_net(arch, 5, 7, (64, 96))
    network.post = post
    with torch.no_grad():  # scores that spread
        network.one.last.weight[:5].mul_(100)
    labels = ("person", "coat", "hat", "shoe", "sleeve")
    output = OutputSpec("part_attributes", labels, attributes=tuple("1234567"))
    frame = image_input(64, 96, "Frame")
    card = Card("worn", "part-attributes", arch, 1, 1, frame, output)
    model = to_onnx(network, card)
    operators = {n.op_type for n in model.graph.node}
    assert not {"NonMaxSuppression", "RoiAlign", "GridSample"} & operators
    assert ("TopK" in operators) == (post == "inside")
    judge = Judge(samples, answers(network, array), output)
    assert failures(judge.verdict(model).parity, "fp32") == []
    folded = folding.fold_norms(model)
    half = fp16.convert(folded, fp16.overflowing(folded, array))[0]
    assert failures(judge.verdict(half).parity, "fp16") == []
    found = calibration.collect(folded, int8.tensors_to_calibrate(folded), array)
    ranges = calibration.ranges(found, "minmax")
    small = int8.quantise(folding.fold_pixels(folded), ranges, "cpu", activated=True)
    assert judge.verdict(small).parity.items_found is not None
    assert small.ByteSize() < 0.5 * model.ByteSize()
    rounded = int8.quantise(folded, ranges, "tensorrt")
    made: set[str] = set()  # behind the choice nothing is rounded
    for node in rounded.graph.node:
        if node.op_type == "TopK" or made.intersection(node.input):
            made.update(node.output)
            assert node.op_type not in ("QuantizeLinear", "DequantizeLinear")
    library = pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    for graph in (half, rounded):
        plan, _ = to_tensorrt.build_engine(
            library, graph.SerializeToString(), Options(capabilities=(86,)), tmp_path / "timing"
        )
        assert len(plan) > 100_000


@pytest.mark.long
@pytest.mark.parametrize(
    ("output", "size"),
    [
        (OutputSpec("simcc", COCO_17, dim=64), (64, 32)),
        (OutputSpec("segmentation", SILHOUETTE), (64, 32)),
    ],
    ids=["joints", "outlines"],
)
def test_joints_and_outlines_in_three_precisions_and_as_an_engine(
    output: OutputSpec, size: tuple[int, int], tmp_path: Path
) -> None:
    array = np.random.default_rng(0).integers(0, 256, (4, *size, 3), np.uint8)
    samples = Samples(array, np.full(4, -1), np.array(list("abcd")), "noise")
    network = person_net("starnet_s100_k3", output, size, seed=1)
    card = Card("crops", "pose", "starnet_s100_k3", 1, 1, image_input(*size), output)
    model = to_onnx(network, card)
    judge = Judge(samples, answers(network, array), card.output)
    assert failures(judge.verdict(model).parity, "fp32") == []
    folded = folding.fold_norms(model)
    half = fp16.convert(folded, fp16.overflowing(folded, array))[0]
    assert failures(judge.verdict(half).parity, "fp16") == []
    found = calibration.collect(folded, int8.tensors_to_calibrate(folded), array)
    ranges = calibration.ranges(found, "minmax")
    read = folding.fold_stem(folding.fold_pixels(folded))
    assert "Reshape" in {node.op_type for node in read.graph.node[:2]}
    found = calibration.collect(read, int8.tensors_to_calibrate(read), array)
    small = int8.quantise(read, calibration.ranges(found, "minmax"), "cpu", activated=True)
    assert np.isfinite(run(open_session(small, 1), array)).all()
    assert small.ByteSize() < 0.4 * model.ByteSize()
    library = pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    for graph in (half, int8.quantise(folded, ranges, "tensorrt")):
        plan, _ = to_tensorrt.build_engine(
            library, graph.SerializeToString(), Options(capabilities=(86,)), tmp_path / "timing"
        )
        assert len(plan) > 100_000


def test_post_is_for_networks_that_find_people() -> None:
    with pytest.raises(UsageError, match="--post outside is for networks that find people"):
        networks.load("imuconv_288k", 0, "outside")
