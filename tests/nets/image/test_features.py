"""Shared by all image backbones: sizes, maps, taps, hidden cells, the catalogue row.

Small networks of the three families stand for the catalogued ones, whose sizes are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn

from edgehuman import catalogue
from edgehuman.nets.building import count_flops, count_params
from edgehuman.nets.image.features import ImageBackbone
from edgehuman.nets.image.starnet import StarNet
from edgehuman.nets.image.tinyvit import TinyVit
from edgehuman.nets.image.vit import Vit

NAMES = [name for name, row in catalogue.NETWORKS.items() if row.modality == "image"]
MAKE: Mapping[str, Callable[[], Vit | StarNet | TinyVit]] = {
    "vit": lambda: Vit(32, 4, 2, image_size=(64, 64)),
    "starnet": lambda: StarNet(8, (1, 1, 1, 1)),
    "tinyvit": lambda: TinyVit((32, 32, 64, 96), (1, 1, 1, 1), windows=(4, 4, 2)),
}


@pytest.fixture(params=MAKE, name="network")
def one_of_each_family(request: pytest.FixtureRequest) -> Vit | StarNet | TinyVit:
    torch.manual_seed(0)
    made = MAKE[request.param]().eval()
    # Fresh biases are zero, which would hide where a hidden place shows.
    for parameter in made.parameters():
        if parameter.ndim == 1:
            nn.init.normal_(parameter, mean=float(parameter.detach().mean()), std=0.2)
    return made


def mask_token(network: Vit | StarNet | TinyVit) -> Tensor:
    width = network.width if isinstance(network, Vit) else network.stem_width
    return torch.linspace(-1, 1, width)


@pytest.mark.parametrize("name", NAMES)
def test_sizes_and_operations_are_the_catalogued_ones(name: str) -> None:
    row = catalogue.NETWORKS[name]
    with torch.device("meta"):
        network = catalogue.load_object(row.build)(**row.arguments)
        image_NHWC = torch.zeros(1, 256, 128, 3, dtype=torch.uint8)
    assert count_params(network) == row.params
    assert count_flops(network.eval(), image_NHWC) == row.flops


@pytest.mark.parametrize("size", [(64, 64), (96, 32), (61, 97), (1, 1)])
def test_any_size_gives_maps_at_the_declared_strides(
    network: ImageBackbone, size: tuple[int, int]
) -> None:
    x_NCHW = torch.randn(2, 3, *size)
    with torch.inference_mode():
        token_ND, map_NDHW, middle_NEHW = network.features(x_NCHW)
        taps = network.taps(x_NCHW)
        pair = network.backbone(x_NCHW)

    def cells(stride: int) -> tuple[int, int]:
        return -(-size[0] // stride), -(-size[1] // stride)

    assert token_ND.shape == (2, network.width)
    assert map_NDHW.shape == (2, network.width, *cells(network.stride))
    assert middle_NEHW.shape == (2, network.middle_width, *cells(16))
    expected = zip(network.tap_widths, network.tap_strides, strict=True)
    assert [tap.shape for tap in taps] == [(2, width, *cells(s)) for width, s in expected]
    assert torch.equal(pair[0], token_ND)
    assert torch.equal(pair[1], map_NDHW)


def test_raw_pixels_give_the_token_of_the_normalised_image(network: Vit) -> None:
    image_NHWC = torch.randint(0, 256, (2, 64, 32, 3), dtype=torch.uint8)
    with torch.inference_mode():
        token_ND, _ = network.backbone(network.normalise(image_NHWC))
        assert torch.equal(network(image_NHWC), token_ND)


def test_nothing_hidden_changes_nothing(network: Vit) -> None:
    x_NCHW = torch.randn(2, 3, 64, 96)
    hidden_NHW = torch.zeros(2, 64 // network.stride, 96 // network.stride, dtype=torch.bool)
    with torch.inference_mode():
        masked = network.masked_features(x_NCHW, hidden_NHW, mask_token(network))
        for found, expected in zip(masked, network.features(x_NCHW), strict=True):
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_hidden_pixels_have_no_effect(network: Vit) -> None:
    stride, x_NCHW = network.stride, torch.randn(2, 3, 96, 90)  # the last column is not whole
    hidden_NHW = torch.zeros(2, 96 // stride, -(-90 // stride), dtype=torch.bool)
    hidden_NHW[0, 0, 1] = hidden_NHW[0, -1, -1] = hidden_NHW[1, 1, 0] = hidden_NHW[1, 1, 1] = True
    other_NCHW = x_NCHW.clone()
    for image, row, column in hidden_NHW.nonzero().tolist():
        rows, columns = (slice(i * stride, (i + 1) * stride) for i in (row, column))
        other_NCHW[image, :, rows, columns] = 100.0
    with torch.inference_mode():
        token = mask_token(network)
        one = network.masked_features(x_NCHW, hidden_NHW, token)
        other = network.masked_features(other_NCHW, hidden_NHW, token)
        open_eyed = network.features(x_NCHW)
        moved_NCHW = x_NCHW.clone()
        moved_NCHW[:, :, -1, 0] += 20.0  # the lower left corner, which both images show
        third = network.masked_features(moved_NCHW, hidden_NHW, token)
    for found, expected in zip(one, other, strict=True):
        assert torch.equal(found, expected)
    for seen in (open_eyed, third):
        assert not torch.allclose(one.token_ND[0], seen.token_ND[0], atol=1e-4)


def test_the_mask_token_and_every_weight_learn_from_masked_images(network: Vit) -> None:
    hidden_NHW = torch.zeros(1, 64 // network.stride, 64 // network.stride, dtype=torch.bool)
    hidden_NHW[0, 0, 0] = True
    token = mask_token(network).requires_grad_()
    found = network.masked_features(torch.randn(1, 3, 64, 64), hidden_NHW, token)
    sum(part.square().mean() for part in found).backward()  # type: ignore[union-attr]
    assert token.grad is not None
    assert bool(token.grad.abs().sum() > 0)
    idle = [name for name, p in network.named_parameters() if p.grad is None]
    assert not idle


@pytest.mark.parametrize(
    "network",
    [
        Vit(32, 4, 2, num_classes=5),
        StarNet(8, (1, 1, 1, 1), num_classes=5),
        TinyVit((32, 32, 64, 96), (1, 1, 1, 1), num_classes=5),
    ],
)
def test_a_head_makes_logits_of_the_token(network: Vit) -> None:
    image_NHWC = torch.zeros(2, 32, 32, 3, dtype=torch.uint8)
    with torch.inference_mode():
        logits_NC = network.eval()(image_NHWC)
        token_ND, _ = network.backbone(network.normalise(image_NHWC))
        assert logits_NC.shape == (2, 5)
        torch.testing.assert_close(logits_NC, network.head(token_ND))


@pytest.mark.parametrize("name", ["vit_tiny", "starnet_s3", "tinyvit_5m"])
def test_random_weights_keep_activations_within_float16(name: str) -> None:
    from edgehuman.nets.building import build

    network = build(name)
    torch.manual_seed(0)
    with torch.inference_mode():
        taps = network.taps(torch.randn(1, 3, 128, 64))  # type: ignore[operator]
    for tap in taps:
        assert 0.01 < tap.std().item() < 10
        assert tap.abs().max().item() < 100
