"""A tiny network learns the widths of bars; a probe leaves its backbone; mistakes are told."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgehuman.card import Card, OutputSpec, TrainingData, silhouette_input
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import CheckpointError, DataError, UsageError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import load_network, read_weights
from edgehuman.nets.silhouette.parts import BnNeck
from edgehuman.outcome import Outcome
from edgehuman.tasks.gait.losses import batch_all_triplets, identity_loss
from edgehuman.tasks.silhouette.gait import SilhouetteLearner, build_network, is_backbone, train
from edgehuman.training.checkpoint import load_state, save_weights
from tests.data.outlines import joined, outlines
from tests.tasks.outlines import quick


def numbers(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome.data, dict)
    return outcome.data


def walks(frames: int = 6, test_frames: int = 6) -> SilhouetteSet:
    """Training people, and test people of other widths."""
    return joined(outlines(5, 4, frames, "train"), outlines(3, 4, test_frames, first=6))


def saved(folder: Path, arch: str, classifier: int = 0) -> nn.Module:
    """A checkpoint of an imported network, with its classifier if it had one."""
    network = build(arch, seed=9, **({"num_ids": classifier} if classifier else {}))
    card = Card(
        "imported", "gait-embedding", arch, 1, 1, silhouette_input(),
        OutputSpec("embedding", distance="cosine", dim=4, parts=2),
        data=(TrainingData("walks", "pretraining", "CC0", "", 100, 7),),
    )  # fmt: skip
    save_weights(folder, network.state_dict(), card)
    return network


def test_training_learns_and_the_card_describes_the_network(tmp_path: Path) -> None:
    data = numbers(train(quick(tmp_path, steps=16, save_every=16, frames=3), walks()))
    losses = [record["loss"] for record in load_state(tmp_path)["records"] if "loss" in record]
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
    assert {"rank1", "rank5", "map", "minp"} <= set(data["metrics"])
    assert data["walks"] == {"learn": 12, "select": 8, "test": 12}
    network, card = load_network(tmp_path)
    assert network(torch.zeros(2, 3, 64, 64, dtype=torch.uint8)).shape == (2, 6, 4)
    output = card.output
    assert (output.kind, output.distance, output.dim, output.parts) == ("embedding", "cosine", 4, 6)
    assert (card.task, card.input) == ("gait-embedding", silhouette_input())
    assert card.decision.threshold == pytest.approx(data["threshold"])
    assert [(row.role, row.windows, row.subjects) for row in card.data] == [
        ("training", 12, 3), ("selection", 8, 2),
    ]  # fmt: skip
    assert {metric.name for metric in card.metrics} == set(data["metrics"])


@pytest.mark.parametrize(
    ("arch", "flags"), [("tiny_base", {}), ("tiny_set", {"identity_weight": 0.1})]
)
def test_identities_are_learned_and_not_saved(
    tmp_path: Path, arch: str, flags: dict[str, Any]
) -> None:
    config = quick(tmp_path, arch=arch, least=2, most=4, frames=3, **flags)
    assert numbers(train(config, walks()))["finished"]
    record = load_state(tmp_path)["records"][0]
    weight = config.recipe(arch).identity_weight
    assert record["loss"] == pytest.approx(record["triplet"] + weight * record["identity"])
    assert not [name for name in read_weights(tmp_path)[0] if "classifier" in name]


def test_the_losses_are_those_of_the_recipe(tmp_path: Path) -> None:
    config = quick(tmp_path, arch="tiny_base", distance="euclidean", margin=0.3, least=2)
    recipe = config.recipe("tiny_base")
    network, classifier = build_network(config, "tiny_base", 2)
    assert isinstance(classifier, BnNeck)
    learner = SilhouetteLearner(network, classifier, recipe, config).eval()
    silhouette_NTHW = torch.from_numpy(outlines(2, 2, 4).silhouette_SHW).reshape(4, 4, 64, 64)
    person_N, length_N = torch.tensor([0, 0, 1, 1]), torch.tensor([4, 2, 4, 4])
    found = learner(silhouette_NTHW, length_N, person_N)
    each = [network(row[None, :length]) for row, length in zip(silhouette_NTHW, length_N.tolist())]  # noqa: B905
    embedding_NPD: Tensor = torch.cat(each)
    triplet_P, _ = batch_all_triplets(embedding_NPD, person_N, 0.3)
    assert found["triplet"].item() == pytest.approx(triplet_P.mean().item(), abs=1e-5)
    logits_NPI = classifier(embedding_NPD.transpose(1, 2)).transpose(1, 2)
    identity = identity_loss(logits_NPI, person_N, 16.0, 0.1)
    assert found["identity"].item() == pytest.approx(identity.item(), abs=1e-4)


def test_a_probe_leaves_the_backbone_and_its_norms(tmp_path: Path) -> None:
    before = saved(tmp_path / "w", "tiny_base").state_dict()
    config = quick(
        tmp_path / "out", weights=tmp_path / "w", arch=None, mode="probe", least=2, most=4,
        select_share=0.0, read_test=False,
    )  # fmt: skip
    train(config, walks())
    after, card = read_weights(tmp_path / "out")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {name for name in before if name.startswith("head.")}
    assert card.recipe == "gait probe"


def test_the_backbones_rate_is_a_ratio_of_the_heads(tmp_path: Path) -> None:
    config = quick(tmp_path, lr_ratio=0.1, select_share=0.0, read_test=False, steps=1, frames=3)
    train(config, walks())
    groups = load_state(tmp_path)["optimiser"]["param_groups"]
    assert {group["lr_scale"] for group in groups} == {0.1, 1.0}
    names = ("network.set_block1.0.weight", "network.head.weight", "classifier.weight")
    assert [is_backbone(name) for name in names] == [True, False, False]


def test_backbone_and_head_are_loaded_without_the_identities(tmp_path: Path) -> None:
    imported = saved(tmp_path / "w", "tiny_base", classifier=9)
    config = quick(
        tmp_path / "out", weights=tmp_path / "w", arch=None, lr=1e-12, min_lr=0.0, steps=1,
        least=2, most=3, select_share=0.0, read_test=False, mode="probe",
    )  # fmt: skip
    train(config, walks())
    weights, card = read_weights(tmp_path / "out")
    for name, tensor in weights.items():
        torch.testing.assert_close(tensor, imported.state_dict()[name])
    assert [row.role for row in card.data] == ["pretraining", "training"]


@pytest.mark.parametrize(
    ("flags", "error", "said"),
    [
        ({"weights": "w"}, CheckpointError, "contains tiny_base, but --arch is tiny_set"),
        ({"arch": "gaitformer_1"}, UsageError, "gaitformer_1 reads SkeletonSequence"),
        ({"arch": "gaitgl", "frames": 2}, UsageError, "--frames is 2; gaitgl needs at least 3"),
        ({"protocol": "nobody"}, UsageError, "unknown protocol 'nobody'"),
    ],
)
def test_mistakes_are_told_before_training(
    tmp_path: Path, flags: dict[str, Any], error: type[Exception], said: str
) -> None:
    saved(tmp_path / "w", "tiny_base")
    if "weights" in flags:
        flags = {**flags, "weights": tmp_path / "w"}
    with pytest.raises(error, match=said):
        train(quick(tmp_path / "x", **flags), walks())
    assert not (tmp_path / "x").exists()


def test_a_flag_is_refused_before_walks_are_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = quick(tmp_path / "x", arch="gaitgl", frames=2, data="simulated")
    with pytest.raises(UsageError, match="--frames is 2; gaitgl needs at least 3"):
        train(config)
    assert "simulated walkers" not in capsys.readouterr().err


def lonely(made: SilhouetteSet) -> SilhouetteSet:
    """Every training person with the first walk alone."""
    is_first_N = np.char.endswith(made.sequence_N, "-0")
    return made.subset((made.role_N != "train") | is_first_N)


def one_in_gallery(made: SilhouetteSet) -> SilhouetteSet:
    role_N = np.where(made.role_N == "gallery", "", made.role_N)
    role_N[np.flatnonzero(made.role_N == "gallery")[0]] = "gallery"
    return dataclasses.replace(made, role_N=role_N)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lonely, "5 training people, 5 of them with a single walk"),
        (one_in_gallery, "one person in the gallery"),
    ],
)
def test_sets_that_cannot_be_trained_or_judged(
    tmp_path: Path, change: Callable[[SilhouetteSet], SilhouetteSet], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        train(quick(tmp_path / "x"), change(walks()))
    assert not (tmp_path / "x").exists()


def test_test_walks_shorter_than_the_network_needs(tmp_path: Path) -> None:
    config = quick(tmp_path / "x", arch="gaitgl", select_share=0.0, frames=3)
    with pytest.raises(DataError, match="none of 12 walks has the 3 frames"):
        train(config, walks(test_frames=2))


def test_a_set_without_a_test_part_keeps_its_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no test part; the checkpoint is in"):
        train(quick(tmp_path, steps=1, frames=3), outlines(5, 4, role="train"))
    assert load_network(tmp_path)[1].arch == "tiny_set"
