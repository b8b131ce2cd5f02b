from __future__ import annotations

import copy

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from edgehuman.card import IMU_INPUT, Card, InputSpec, OutputSpec
from edgehuman.errors import ArtefactError, CheckpointError
from edgehuman.export.graph.sessions import open_session, run
from edgehuman.export.graph.trace import (
    IR_VERSION,
    OPSET,
    card_of,
    to_onnx,
    weights_sha256,
    with_card,
)
from edgehuman.export.proof.judge import answers
from edgehuman.records import WindowSet
from tests.export.conftest import FRAMES, ExportedGait, walks
from tests.export.tiny import IMAGE_NETWORKS, image_network


def test_the_graph_computes_what_the_network_computes_for_any_batch(
    network: nn.Module, model: onnx.ModelProto, windows: WindowSet
) -> None:
    session = open_session(model)
    for batch in (1, 2, 7):
        imu_NTC = windows.imu_NTC[:batch]
        with torch.inference_mode():
            expected = network(torch.from_numpy(imu_NTC)).numpy()
        # The fine view's logarithm magnifies rounding; the product's own gate is ten times as wide.
        largest = max(1.0, float(np.abs(expected).max()))
        assert np.abs(run(session, imu_NTC) - expected).max() <= 1e-5 * largest


def test_one_opset_no_foreign_operators_and_the_record_as_input(model: onnx.ModelProto) -> None:
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]
    assert model.ir_version == IR_VERSION
    assert not any(node.domain for node in model.graph.node)
    (taken,), (given,) = model.graph.input, model.graph.output
    assert (taken.name, given.name) == ("record", "logits")
    sizes = [dim.dim_value for dim in taken.type.tensor_type.shape.dim]
    assert sizes == [0, 128, 6]  # 0: the batch is a symbol


def test_the_card_inside_names_the_weights_and_the_versions(
    network: nn.Module, card: Card, model: onnx.ModelProto
) -> None:
    found = card_of(model, "tiny")
    assert found.weights_sha256 == weights_sha256(network)
    assert found.versions["opset"] == str(OPSET)
    assert {"torch", "onnx", "onnxruntime", "edgehuman"} <= set(found.versions)
    assert found.replace(weights_sha256="", versions={}) == card


def test_a_new_card_takes_the_place_of_the_old(model: onnx.ModelProto, card: Card) -> None:
    renamed = with_card(model, card.replace(name="other"))
    assert card_of(renamed, "renamed").name == "other"
    assert card_of(model, "the first").name == "tiny"


def test_an_onnx_without_a_card_is_refused(model: onnx.ModelProto) -> None:
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    del bare.metadata_props[:]
    with pytest.raises(ArtefactError, match=r"x\.onnx: an ONNX file without a card"):
        card_of(bare, "x.onnx")


def test_weights_that_are_not_finite_are_refused_by_name(network: nn.Module, card: Card) -> None:
    broken = copy.deepcopy(network)
    with torch.no_grad():
        broken.get_parameter("blocks.0.mlp.0.weight")[0, :2] = torch.nan
    with pytest.raises(
        CheckpointError, match=r"tiny: 2 of 2048 numbers in 'blocks.0.mlp.0.weight'"
    ):
        to_onnx(broken, card)


class _Eigenvalues(nn.Module):
    def forward(self, imu_NTC: Tensor) -> Tensor:
        values: Tensor = torch.linalg.eigvals(imu_NTC.transpose(1, 2) @ imu_NTC).real
        return values


def test_an_operator_without_an_onnx_form_is_named(card: Card) -> None:
    with pytest.raises(ArtefactError, match=r"operator aten\.linalg_eig has no ONNX form"):
        to_onnx(_Eigenvalues(), card)


class _Branch(nn.Module):
    def forward(self, imu_NTC: Tensor) -> Tensor:
        return imu_NTC.mean((1, 2)) if imu_NTC.sum() > 0 else imu_NTC.sum((1, 2))


def test_a_network_that_branches_on_its_data_is_told_so_in_one_line(card: Card) -> None:
    said = (
        r"tiny: torch could not trace the network \(\w+: .*data.*\); change its forward so [^\n]*$"
    )
    with pytest.raises(ArtefactError, match=said):
        to_onnx(_Branch(), card)


