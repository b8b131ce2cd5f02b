"""A small network, its card, and windows of moving sensors, for every test of the export."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from edgehuman.card import IMU_INPUT, Card, OutputSpec
from edgehuman.data.imu.subjects import UCI_LABELS
from edgehuman.data.samples import Samples
from edgehuman.export import export as artefact
from edgehuman.export import networks
from edgehuman.export.graph.trace import to_onnx
from edgehuman.nets.imu.imuvit import ImuVit
from edgehuman.records import WindowSet


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The tests share their machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def make_network(num_classes: int | None = 6) -> nn.Module:
    """Two blocks of width 32, seeded; its head is made loud so that classes differ."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = ImuVit(width=32, depth=2, mlp_width=64, heads=4, num_classes=num_classes)
        if isinstance(network.head, nn.Linear):
            nn.init.normal_(network.head.weight, std=2.0)
            nn.init.normal_(network.head.bias, std=0.1)
    return network.eval()


@pytest.fixture(scope="session")
def network() -> nn.Module:
    return make_network()


@pytest.fixture(scope="session")
def card() -> Card:
    output = OutputSpec("classes", UCI_LABELS)
    return Card("tiny", "activity", "imuvit_tiny", 17_000, 1_000_000, IMU_INPUT, output)


@pytest.fixture(scope="session")
def model(network: nn.Module, card: Card) -> onnx.ModelProto:
    return to_onnx(network, card)


def make_windows(people: int = 6, each: int = 24) -> WindowSet:
    """Six kinds of movement: gravity along another axis, and a swing of another size and speed."""
    random = np.random.default_rng(0)
    number = people * each
    label_N = np.arange(number) % 6
    t_T = np.arange(128) / 50.0
    imu_NTC = 0.05 * random.standard_normal((number, 128, 6))
    for i, label in enumerate(label_N):
        imu_NTC[i, :, label % 3] += 1.0
        swing_T = np.sin(2 * np.pi * (0.8 + 0.3 * label) * t_T + random.uniform(0, 6))
        imu_NTC[i, :, 3 + label % 3] += 0.5 * (label // 3 + 1) * swing_T
    subject_N = np.array([f"made:{i // each}" for i in range(number)])
    return WindowSet(
        imu_NTC.astype(np.float32),
        label_N.astype(np.int64),
        subject_N,
        np.zeros(number, np.bool_),
        UCI_LABELS,
        ("made",),
    )


@pytest.fixture(scope="session")
def windows() -> WindowSet:
    return make_windows()


@pytest.fixture(scope="session")
def samples(windows: WindowSet) -> Samples:
    return Samples(windows.imu_NTC, windows.label_N, windows.subject_N, "made windows")


@pytest.fixture
def made_data(monkeypatch: pytest.MonkeyPatch, windows: WindowSet) -> None:
    """Every `--data` gives the windows above."""
    monkeypatch.setattr("edgehuman.data.imu.samples.load_windows", lambda path: windows)


@pytest.fixture
def tiny(
    monkeypatch: pytest.MonkeyPatch,
    made_data: None,
    network: nn.Module,
    card: Card,
    model: onnx.ModelProto,
) -> None:
    """Every checkpoint is the tiny network, traced once for all tests."""
    monkeypatch.setattr(networks, "load", lambda checkpoint, seed: (network, card))
    monkeypatch.setattr(artefact, "to_onnx", lambda network, card: model)
