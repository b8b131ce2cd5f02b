"""One forward gives out every kind of answer, with gradients, for each family of networks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from edgehuman.card import (
    IMU_INPUT,
    Card,
    InputSpec,
    OutputSpec,
    image_input,
    silhouette_input,
    skeleton_input,
)
from edgehuman.distill.answers import Answering
from edgehuman.nets.building import build
from edgehuman.nets.image.heads import with_head
from edgehuman.nets.image.starnet import StarNet
from edgehuman.nets.image.tinyvit import TinyVit
from edgehuman.nets.image.vit import Vit
from edgehuman.nets.imu.imuconv import ImuConv
from edgehuman.nets.imu.imuvit import ImuVit
from edgehuman.nets.skeleton.gaitformer import GaitFormer
from edgehuman.nets.skeleton.gaitpt import GaitPt

LABELS = ("a", "b", "c")
CLASSES = OutputSpec("classes", LABELS)
VECTOR = OutputSpec("embedding", distance="cosine")
PARTS = OutputSpec("segmentation", LABELS)
PHOTO = image_input(64, 32)


def answering(network: nn.Module, input: InputSpec, output: OutputSpec) -> Answering:
    return Answering(network.eval(), Card("t", "task", "arch", 1, 1, input, output))


def starnet() -> StarNet:
    return StarNet(8, (1, 1, 1, 1))


CASES: dict[str, tuple[Callable[[], nn.Module], InputSpec, OutputSpec, dict[str, object]]] = {
    "imuconv": (
        lambda: ImuConv((8, 16), num_classes=3),
        IMU_INPUT,
        CLASSES,
        {"logits": (3,), "embedding": (32,), "tokens": (32, 16)},
    ),
    "imuvit": (
        lambda: ImuVit(16, 1, 32, 2, num_classes=3),
        IMU_INPUT,
        CLASSES,
        {"logits": (3,), "embedding": (16,), "tokens": (32, 16)},
    ),
    "imuvit without head": (
        lambda: ImuVit(16, 1, 32, 2),
        IMU_INPUT,
        VECTOR,
        {"embedding": (16,), "tokens": (32, 16)},
    ),
    "vit": (
        lambda: Vit(32, 4, 2, image_size=(64, 32), num_classes=3),
        PHOTO,
        CLASSES,
        {"logits": (3,), "embedding": (32,), "tokens": (8, 32)},
    ),
    "tinyvit": (
        lambda: TinyVit((32, 32, 64, 96), (1, 1, 1, 1)),
        PHOTO,
        VECTOR,
        {"embedding": (96,), "tokens": (2, 96)},
    ),
    "starnet, attributes": (
        lambda: with_head(starnet(), OutputSpec("attributes", LABELS)),
        PHOTO,
        OutputSpec("attributes", LABELS),
        {"logits": (3,), "embedding": (64,), "tokens": (2, 64)},
    ),
    "starnet, parts": (
        lambda: with_head(starnet(), PARTS),
        PHOTO,
        PARTS,
        {"map": (3, 16, 8), "tokens": (2, 64)},
    ),
    "gaitformer": (
        lambda: GaitFormer(32, 1, 2, frames=8),
        skeleton_input(8),
        VECTOR,
        {"embedding": (32,)},
    ),
    "gaitpt": (
        lambda: GaitPt((16, 16, 16, 16), (1, 1, 1, 1), (2, 2, 2, 2), 24, frames=8),
        skeleton_input(8),
        VECTOR,
        {"embedding": (24,)},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_family_gives_out_its_answers_and_their_shapes(name: str) -> None:
    make, input, output, expected = CASES[name]
    network = answering(make(), input, output)
    assert dict(network.shapes(input.shape)) == expected
    record_N = torch.zeros((2, *input.shape), dtype=getattr(torch, input.dtype))
    with torch.inference_mode():
        answers = network(record_N)
        assert torch.equal(answers[next(iter(answers))], network.network(record_N))
    assert {kind: (2, *size) for kind, size in network.shapes(input.shape).items()} == {
        kind: tuple(answer.shape) for kind, answer in answers.items()
    }


def test_silhouettes_give_an_embedding_of_parts_and_nothing_else() -> None:
    network = answering(build("gaitbase"), silhouette_input(), VECTOR)
    assert list(network.shapes((2, 64, 64))) == ["embedding"]
    assert len(network.shapes((2, 64, 64))["embedding"]) == 2


def test_the_embedding_of_a_classifier_goes_into_its_head_and_gradients_flow() -> None:
    torch.manual_seed(0)
    network = answering(ImuConv((8, 16), num_classes=3), IMU_INPUT, CLASSES)
    assert isinstance(network.network, ImuConv)
    imu_NTC = torch.randn(2, 128, 6)
    answers = network(imu_NTC)
    torch.testing.assert_close(network.network.head(answers["embedding"]), answers["logits"])
    torch.testing.assert_close(answers["embedding"], network.network.features(imu_NTC))
    torch.testing.assert_close(answers["tokens"].mean(dim=1), answers["embedding"][:, :16])
    for kind in ("embedding", "tokens"):
        network.zero_grad()
        answers[kind].square().sum().backward(retain_graph=True)
        gradient = network.network.stem.weight.grad
        assert gradient is not None
        assert gradient.abs().sum() > 0


def test_dropout_leaves_the_embedding_whole_and_shapes_leave_the_modes() -> None:
    network = answering(ImuConv((8, 16), num_classes=3, dropout=0.9), IMU_INPUT, CLASSES).train()
    assert isinstance(network.network, ImuConv)
    network.network.stem_norm.eval()
    before = network.state_dict()["network.stages.0.first_norm.running_mean"]
    kept = before.clone()
    network.shapes(IMU_INPUT.shape)
    assert network.network.training
    assert not network.network.stem_norm.training
    assert torch.equal(kept, before)
    assert (network(torch.randn(4, 128, 6))["embedding"] != 0).all()


def test_placements_are_summed_to_the_classes() -> None:
    output = OutputSpec("classes", LABELS, placements=("waist", "wrist"))
    network = answering(ImuConv((8, 16), num_classes=6), IMU_INPUT, output)
    imu_NTC = torch.randn(2, 128, 6)
    prob_NPC = network.network(imu_NTC).softmax(dim=1).view(2, 2, 3)
    found = network(imu_NTC)["logits"].softmax(dim=1)
    torch.testing.assert_close(found, prob_NPC.sum(dim=1))


def test_nothing_stays_on_the_network() -> None:
    network = answering(ImuVit(16, 1, 32, 2, num_classes=3), IMU_INPUT, CLASSES)
    network(torch.zeros(1, 128, 6))
    assert not any(each._forward_hooks for each in network.modules())
    assert not any(each._forward_pre_hooks for each in network.modules())
