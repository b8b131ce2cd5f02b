"""The peers are the published networks: their size and cost are, to the last printed digit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

torch = pytest.importorskip("torch")

from edgehuman import catalogue  # noqa: E402
from edgehuman.bench.pages.image.peers import PEERS, Peer, ThreeBranches, build_peer, repvit_m0_9  # noqa: E402
from edgehuman.nets.building import count_flops, count_params  # noqa: E402

TRAINED: dict[str, Callable[[], Peer]] = {
    **PEERS,
    "repvit_m0_9": partial(repvit_m0_9, deployed=False),
}
# Counted on the definitions of timm, without the classifier: parameters in thousands, multiply-adds
# in millions at 224x224 (classifier included) and at 256x128, and what the classifier takes: one of
# 1000 classes, of RepViT two.
PUBLISHED = {
    "mobilenetv4_conv_s": (2493, 186, 121, 1.280),
    "mobilenetv4_conv_m": (8435, 828, 540, 1.280),
    "mobilenetv3_l": (4202, 217, 142, 1.280),
    "efficientvit_b1": (7501, 519, 339, 1.600),
    "repvit_m0_9": (4718, 817, 533, 0.768),
    "resnet50": (23508, 4089, 2669, 2.048),
}


def test_every_peer_is_compared_and_none_is_catalogued() -> None:
    assert set(PUBLISHED) == set(PEERS)
    assert not set(PEERS) & set(catalogue.NETWORKS)


@pytest.mark.parametrize("name", PEERS)
def test_parameters_and_multiply_adds_are_the_published_ones(name: str) -> None:
    thousands, square_m, person_m, classifier_m = PUBLISHED[name]
    network = TRAINED[name]().eval()
    assert round(count_params(network) / 1e3) == thousands
    for (height, width), expected_m in (
        ((224, 224), square_m - classifier_m),
        ((256, 128), person_m),
    ):
        image_NHWC = torch.zeros(1, height, width, 3, dtype=torch.uint8)
        assert count_flops(network, image_NHWC) / 2e6 == pytest.approx(expected_m, rel=5e-3)


# torchvision prints 25,557,032 and 5,483,032 parameters with the classifier of 1000 classes.
@pytest.mark.parametrize(
    ("name", "printed", "width"),
    [("resnet50", 25_557_032, 2048), ("mobilenetv3_l", 5_483_032, 1280)],
)
def test_printed_counts_are_met_to_the_parameter(name: str, printed: int, width: int) -> None:
    assert count_params(PEERS[name]()) + 1000 * (width + 1) == printed


@pytest.mark.parametrize("name", PEERS)
def test_activations_of_random_weights_have_a_scale(name: str) -> None:
    network = build_peer(name, seed=3)
    image_NHWC = torch.randint(256, (2, 64, 32, 3), dtype=torch.uint8)
    largest: list[float] = []
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(lambda _, given, out: largest.append(out.abs().max()))
    with torch.inference_mode():
        token_ND = network(image_NHWC)
    assert token_ND.shape[0] == 2
    assert token_ND.std(dim=0).max() > 1e-4, "two images give one answer"
    assert 1e-5 < min(largest) <= max(largest) < 1e3


def test_weights_follow_from_the_seed() -> None:
    one, again, other = (build_peer("mobilenetv4_conv_s", seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[key], again[key]) for key in one)
    assert any(not torch.equal(one[key], other[key]) for key in one)


def test_repvit_s_deployed_mixer_can_be_what_its_three_branches_sum_to() -> None:
    torch.manual_seed(0)
    mixer = ThreeBranches(8)
    mixer.train()(torch.randn(4, 8, 6, 6))
    mixer.eval()
    impulse_NCHW = torch.zeros(1, 8, 5, 5)
    impulse_NCHW[..., 2, 2] = 1
    with torch.inference_mode():
        bias_NCHW = mixer(torch.zeros(1, 8, 5, 5))
        # One depthwise 3x3 with a bias: what is left and right of the middle, turned round.
        kernel_C33 = (mixer(impulse_NCHW) - bias_NCHW)[0, :, 1:4, 1:4].flip(1, 2)
        x_NCHW = torch.randn(2, 8, 6, 7)
        expected = torch.nn.functional.conv2d(
            x_NCHW, kernel_C33[:, None], bias_NCHW[0, :, 2, 2], padding=1, groups=8
        )
        torch.testing.assert_close(mixer(x_NCHW), expected)
