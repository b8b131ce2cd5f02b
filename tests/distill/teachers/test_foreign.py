"""A graph of any origin answers our records by its contract, or says what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from edgehuman.distill.teachers.contract import Contract
from edgehuman.distill.teachers.foreign import ForeignTeacher, our_input, resampled
from edgehuman.distill.teachers.teachers import Running, open_teachers
from edgehuman.errors import ArtefactError, DataError, UsageError
from tests.distill.foreign_graphs import PICTURE, WEARABLE, WEIGHT_CK, write

SIGNAL = ("N", 6, 256)
PHOTO = ("N", 3, 32, 16)


def opened(folder: Path, shape: tuple[int | str, ...], contract: str) -> ForeignTeacher:
    weight_CK = np.resize(WEIGHT_CK, (int(shape[1]), 3))
    return ForeignTeacher(write(folder, shape, weight_CK, contract), Running())


def test_units_axes_rate_and_layout_are_those_of_the_contract(tmp_path: Path) -> None:
    teacher = open_teachers([str(write(tmp_path, SIGNAL, contract=WEARABLE))])
    imu_NTC = np.zeros((3, 128, 6), np.float32)
    imu_NTC[:] = [1.0, 2.0, 3.0, 0.1, 0.2, 0.3]
    answers = teacher.answer(imu_NTC)
    g, turn = 9.80665, 180 / np.pi
    mean_C = np.array([-2 * g, 1 * g, 3 * g, -0.2 * turn, 0.1 * turn, 0.3 * turn])
    np.testing.assert_allclose(answers["embedding"], np.tile(mean_C, (3, 1)), rtol=1e-5)
    np.testing.assert_allclose(answers["logits"][0], mean_C @ WEIGHT_CK, rtol=1e-4)
    assert teacher.labels == ("walking", "sitting", "lying")
    assert teacher.input.shape == (128, 6)
    assert teacher.params == 18 + 1
    assert [(row.dataset, row.licence) for row in teacher.card_data] == [
        ("theirs.onnx: weights", "CC-BY-4.0"),
        ("theirs", "research only"),
    ]


def test_pixels_size_and_normalisation_are_those_of_the_contract(tmp_path: Path) -> None:
    teacher = opened(tmp_path, PHOTO, PICTURE)
    image_NHWC = np.zeros((2, 64, 32, 3), np.uint8)
    image_NHWC[:] = [255, 102, 51]
    np.testing.assert_allclose(
        teacher.answer(image_NHWC)["embedding"], [[2.5, 0.0, -1.0]] * 2, atol=1e-5
    )
    assert teacher.input.shape == (0, 0, 3)
    other = opened(tmp_path, PHOTO, 'colours = "BGR"\n' + PICTURE)
    expected = [[(0.2 - 0.5) / 0.2, 0.0, (1 - 0.3) / 0.1]] * 2
    np.testing.assert_allclose(other.answer(image_NHWC)["embedding"], expected, atol=1e-5)
    assert other.digest != teacher.digest


def test_a_record_is_resampled_linearly_and_its_middle_taken() -> None:
    ramp_NT1 = np.arange(10, dtype=np.float32).reshape(1, 10, 1)
    twice = Contract("ImuWindow", "classes", rate_hz=20.0, window=19)
    np.testing.assert_allclose(resampled(ramp_NT1, twice, 10.0)[0, :, 0], np.arange(0, 9.5, 0.5))
    half = Contract("ImuWindow", "classes", rate_hz=5.0, window=4)
    np.testing.assert_allclose(resampled(ramp_NT1, half, 10.0)[0, :, 0], [1.5, 3.5, 5.5, 7.5])
    same = Contract("ImuWindow", "classes", rate_hz=10.0, window=5)
    assert np.array_equal(resampled(ramp_NT1, same, 10.0)[0, :, 0], [2, 3, 4, 5, 6])
    with pytest.raises(DataError, match=r"is 1\.00 s long, and this teacher takes 1\.10 s"):
        resampled(ramp_NT1, Contract("ImuWindow", "classes", rate_hz=10.0, window=11), 10.0)


def test_a_graph_of_a_fixed_batch_answers_any_number(tmp_path: Path) -> None:
    imu_NTC = np.random.default_rng(0).normal(size=(5, 128, 6)).astype(np.float32)
    expected = opened(tmp_path, SIGNAL, WEARABLE).answer(imu_NTC)
    for batch in (1, 2):
        found = opened(tmp_path, (batch, 6, 256), WEARABLE).answer(imu_NTC)
        np.testing.assert_allclose(found["logits"], expected["logits"], rtol=1e-5)


def test_a_graph_in_half_precision_is_given_its_own(tmp_path: Path) -> None:
    path = write(tmp_path, SIGNAL, contract=WEARABLE, dtype=TensorProto.FLOAT16)
    teacher = ForeignTeacher(path, Running())
    assert teacher.precision == "fp16"
    assert teacher.answer(np.zeros((1, 128, 6), np.float32))["logits"].dtype == np.float32


def test_probabilities_are_taken_for_what_they_are(tmp_path: Path) -> None:
    path = write(tmp_path, SIGNAL, contract=WEARABLE, softmax=True)
    with pytest.raises(UsageError, match=r"sum to 1: they are probabilities\. Add applied"):
        ForeignTeacher(path, Running())
    imu_NTC = np.random.default_rng(0).normal(size=(2, 128, 6)).astype(np.float32) / 50
    plain = opened(tmp_path, SIGNAL, WEARABLE).answer(imu_NTC)["logits"]
    write(tmp_path, SIGNAL, contract='applied = "softmax"\n' + WEARABLE, softmax=True)
    found = ForeignTeacher(path, Running()).answer(imu_NTC)["logits"]
    centred = plain - plain.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found - found.mean(axis=1, keepdims=True), centred, atol=1e-3)


@pytest.mark.parametrize(
    ("shape", "old", "new", "said"),
    [
        (
            SIGNAL,
            '"scores"',
            '"logits"',
            "logits is 'logits', but .* has the outputs means, scores",
        ),
        (("N", 256, 6), "", "", r"makes inputs of \(N, 6, 256\), but .* takes \('N', 256, 6\)"),
        (("N", 6, 128), "", "", r"correct layout, window or size"),
        (SIGNAL, '"walking", ', "", "has 2 labels, but .* gives logits of 3"),
        (SIGNAL, "embedding =", "tokens =", r"tokens is 'means', .* as \(2, 6\); it must have 3 a"),
        (PHOTO, "", "", r"takes \('N', 3, 32, 16\)"),
    ],
)
def test_a_contract_that_does_not_fit_its_graph_is_refused(
    tmp_path: Path, shape: tuple[int | str, ...], old: str, new: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        opened(tmp_path, shape, WEARABLE.replace(old, new) if old else WEARABLE)


@pytest.mark.parametrize("applied", ["softmax", "sigmoid"])
def test_logits_that_are_declared_to_be_probabilities_are_refused(
    tmp_path: Path, applied: str
) -> None:
    teacher = opened(tmp_path, SIGNAL, f'applied = "{applied}"\n' + WEARABLE)
    imu_NTC = np.random.default_rng(0).normal(size=(2, 128, 6)).astype(np.float32)
    with pytest.raises(UsageError, match=f"applied is '{applied}', but logits .* remove applied"):
        teacher.answer(imu_NTC)


def test_a_graph_without_a_batch_axis_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, SIGNAL, contract=WEARABLE)
    model = onnx.load(path)
    axes = next(each for each in model.graph.initializer if each.name == "axes")
    axes.CopyFrom(onnx.numpy_helper.from_array(np.array([0, 2], np.int64), "axes"))
    model.graph.node[0].attribute[0].i = 1  # keepdims
    squeeze = onnx.helper.make_node("Squeeze", ["kept", "last"], ["means"])
    model.graph.node[0].output[0] = "kept"
    model.graph.node.insert(1, squeeze)
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([2], np.int64), "last"))
    onnx.save(model, path)
    with pytest.raises(UsageError, match=r"gives scores of \(1, 3\) for 2 records"):
        ForeignTeacher(path, Running())


def test_weights_in_a_file_beside_a_graph_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, SIGNAL, contract=WEARABLE)
    model = onnx.load(path)
    weight = next(each for each in model.graph.initializer if each.name == "weight")
    onnx.external_data_helper.set_external_data(weight, "theirs.data")
    onnx.save(model, path)
    with pytest.raises(ArtefactError, match="its tensor 'weight' lies in another file"):
        ForeignTeacher(path, Running())


def test_a_damaged_graph_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, SIGNAL, contract=WEARABLE)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ArtefactError, match="truncated"):
        open_teachers([str(path)])


def test_our_input_leaves_open_what_networks_do_not_share() -> None:
    assert our_input("ImuWindow").shape == (128, 6)
    assert our_input("SkeletonSequence").shape == (0, 18, 3)
    assert our_input("SilhouetteSequence").shape == (0, 64, 64)
    assert our_input("PersonCrop").shape == (0, 0, 3)
    with pytest.raises(UsageError, match="no network takes Frame"):
        our_input("Frame")
