"""Re-identification learns on synthetic people; neck and classifier are not saved."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from edgehuman.card import OutputSpec
from edgehuman.data.image.load import PersonSet
from edgehuman.errors import DataError, UsageError
from edgehuman.nets.checkpoint import load_network, read_weights
from edgehuman.nets.image.heads import with_head
from edgehuman.records import Index
from edgehuman.tasks.image import train as person_training
from edgehuman.tasks.image.reid import ReidLearner, train
from edgehuman.tasks.image.settings import ReidConfig
from tests.nets.tiny_encoder import seeded
from tests.tasks.people import losses, quick


def test_losses_fall_and_the_checkpoint_gives_unit_vectors(
    people: PersonSet, tmp_path: Path
) -> None:
    outcome = train(quick(ReidConfig, tmp_path, steps=24, each=2, dim=6))
    assert isinstance(outcome.data, dict)
    assert losses(tmp_path)[-1] < losses(tmp_path)[0]
    assert set(outcome.data["metrics"]) == {"mean_ap", "rank1", "rank5", "mean_inp"}
    assert "6 queries, 6 pictures of 2 people" in outcome.data["protocol"]
    network, card = load_network(tmp_path)
    vector_ND = network(torch.from_numpy(np.stack([people.image(0), people.image(1)])))
    assert vector_ND.shape == (2, 6)
    torch.testing.assert_close(vector_ND.norm(dim=1), torch.ones(2))
    assert (card.task, card.output.kind, card.output.dim) == ("reid", "embedding", 6)
    assert [(row.role, row.windows, row.subjects) for row in card.data] == [
        ("training", 24, 4),
        ("selection", 12, 2),
    ]
    weights, _ = read_weights(tmp_path)
    assert not [name for name in weights if "neck" in name or "classifier" in name]


def test_the_default_dim_is_the_token_width(people: PersonSet, tmp_path: Path) -> None:
    train(quick(ReidConfig, tmp_path, steps=2, each=2, read_test=False))
    network, card = load_network(tmp_path)
    assert card.output.dim == 24
    assert not list(network.get_submodule("head").parameters())


def test_the_triplet_sees_the_vector_before_the_neck() -> None:
    config = ReidConfig(out=Path("x"), arch="tiny_encoder", height=64, width=32)
    network = with_head(seeded(), OutputSpec("embedding"))
    learner = ReidLearner(network, 3, config).train()
    image_NHWC = torch.randint(0, 256, (4, 64, 32, 3), dtype=torch.uint8)
    parts = learner(image_NHWC, torch.tensor([0, 0, 2, 2]))
    feature_ND = network.token(image_NHWC)
    distance_NN = torch.cdist(feature_ND, feature_ND)
    farthest_N = distance_NN[[0, 1, 2, 3], [1, 0, 3, 2]]
    nearest_N = torch.stack([row.min() for row in (*distance_NN[:2, 2:], *distance_NN[2:, :2])])
    expected = torch.nn.functional.softplus(farthest_N - nearest_N).mean()
    torch.testing.assert_close(parts["triplet"], expected)
    torch.testing.assert_close(parts["loss"], parts["triplet"] + parts["identity"])
    assert not learner.neck.bias.requires_grad


def test_a_person_with_one_image_is_reported_and_used(
    people: PersonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    kept = np.arange(5, len(people))  # person 0 keeps one picture of six
    fewer = made_subset(people, kept)
    monkeypatch.setattr(person_training, "load_persons", lambda path, task, shape: fewer)
    train(quick(ReidConfig, tmp_path, steps=2, each=2, select_share=0.0, read_test=False))
    assert "1 of 6 people have only one sample" in capsys.readouterr().err


def made_subset(persons: PersonSet, kept_K: Index) -> PersonSet:
    return dataclasses.replace(
        persons,
        images=[persons.images[i] for i in kept_K],
        masks=[persons.masks[i] for i in kept_K],
        person_N=persons.person_N[kept_K],
        camera_N=persons.camera_N[kept_K],
        role_N=persons.role_N[kept_K],
        keypoint_NJ3=persons.keypoint_NJ3[kept_K],
        area_N=persons.area_N[kept_K],
        attribute_NA=persons.attribute_NA[kept_K],
        captions=tuple(persons.captions[i] for i in kept_K),
    )


def test_reid_needs_someone_with_two_images(
    people: PersonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lonely = made_subset(people, np.arange(0, len(people), 6))
    monkeypatch.setattr(person_training, "load_persons", lambda path, task, shape: lonely)
    with pytest.raises(DataError, match="found 6 training people, 6 of them with only one sample"):
        train(quick(ReidConfig, tmp_path, each=2, select_share=0.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"each": 1}, "--each is 1; it must be at least 2; a triplet needs two images"),
        ({"each": 4, "batch": 6}, "a multiple of --each 4 and at least twice"),
        ({"each": 4, "batch": 4}, "a multiple of --each 4 and at least twice that"),
        (
            {"each": 4, "batch": 8, "accumulate": 2},
            "--batch is 8; it must be .* at least twice that, in each of --accumulate 2 parts",
        ),
        ({"dim": 0, "each": 2}, "--dim is 0"),
    ],
)
def test_batches_without_a_triplet_are_an_error(
    change: dict[str, int], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        quick(ReidConfig, tmp_path, **change)