@pytest.mark.parametrize("is_wrapped", [True, False])
def test_ctrl_c_inside_torch_s_imports_is_a_stop(
    network: nn.Module, card: Card, monkeypatch: pytest.MonkeyPatch, is_wrapped: bool
) -> None:
    # What torch 2.13 does where a stop leaves torch._dynamo half imported.
    def stopped(*given: object, **named: object) -> None:
        try:
            try:
                raise KeyboardInterrupt
            except torch._dynamo.exc.UserError:
                pass
        except AttributeError as error:
            if is_wrapped:
                raise torch.onnx.errors.OnnxExporterError("step 1 of 3") from error
            raise

    monkeypatch.setattr(torch, "_dynamo", type(torch)("torch._dynamo"))
    monkeypatch.setattr(torch.onnx, "export", stopped)
    with pytest.raises(KeyboardInterrupt):
        to_onnx(network, card)


def test_a_failure_that_is_not_the_exporter_s_is_left_as_it_is(
    network: nn.Module, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failed(*given: object, **named: object) -> None:
        raise AttributeError("a bug")

    monkeypatch.setattr(torch.onnx, "export", failed)
    with pytest.raises(AttributeError, match="a bug"):
        to_onnx(network, card)


class _Silhouettes(nn.Module):
    def forward(self, silhouette_NTHW: Tensor) -> Tensor:
        return silhouette_NTHW.float().mean((2, 3)).amax(1, keepdim=True) / 255


def test_uint8_records_with_a_dynamic_time_axis() -> None:
    spec = InputSpec("SilhouetteSequence", (0, 64, 64), "uint8", "0 or 255", 25.0)
    card = Card("gait", "gait", "made", 0, 0, spec, OutputSpec("embedding", distance="cosine"))
    session = open_session(to_onnx(_Silhouettes(), card))
    white = np.full((3, 9, 64, 64), 255, np.uint8)
    np.testing.assert_allclose(run(session, white), np.ones((3, 1)))


class _ConvNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(6, 8, 5, bias=False)
        self.norm = nn.BatchNorm1d(8)

    def forward(self, imu_NTC: Tensor) -> Tensor:
        normed: Tensor = self.norm(self.conv(imu_NTC.transpose(1, 2)))
        return normed.mean(2)


def test_batch_norm_is_folded_into_its_convolution() -> None:
    card = Card("c", "activity", "made", 0, 0, IMU_INPUT, OutputSpec("classes", tuple("abcdefgh")))
    model = to_onnx(_ConvNorm(), card)
    assert [node.op_type for node in model.graph.node] == ["Transpose", "Conv", "ReduceMean"]


def test_training_mode_is_given_back(card: Card) -> None:
    network = _ConvNorm().train()
    to_onnx(network, card)
    assert network.training


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_networks_of_person_images_begin_with_a_cast_and_take_any_batch(name: str) -> None:
    network, _, model = image_network(name)
    taken = model.graph.input[0].name
    readers = [node.op_type for node in model.graph.node if taken in node.input]
    # Beside the batch's size: TensorRT takes no transpose of uint8.
    assert set(readers) - {"Shape"} == {"Cast"}
    session = open_session(model)
    for batch in (1, 3):
        image_NHWC = np.random.default_rng(batch).integers(0, 256, (batch, 64, 32, 3), np.uint8)
        with torch.inference_mode():
            expected = network(torch.from_numpy(image_NHWC)).numpy()
        np.testing.assert_allclose(run(session, image_NHWC), expected, atol=2e-5)


def test_graphs_of_skeletons_take_any_batch_and_frames_without_a_person(gait: ExportedGait) -> None:
    network, _, model = gait
    skeleton_NTJ3 = walks(2)
    # Lost joints, a frame without a person, no person at all.
    skeleton_NTJ3[1, FRAMES // 2, 1:9] = 0
    skeleton_NTJ3[2, 3] = 0
    skeleton_NTJ3[3] = 0
    session = open_session(model)
    for batch in (1, 2, 8):
        given = run(session, skeleton_NTJ3[:batch])
        np.testing.assert_allclose(given, answers(network, skeleton_NTJ3[:batch]), atol=2e-5)
        assert np.isfinite(given).all()


def test_the_projection_head_of_training_stays_behind(gait: ExportedGait) -> None:
    _, _, model = gait
    names = {tensor.name for tensor in model.graph.initializer}
    assert any("stages.0" in name or "layers.0" in name for name in names)
    assert not any("head." in name for name in names)


def test_rotary_tables_are_constants(gait: ExportedGait) -> None:
    _, _, model = gait
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {"Sin", "Cos", "Range", "Loop", "If", "Scan", "GatherND"}
