"""A model small enough to compute by hand: the mean of channel 0 decides between the classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.card import CARD_KEY, IMU_INPUT, Card, Decision, OutputSpec
from edgehuman.records import WindowSet
from edgehuman.runtime.engine.onnx_file import sealed

LABELS = ("walking", "sitting", "standing")
MakeModel = Callable[..., Path]
MakeWindows = Callable[..., WindowSet]


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Writes NAME.onnx: logits are 2 k m - k^2 for class k, with m the mean of channel 0."""
    onnx = pytest.importorskip("onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper

    def make(name: str = "toy", **changes: object) -> Path:
        weight = np.zeros((128 * 6, 3), np.float32)
        weight[::6] = 2 * np.arange(3) / 128
        constants = {
            "shape": np.array([-1, 768], np.int64),
            "weight": weight,
            "bias": -(np.arange(3, dtype=np.float32) ** 2),
        }
        graph = helper.make_graph(
            [
                helper.make_node("Reshape", ["imu", "shape"], ["flat"]),
                helper.make_node("Gemm", ["flat", "weight", "bias"], ["logits"]),
            ],
            "toy",
            [helper.make_tensor_value_info("imu", onnx.TensorProto.FLOAT, ["batch", 128, 6])],
            [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["batch", 3])],
            [numpy_helper.from_array(array, key) for key, array in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        card = Card(
            name=name,
            task="activity",
            arch="imuvit_512x5",
            params=2307,
            flops=4614,
            input=IMU_INPUT,
            output=OutputSpec("classes", LABELS),
            decision=Decision(temperature=0.5),
        ).replace(**changes)
        entry = model.metadata_props.add()
        entry.key, entry.value = CARD_KEY, card.to_json()
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(sealed(model.SerializeToString()))
        return path

    return make


@pytest.fixture
def make_windows() -> MakeWindows:
    """Windows whose channel 0 is constant: the toy model says round(mean)."""

    def make(
        means: list[float],
        label: list[int],
        subject: list[str] | None = None,
        labels: tuple[str, ...] = LABELS,
        test: bool = True,
    ) -> WindowSet:
        imu = np.zeros((len(means), 128, 6), np.float32)
        imu[:, :, 0] = np.array(means)[:, None]
        people = np.array(subject or ["toy:1"] * len(means))
        is_test = np.full(len(means), test)
        return WindowSet(imu, np.array(label, np.int64), people, is_test, labels, ("toy",))

    return make
