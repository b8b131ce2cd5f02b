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
from edgehuman.tasks.image.parsing import ParsingLearner, train
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
    logits_NCHW = torch.nn.functional.interpolate(
        network(image_NHWC), (64 // step, 32 // step), mode="bilinear"
    )
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
