"""Parsing learns on synthetic people, at the configured label stride."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from edgehuman.card import OutputSpec
from edgehuman.data.image.load import PersonSet
from edgehuman.errors import DataError, UsageError
from edgehuman.nets.checkpoint import load_network
from edgehuman.nets.image.heads import with_head
from edgehuman.tasks.image.augment import IGNORED
from edgehuman.tasks.image.parsing import ParsingLearner, at_labels, train
from edgehuman.tasks.image.settings import ParsingConfig
from tests.nets.tiny_encoder import seeded
from tests.tasks.people import PARTS, losses, quick


def test_losses_fall_and_the_card_names_the_parts(people: PersonSet, tmp_path: Path) -> None:
    outcome = train(quick(ParsingConfig, tmp_path, steps=20, batch=6))
    assert isinstance(outcome.data, dict)
    assert losses(tmp_path)[-1] < losses(tmp_path)[0]
    for part in ("cross_entropy", "lovasz"):
        assert losses(tmp_path, part)[-1] < losses(tmp_path, part)[0]
    assert list(outcome.data["metrics"]) == ["mean_iou", "mean_accuracy", "pixel_accuracy"]
    assert set(outcome.data["per_label"]) == set(PARTS)
    network, card = load_network(tmp_path)
    assert (card.output.kind, card.output.labels) == ("segmentation", PARTS)
    assert network(torch.from_numpy(people.image(0))[None]).shape == (1, 3, 16, 8)
    assert card.params == sum(p.numel() for p in network.parameters())
    assert card.flops > 0


def test_a_silhouette_is_the_person_as_one_part(people: PersonSet, tmp_path: Path) -> None:
    outcome = train(quick(ParsingConfig, tmp_path, parts="person", steps=20, batch=6))
    assert isinstance(outcome.data, dict)
    assert set(outcome.data["per_label"]) == {"background", "person"}
    network, card = load_network(tmp_path)
    assert card.output.labels == ("background", "person")
    assert network(torch.from_numpy(people.image(0))[None]).shape == (1, 2, 32, 16)


@pytest.mark.usefixtures("people")
def test_unknown_parts_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the part \w+ belongs to no group"):
        train(quick(ParsingConfig, tmp_path, parts="garments"))


@pytest.mark.parametrize("step", [1, 2, 4])
def test_labels_are_sampled_at_their_stride(step: int) -> None:
    network = with_head(seeded(), OutputSpec("segmentation", PARTS))
    learner = ParsingLearner(network, 0.0, step).eval()
    image_NHWC = torch.zeros((1, 64, 32, 3), dtype=torch.uint8)
    part_NHW = torch.full((1, 64, 32), IGNORED, dtype=torch.uint8)
    part_NHW[:, step // 2 :: step, step // 2 :: step] = 1
    whole_NCHW = torch.nn.functional.interpolate(network(image_NHWC), (64, 32), mode="bilinear")
    logits_NCHW = whole_NCHW[:, :, step // 2 :: step, step // 2 :: step]
    expected = -logits_NCHW.log_softmax(1)[:, 1].mean()
    torch.testing.assert_close(learner(image_NHWC, part_NHW)["loss"], expected)


def test_pixels_from_outside_have_no_loss() -> None:
    network = with_head(seeded(), OutputSpec("segmentation", PARTS))
    learner = ParsingLearner(network, 1.0, 2)
    image_NHWC = torch.zeros((1, 64, 32, 3), dtype=torch.uint8)
    nothing = torch.full((1, 64, 32), IGNORED, dtype=torch.uint8)
    assert float(learner(image_NHWC, nothing)["loss"].detach()) == 0


def test_a_negative_lovasz_weight_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--lovasz is -1"):
        quick(ParsingConfig, tmp_path, lovasz=-1.0)


@pytest.mark.parametrize("step", [1, 2, 4])
@pytest.mark.parametrize("stride", [2, 4])
def test_logits_are_taken_where_the_labels_stand(step: int, stride: int) -> None:
    """Logits that grow with the place, so that each says where it is: pixels from the corner."""
    height, width = 32, 16
    row_H, column_W = (torch.arange(side // stride) * stride + stride / 2 for side in (32, 16))
    logits_NCHW = torch.stack([row_H[:, None].expand(8 * 4 // stride, -1).expand(-1, len(column_W)),
                               column_W.expand(len(row_H), -1)])[None]  # fmt: skip
    found_CHW = at_labels(logits_NCHW, (height, width), step)[0]
    assert found_CHW.shape == (2, height // step, width // step)
    edge = stride / 2  # beyond the outermost centres nothing is known
    row_P = (torch.arange(step // 2, height, step) + 0.5).clamp(edge, height - edge)
    column_P = (torch.arange(step // 2, width, step) + 0.5).clamp(edge, width - edge)
    torch.testing.assert_close(found_CHW[0], row_P[:, None].expand_as(found_CHW[0]))
    torch.testing.assert_close(found_CHW[1], column_P.expand_as(found_CHW[1]))


def test_autocast_does_not_round_the_logits() -> None:
    logits_NCHW = torch.randn((1, 3, 16, 8), generator=torch.Generator().manual_seed(0))
    expected_NCHW = at_labels(logits_NCHW, (64, 32), 1)
    with torch.autocast("cpu", torch.bfloat16):
        found_NCHW = at_labels(logits_NCHW, (64, 32), 1)
    assert found_NCHW.dtype == torch.float32
    torch.testing.assert_close(found_NCHW, expected_NCHW)


@pytest.mark.parametrize("step", [1, 2, 4])
def test_the_loss_is_least_where_people_are(step: int) -> None:
    """Somebody who says each edge where it is has the least loss of those who say all of them a
    little to a side; of one edge, labels tell no more than between which two pixels it is.
    """
    learner = ParsingLearner(with_head(seeded(), OutputSpec("segmentation", PARTS)), 0.0, step)
    centre_W = torch.arange(16) * 2 + 1.0

    def loss(shift: float) -> float:
        total = 0.0
        for edge in range(12, 16):
            part_NHW = torch.zeros((1, 64, 32), dtype=torch.uint8)
            part_NHW[:, :, edge:] = 1
            person_HW = (0.7 * (centre_W - edge - shift)).expand(32, -1)
            nothing_HW = torch.full_like(person_HW, -99.0)
            logits_NCHW = torch.stack([-person_HW, person_HW, nothing_HW])[None]
            total += float(learner.loss_of(logits_NCHW, part_NHW)["cross_entropy"])
        return total

    losses = {shift: loss(shift) for shift in (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)}
    assert min(losses, key=losses.__getitem__) == 0
