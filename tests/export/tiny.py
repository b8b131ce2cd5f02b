"""Small networks with their cards and graphs, each built and traced once for all tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

from edgehuman.card import IMU_INPUT, Card, OutputSpec, image_input
from edgehuman.data.imu.subjects import UCI_LABELS
from edgehuman.data.samples import Samples
from edgehuman.geometry import COCO_17
from edgehuman.nets.image.heads import PersonNet, person_net
from edgehuman.nets.image.simcc import SimccHead
from edgehuman.nets.image.starnet import StarNet
from edgehuman.nets.image.tinyvit import TinyVit
from edgehuman.nets.image.vit import Vit
from edgehuman.nets.imu.imuvit import ImuVit
from edgehuman.training.checkpoint import save_weights
from tests.export.traced import traced_once
from tests.nets import tiny_encoder
from tests.tasks.people import ATTRIBUTES, HEIGHT, PARTS, WIDTH, made_people

Traced = tuple[nn.Module, Card, onnx.ModelProto]
SIZE = (HEIGHT, WIDTH)
OUTPUTS = {
    "reid": OutputSpec("embedding", distance="cosine", dim=16),
    "attributes": OutputSpec("attributes", ATTRIBUTES),
    "pose": OutputSpec("heatmaps", COCO_17),
    "simcc": OutputSpec("simcc", COCO_17, dim=2 * WIDTH),
    "parsing": OutputSpec("segmentation", PARTS),
}

IMAGE_NETWORKS: Mapping[str, Callable[[], Vit | StarNet | TinyVit]] = {
    "vit": lambda: Vit(32, 4, 2, image_size=(64, 32)),
    "starnet": lambda: StarNet(8, (1, 1, 1, 1)),
    # The published windows: at this size all three are padded.
    "tinyvit": lambda: TinyVit((32, 32, 64, 96), (1, 1, 1, 1)),
}


@cache
def wearable() -> Traced:
    """Two blocks of width 32, seeded; the weights of its head are large so that classes differ."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = ImuVit(width=32, depth=2, mlp_width=64, heads=4, num_classes=6)
        assert isinstance(network.head, nn.Linear)
        nn.init.normal_(network.head.weight, std=2.0)
        nn.init.normal_(network.head.bias, std=0.1)
    network.eval()
    output = OutputSpec("classes", UCI_LABELS)
    card = Card("tiny", "activity", "imuvit_tiny", 17_000, 1_000_000, IMU_INPUT, output)
    return network, card, traced_once(network, card)


@cache
def image_network(name: str) -> Traced:
    """A small network of `IMAGE_NETWORKS`, seeded, which gives an embedding."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = IMAGE_NETWORKS[name]().eval()
    output = OutputSpec("embedding", distance="cosine", dim=network.width)
    card = Card("p", "person-embedding", "made", 0, 0, image_input(*SIZE), output)
    return network, card, traced_once(network, card)


@cache
def network_of(task: str) -> tuple[PersonNet, Card]:
    """The tiny encoder with the head of a task, in eval mode; its norms have seen pictures, and its
    last weights are large so that answers differ.
    """
    network = person_net(tiny_encoder.NAME, OUTPUTS[task], SIZE, seed=1)
    with torch.no_grad():
        last = [p for p in network.head.parameters() if p.ndim > 1]
        last[-1].mul_(300 if task == "pose" else 5)
        if isinstance(network.head, SimccHead):
            network.head.maps.last.weight.mul_(300)
        persons = made_people(people=2, each=8)
        seen = torch.from_numpy(np.stack([persons.image(i) for i in range(16)]))
        for _ in range(20):
            network.train()(seen)
    network.eval()
    name = "pose" if task == "simcc" else task
    card = Card(f"tiny {task}", name, tiny_encoder.NAME, 1, 1, image_input(*SIZE), OUTPUTS[task])
    return network, card


@cache
def graph_of(task: str) -> onnx.ModelProto:
    """Its float32 graph, traced once for all tests."""
    return traced_once(*network_of(task))


def saved(folder: Path, task: str) -> Path:
    """The network as a checkpoint."""
    network, card = network_of(task)
    save_weights(folder, network.state_dict(), card)
    return folder


def noise(number: int, size: tuple[int, int] = SIZE) -> Samples:
    """Pictures of nobody."""
    image_NHWC = np.random.default_rng(0).integers(0, 256, (number, *size, 3), np.uint8)
    person_N = np.array([f"nobody {i}" for i in range(number)])
    return Samples(image_NHWC, np.full(number, -1), person_N, "noise")
