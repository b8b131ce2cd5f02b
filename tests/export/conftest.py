"""Small networks of each record, their cards and graphs, and samples for tests of the export."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from edgehuman import catalogue
from edgehuman.card import Card, OutputSpec, skeleton_input
from edgehuman.data.image import labelled_people
from edgehuman.data.image.load import PersonSet
from edgehuman.data.imu.subjects import UCI_LABELS
from edgehuman.data.samples import Samples
from edgehuman.export import export as artefact
from edgehuman.export import forms, networks
from edgehuman.export.proof import precision
from edgehuman.nets.skeleton.gaitformer import GaitFormer
from edgehuman.nets.skeleton.gaitpt import GaitPt
from edgehuman.records import Float32, WindowSet
from edgehuman.simulate.skeleton.walks import simulate_skeletons
from tests.export.tiny import wearable
from tests.export.traced import traced_once
from tests.nets import tiny_encoder
from tests.tasks.people import made_people

FRAMES = 16
GAIT_NETWORKS: Mapping[str, Callable[[], GaitPt | GaitFormer]] = {
    "gaitpt": lambda: GaitPt((4, 8, 16, 32), (1, 1, 1, 1), (1, 2, 4, 8), 32, frames=FRAMES),
    "gaitformer": lambda: GaitFormer(32, 1, 2, frames=FRAMES),
}
SLOWLY_TRACED = pytest.mark.long
ExportedGait = tuple[GaitPt | GaitFormer, Card, onnx.ModelProto]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The tests share their machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def network() -> nn.Module:
    return wearable()[0]


@pytest.fixture(scope="session")
def card() -> Card:
    return wearable()[1]


@pytest.fixture(scope="session")
def model() -> onnx.ModelProto:
    return wearable()[2]


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
    monkeypatch.setattr(networks, "load", lambda checkpoint, seed, post="inside": (network, card))
    monkeypatch.setattr(artefact, "to_onnx", lambda network, card: model)


def walks(people: int = 12) -> Float32:
    """Four simulated walks of each person."""
    return simulate_skeletons(people, 4, seed=0, frames=FRAMES).skeleton_NTJ3


@pytest.fixture(scope="session", params=["gaitformer", pytest.param("gaitpt", marks=SLOWLY_TRACED)])
def gait(request: pytest.FixtureRequest) -> ExportedGait:
    """A small skeleton network of each kind, its card, and its graph, traced once."""
    torch.manual_seed(0)
    network = GAIT_NETWORKS[request.param]().eval()
    output = OutputSpec("embedding", distance="cosine", dim=network.width)
    card = Card("g", "gait-embedding", "made", 0, 0, skeleton_input(FRAMES), output)
    return network, card, traced_once(network, card)


@pytest.fixture
def tiny_gait(monkeypatch: pytest.MonkeyPatch, gait: ExportedGait) -> None:
    """Every checkpoint is the small skeleton network, and every `--data` simulated walks."""
    network, card, model = gait
    monkeypatch.setattr(networks, "load", lambda checkpoint, seed, post="inside": (network, card))
    monkeypatch.setattr(artefact, "to_onnx", lambda network, card: model)
    person_N = np.array([str(i // 4) for i in range(48)])
    made = Samples(walks(), np.full(48, -1), person_N, "walks")
    monkeypatch.setattr(forms, "load_samples", lambda card, data: made)


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> PersonSet:
    """Every `--data` gives made people, and the catalogue has the tiny encoder."""
    persons = made_people(people=10, each=8)
    monkeypatch.setitem(catalogue.NETWORKS, tiny_encoder.NAME, tiny_encoder.ROW)
    monkeypatch.setattr(labelled_people, "load_persons", lambda data, task, shape: persons)
    # Measuring takes two seconds an export, and these tests do not look at the latency.
    monkeypatch.setattr(precision, "latency_ms", lambda forms, judge, threads: {})
    return persons
