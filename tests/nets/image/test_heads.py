"""Heads are small and give the outputs of the card, from raw uint8 images."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edgehuman.card import OutputSpec
from edgehuman.errors import UsageError
from edgehuman.nets.building import count_params
from edgehuman.nets.image.heads import EmbeddingHead, make_head, with_head
from edgehuman.nets.image.pyramid_head import OutlineHead, PyramidHead
from edgehuman.nets.image.size import require_size
from edgehuman.nets.image.starnet import StarNet
from tests.nets.tiny_encoder import TinyEncoder, seeded

PARTS = ("background", "head", "body")
OUTPUTS = {
    (2, 24): OutputSpec("embedding", distance="cosine", dim=24),
    (2, 5): OutputSpec("embedding", distance="cosine", dim=5),
    (2, 3): OutputSpec("attributes", PARTS),
    (2, 3, 16, 8): OutputSpec("segmentation", PARTS),
}


def images(number: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (number, 64, 32, 3), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("shape", OUTPUTS, ids=str)
def test_each_head_output_shape(shape: tuple[int, ...]) -> None:
    network = with_head(seeded(), OUTPUTS[shape])
    answer = network(images())
    assert tuple(answer.shape) == shape
    assert network.forward_features(images()).shape == (2, network.width)
    if OUTPUTS[shape].kind == "embedding":
        torch.testing.assert_close(answer.norm(dim=1), torch.ones(2))


def test_heat_maps_start_near_zero() -> None:
    network = with_head(seeded(), OutputSpec("heatmaps", ("l_eye", "r_eye")))
    assert network(images()).shape == (2, 2, 16, 8)
    assert float(network(images()).detach().abs().max()) < 0.1


def test_no_projection_if_the_token_has_the_width() -> None:
    assert isinstance(make_head(seeded(), OUTPUTS[2, 24]), EmbeddingHead)
    assert count_params(make_head(seeded(), OUTPUTS[2, 24])) == 0
    assert count_params(make_head(seeded(), OUTPUTS[2, 5])) == 24 * 5


def test_the_seed_sets_the_head() -> None:
    first, again, other = (with_head(seeded(), OUTPUTS[2, 3], seed) for seed in (1, 1, 2))
    assert torch.equal(first(images()), again(images()))
    assert not torch.equal(first(images()), other(images()))


class OneStride(TinyEncoder):
    """Taps as in a ViT: all at stride 16."""

    tap_widths = tap_strides = (16, 16)

    def taps(self, x_NCHW: torch.Tensor) -> list[torch.Tensor]:
        return [super().taps(x_NCHW)[2]] * 2


def test_taps_of_one_stride_are_summed_and_enlarged() -> None:
    network = with_head(OneStride(), OutputSpec("segmentation", PARTS))
    head = network.head
    assert isinstance(head, PyramidHead)
    assert head.strides == (16, 8, 4)
    assert network(images()).shape == (2, 3, 16, 8)


def test_outputs_without_a_head_or_without_labels_are_refused() -> None:
    with pytest.raises(UsageError, match="no person-image head outputs tokens"):
        make_head(seeded(), OutputSpec("tokens", ("x",)))
    with pytest.raises(UsageError, match="a head for attributes needs labels"):
        make_head(seeded(), OutputSpec("attributes"))


@pytest.mark.parametrize("size", [(250, 128), (256, 100), (0, 32)])
def test_sizes_not_divisible_by_the_strides_are_errors(size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="multiple of 32"):
        require_size(size)


def test_gradients_reach_the_first_layer() -> None:
    network = with_head(seeded(), OutputSpec("segmentation", PARTS)).train()
    network(images()).square().mean().backward()
    first = network.encoder.get_submodule("stages.0")
    assert isinstance(first, nn.Conv2d)
    assert first.weight.grad is not None
    assert float(first.weight.grad.abs().max()) > 0


def test_a_frozen_encoder_keeps_its_statistics() -> None:
    network = with_head(StarNet(width=8, depths=(1, 1, 1, 1)), OUTPUTS[2, 3])
    network.encoder.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in network.encoder.state_dict().items()}
    network.train()(images())
    for name, tensor in network.encoder.state_dict().items():
        assert torch.equal(tensor, before[name])
    network.encoder.requires_grad_(True)
    network.train()(images())
    name = "norm.running_mean"
    assert not torch.equal(network.encoder.state_dict()[name], before[name])


SILHOUETTE = OutputSpec("segmentation", ("background", "person"))


def test_silhouettes_come_out_at_stride_two_whatever_the_backbone() -> None:
    fine = with_head(StarNet(8, (1, 1, 1, 1), image_size=(64, 32)), SILHOUETTE)
    assert isinstance(fine.head, OutlineHead)
    assert fine.head.fine_width == 32
    coarse = with_head(seeded(), SILHOUETTE)
    assert isinstance(coarse.head, OutlineHead)
    assert coarse.head.fine_width == 0
    for network in (fine, coarse):
        assert tuple(network(images()).shape) == (2, 2, 32, 16)


def test_the_edge_of_a_silhouette_hears_the_map_at_stride_two() -> None:
    """One pixel moves the answer near it even if the stages are deaf."""
    network = with_head(StarNet(8, (1, 1, 1, 1), image_size=(64, 32)), SILHOUETTE)
    assert isinstance(network.head, OutlineHead)
    for lateral in network.head.laterals:
        nn.init.zeros_(next(lateral.parameters()))
    image_NHWC = images(1)
    other_NHWC = image_NHWC.clone()
    other_NHWC[0, 20, 10] = 255 - other_NHWC[0, 20, 10]
    moved_HW = (network(image_NHWC) - network(other_NHWC)).abs().sum(dim=1)[0] > 1e-7
    rows, columns = moved_HW.nonzero(as_tuple=True)
    assert len(rows)
    assert int((rows - 10).abs().max()) <= 3
    assert int((columns - 5).abs().max()) <= 3
