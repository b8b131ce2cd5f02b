"""Pose learns on synthetic people, in the joint layout of the task."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from edgehuman.card import OutputSpec
from edgehuman.data.image.load import PersonSet
from edgehuman.errors import DataError, UsageError
from edgehuman.geometry import COCO_17, COCO_WHOLEBODY_133
from edgehuman.metrics.person_answers import joints_of
from edgehuman.nets.checkpoint import load_network
from edgehuman.nets.image.heads import with_head
from edgehuman.tasks.image import train as person_training
from edgehuman.tasks.image.heatmaps import gaussian_targets
from edgehuman.tasks.image.pose import PoseLearner, train
from edgehuman.tasks.image.settings import LandmarksConfig, PoseConfig
from tests.nets.tiny_encoder import seeded
from tests.tasks.people import losses, made_people, quick


def test_losses_fall_and_the_card_names_the_joints(people: PersonSet, tmp_path: Path) -> None:
    outcome = train(quick(PoseConfig, tmp_path, steps=16, rotate_deg=10, scale=0.1))
    assert isinstance(outcome.data, dict)
    assert losses(tmp_path)[-1] < losses(tmp_path)[0]
    assert {"mean_oks", "ap", "ar"} <= set(outcome.data["metrics"])
    network, card = load_network(tmp_path)
    assert (card.output.kind, card.output.labels) == ("heatmaps", COCO_17)
    assert network(torch.from_numpy(people.image(0))[None]).shape == (1, 17, 16, 8)


def test_landmarks_are_133_and_scored_by_part(
    people: PersonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = made_people(joints=COCO_WHOLEBODY_133)
    monkeypatch.setattr(person_training, "load_persons", lambda path, task, shape: whole)
    outcome = train(quick(LandmarksConfig, tmp_path, steps=2, batch=4, select_share=0.0))
    assert isinstance(outcome.data, dict)
    assert {"ap_whole", "ap_body", "ap_foot", "ap_face", "ap_hand"} <= set(outcome.data["metrics"])
    assert load_network(tmp_path)[1].output.labels == COCO_WHOLEBODY_133


def test_targets_and_predictions_use_the_same_coordinates() -> None:
    network = with_head(seeded(), OutputSpec("heatmaps", ("a", "b")))
    learner = PoseLearner(network, (64, 32), sigma=2.0)
    joint_NJ3 = torch.tensor([[[9.0, 30.5, 2.0], [20.0, 41.0, 1.0]]])
    target_NJHW, weight_NJ = gaussian_targets(joint_NJ3 + 0.5, learner.grid, 2.0)
    found = joints_of(target_NJHW.numpy())
    assert found[0, :, :2] == pytest.approx(joint_NJ3[0, :, :2].numpy(), abs=0.01)
    assert weight_NJ.tolist() == [[1, 1]]
    image_NHWC = torch.zeros((1, 64, 32, 3), dtype=torch.uint8)
    expected = 1e3 * (network(image_NHWC) - target_NJHW).square().mean()
    torch.testing.assert_close(learner.eval()(image_NHWC, joint_NJ3)["loss"], expected)


def test_a_wrong_joint_count_is_an_error(
    people: PersonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = dataclasses.replace(people, keypoint_NJ3=people.keypoint_NJ3[:, :5])
    monkeypatch.setattr(person_training, "load_persons", lambda path, task, shape: few)
    with pytest.raises(DataError, match="5 joints per person, but --task pose needs 17"):
        train(quick(PoseConfig, tmp_path))


def test_sigma_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--sigma is 0"):
        quick(PoseConfig, tmp_path, sigma=0.0)
