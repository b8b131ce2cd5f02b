"""Attributes learn on synthetic people; the rarer answer counts more."""

from __future__ import annotations

from pathlib import Path

import torch

from edgehuman.card import OutputSpec
from edgehuman.data.image.load import PersonSet
from edgehuman.nets.checkpoint import load_network
from edgehuman.nets.image.heads import with_head
from edgehuman.tasks.image.attributes import AttributesLearner, train
from edgehuman.tasks.image.losses import attribute_loss
from edgehuman.tasks.image.settings import AttributesConfig
from tests.nets.tiny_encoder import seeded
from tests.tasks.people import ATTRIBUTES, losses, quick


def test_losses_fall_and_the_card_names_the_attributes(people: PersonSet, tmp_path: Path) -> None:
    outcome = train(quick(AttributesConfig, tmp_path, steps=24))
    assert isinstance(outcome.data, dict)
    assert losses(tmp_path)[-1] < losses(tmp_path)[0]
    assert next(iter(outcome.data["metrics"])) == "mean_accuracy"
    assert set(outcome.data["per_label"]) == set(ATTRIBUTES)
    network, card = load_network(tmp_path)
    assert (card.output.kind, card.output.labels) == ("attributes", ATTRIBUTES)
    assert network(torch.from_numpy(people.image(0))[None]).shape == (1, 2)
    assert card.metrics[0].protocol == "made people, test part: 12 pictures, 2 attributes"


def test_the_loss_is_weighted_by_the_share_of_positives() -> None:
    network = with_head(seeded(), OutputSpec("attributes", ATTRIBUTES))
    share_A = torch.tensor([0.1, 0.5])
    learner = AttributesLearner(network, share_A)
    image_NHWC = torch.randint(0, 256, (3, 64, 32, 3), dtype=torch.uint8)
    label_NA = torch.tensor([[1, 0], [0, 0], [1, 1]], dtype=torch.int8)
    parts = learner.eval()(image_NHWC, label_NA)
    expected = attribute_loss(network(image_NHWC), label_NA, share_A)
    torch.testing.assert_close(parts["loss"], expected)
    assert "positive_share_A" not in network.state_dict()
