"""Detectors on every backbone: the contract of their answer, gradients, sizes, rows."""

from __future__ import annotations

import pytest
import torch

from edgehuman.card import Card, OutputSpec, image_input
from edgehuman.errors import UsageError
from edgehuman.nets.building import count_params
from edgehuman.nets.image.build import build_for
from edgehuman.nets.image.detection import Detector, detector, points_of

SIZE = (64, 96)
NUM_POINTS = 96 + 24 + 6


def images(count: int = 1, size: tuple[int, int] = SIZE) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, *size, 3), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize(
    "arch", ["starnet_s100", "starnet_s150", "starnet_s3", "tinyvit_5m", "vit_tiny"]
)
def test_every_backbone_answers_with_boxes_and_little_on_top(arch: str) -> None:
    network = detector(arch, SIZE)
    with torch.inference_mode():
        answer = network(images(2))
    assert answer.shape == (2, NUM_POINTS, 5)  # fewer points than 300
    assert (answer[..., 2:4] > answer[..., :2]).all()
    assert ((answer[..., 4] >= 0) & (answer[..., 4] < 1)).all()
    assert count_params(network) - count_params(network.encoder) < 1_600_000


def test_300_of_the_points_are_chosen_and_outside_all_are_there() -> None:
    network = detector("starnet_s100", (320, 416))
    with torch.inference_mode():
        inside = network(images(1, (320, 416)))
        network.post = "outside"
        outside = network(images(1, (320, 416)))
    assert (inside.shape, outside.shape) == ((1, 300, 5), (1, 2730, 5))
    best = outside[0, outside[0, :, 4].argsort(descending=True)[:300]]
    torch.testing.assert_close(inside[0, :, 4], best[:, 4])
    assert inside[0, :, 4].diff().max() <= 0


def test_only_peaks_among_their_neighbours_of_a_stride_count() -> None:
    decode = detector("starnet_s100", SIZE).decode
    logit_NP = torch.full((1, NUM_POINTS), -3.0)
    # Of 12 columns: two neighbours, one two points on, and one of the next stride at their place.
    logit_NP[0, 25], logit_NP[0, 26], logit_NP[0, 28], logit_NP[0, 96 + 6] = 1.0, 2.0, 0.5, 1.5
    found = decode.peaks(logit_NP)
    assert found[0, [25, 26, 28, 96 + 6]].tolist() == [-20.0, 2.0, 0.5, 1.5]
    assert (found[0, 13:16] == -20).all()
    said_NP5 = torch.cat((logit_NP[..., None], torch.zeros((1, NUM_POINTS, 4))), dim=2)
    assert (
        decode(said_NP5, 3)[0][0, :, 4].logit() - torch.tensor([2.0, 1.5, 0.5])
    ).abs().max() < 1e-5


def test_points_lie_in_the_middle_of_their_cells() -> None:
    point_P2, stride_P = points_of((64, 64))
    assert point_P2[[0, 1, 8, 64, 80]].tolist() == [[4, 4], [12, 4], [4, 12], [8, 8], [16, 16]]
    assert stride_P.tolist() == [8.0] * 64 + [16.0] * 16 + [32.0] * 4


def test_before_training_boxes_reach_2_7_strides_and_scores_are_a_hundredth() -> None:
    network = detector("starnet_s100", SIZE)
    torch.nn.init.zeros_(network.one.last.weight)
    with torch.inference_mode():
        box_K5 = network(images())[0]
    reach = {round(float(row[2] - row[0]) / 2 / 2.71828) for row in box_K5}
    assert reach == {8, 16, 32}
    torch.testing.assert_close(box_K5[:, 4], torch.full((NUM_POINTS,), 0.01))


def reached_of(network: Detector) -> set[str]:
    """The parts that a gradient reaches."""
    return {
        name.partition(".")[0]
        for name, parameter in network.named_parameters()
        if parameter.grad is not None and bool(parameter.grad.any())
    }


def test_the_gradient_of_one_to_one_ends_at_the_neck() -> None:
    network = detector("starnet_s100", SIZE)
    network.maps(images())[..., 5:].square().sum().backward()  # type: ignore[no-untyped-call]
    assert reached_of(network) == {"one"}
    network.zero_grad()
    network.maps(images())[..., :5].square().sum().backward()  # type: ignore[no-untyped-call]
    assert reached_of(network) == {"encoder", "neck", "many"}


def test_a_card_of_boxes_builds_the_same_detector() -> None:
    first = detector("starnet_s100", SIZE, seed=3)
    card = Card(
        "x", "detection", "starnet_s100", 0, 0, image_input(*SIZE, "Frame"), OutputSpec("boxes")
    )
    second = build_for(card, first.state_dict(), seed=3)
    assert isinstance(second, Detector)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name]), name


def test_a_size_that_no_stride_divides_is_an_error() -> None:
    with pytest.raises(UsageError, match="--height is 60"):
        detector("starnet_s100", (60, 96))
