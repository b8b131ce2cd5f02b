"""Small networks of every family with weights that differ from their start, cards and records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from edgehuman.card import (
    IMU_INPUT,
    Card,
    OutputSpec,
    image_input,
    silhouette_input,
    skeleton_input,
)
from edgehuman.data.imu.subjects import UCI_LABELS
from edgehuman.nets.imu.imuconv import ImuConv
from edgehuman.nets.imu.imuvit import ImuVit
from edgehuman.nets.silhouette.gaitset import GaitSet
from edgehuman.nets.skeleton.gaitformer import GaitFormer
from tests.export.tiny import IMAGE_NETWORKS, SIZE
from tests.export.traced import traced_once

FRAMES = 4
Made = tuple[nn.Module, Card, NDArray[Any]]


def _classes() -> Card:
    return Card("c", "activity", "made", 0, 0, IMU_INPUT, OutputSpec("classes", UCI_LABELS))


def _imuconv() -> Made:
    random = np.random.default_rng(0)
    windows = random.standard_normal((24, *IMU_INPUT.shape)).astype(np.float32)
    return ImuConv((8, 12), 1, 3, 6), _classes(), windows


def _imuvit() -> Made:
    network = ImuVit(width=32, depth=2, mlp_width=64, heads=4, num_classes=6)
    return network, _classes(), _imuconv()[2]


def _gaitformer() -> Made:
    network = GaitFormer(16, 1, 2, frames=FRAMES)
    output = OutputSpec("embedding", distance="cosine", dim=network.width)
    card = Card("g", "gait-embedding", "made", 0, 0, skeleton_input(FRAMES), output)
    random = np.random.default_rng(0)
    walks = random.uniform(0.1, 1, (12, *card.input.shape)).astype(np.float32)
    return network, card, walks


def _gaitset() -> Made:
    network = GaitSet((4, 4, 8), width=4, norm=True)
    output = OutputSpec("embedding", distance="euclidean", dim=4, parts=62)
    card = Card("s", "gait-embedding", "made", 0, 0, silhouette_input(), output)
    random = np.random.default_rng(0)
    masks = (random.random((4, FRAMES, 64, 64)) > 0.5).astype(card.input.dtype) * 255
    return network, card, masks.astype(card.input.dtype)


def _image(name: str) -> Callable[[], Made]:
    def make() -> Made:
        network = IMAGE_NETWORKS[name]()
        output = OutputSpec("embedding", distance="cosine", dim=network.width)
        card = Card("p", "person-embedding", "made", 0, 0, image_input(*SIZE), output)
        random = np.random.default_rng(0)
        return network, card, random.integers(0, 256, (8, *card.input.shape), np.uint8)

    return make


FAMILIES: Mapping[str, Callable[[], Made]] = {
    "imuconv": _imuconv,
    "imuvit": _imuvit,
    "gaitformer": _gaitformer,
    "gaitset": _gaitset,
    **{name: _image(name) for name in ("vit", "starnet", "tinyvit")},
}


# A trace takes seconds each; what these two have in their layers, others have too.
EVERY_FAMILY = [
    pytest.param(name, marks=pytest.mark.long) if name in ("vit", "tinyvit") else name
    for name in FAMILIES
]


@cache
def made(family: str) -> Made:
    """A network of the family whose norms have seen the records and whose biases are not 0."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network, card, records = FAMILIES[family]()
        network = network.train()
        with torch.no_grad():
            for _ in range(3):
                network(torch.from_numpy(records))
            for parameter in network.parameters():
                if parameter.ndim == 1:
                    parameter.add_(0.05 * torch.randn_like(parameter))
    return network.eval(), card, records


def traced(network: nn.Module, card: Card) -> onnx.ModelProto:
    """As `to_onnx`, once for all tests."""
    return traced_once(network, card)
