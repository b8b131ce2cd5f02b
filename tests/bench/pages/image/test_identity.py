"""The identity check: who asks, who is searched, and what random weights would do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from edgehuman.bench.entry import main
from edgehuman.bench.pages.image import identity as identity_check
from edgehuman.bench.pages.image.identity import (
    IdentityConfig,
    check_identities,
    random_twin,
    score,
)
from edgehuman.card import IMU_INPUT, Card, OutputSpec, image_input
from edgehuman.errors import UsageError
from edgehuman.nets.building import build
from edgehuman.simulate.image.people import PersonImages
from edgehuman.training.checkpoint import save_weights


def made_people(num_people: int, each: int, seed: int, height: int, width: int) -> PersonImages:
    """People of one colour each, whom a blind network could tell apart by their brightness."""
    person_N = np.arange(num_people * each) // each
    shade_N = (20 + 200 * person_N // max(1, num_people - 1)).astype(np.uint8)
    image_NHWC = np.broadcast_to(
        shade_N[:, None, None, None], (len(person_N), height, width, 3)
    ).copy()
    count = len(person_N)
    return PersonImages(
        image_NHWC,
        person_N,
        np.arange(count) % each,
        np.zeros((count, 17, 3), np.float32),
        np.zeros((count, 133, 3), np.float32),
        np.zeros((count, height, width), np.uint8),
        np.zeros((count, 1), np.int8),
    )


def checkpoint_of(folder: Path, arch: str = "starnet_s3") -> Path:
    network = build(arch, 0, image_size=(64, 32))
    output = OutputSpec("embedding", distance="cosine", dim=256)
    card = Card("x", "embedding", arch, 1, 1, image_input(64, 32), output)
    save_weights(folder, network.state_dict(), card)
    return folder


def test_one_picture_asks_and_the_same_camera_does_not_count() -> None:
    people = made_people(2, 3, 0, 16, 16)
    # Person 0: the picture that asks and one of the same camera are one vector, the third another.
    feature_ND = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [0, 1]], np.float32)
    camera_N = np.array([0, 0, 1, 0, 1, 2])
    seen = PersonImages(people.image_NHWC, people.person_N, camera_N, *[people.keypoint_NJ3] * 4)  # type: ignore[arg-type]
    found = score(feature_ND, seen)
    # Person 0 finds all of person 1 first (ties count against), person 1 finds itself beside 0's
    # third picture: a tie again.
    assert (found.rank1, found.queries) == (0.0, 2)
    better = feature_ND.copy()
    better[2] = [1, 0]
    assert score(better, seen).rank1 == 1.0


def test_random_weights_have_measured_the_pictures() -> None:
    people = made_people(4, 2, 0, 64, 32)
    twin = random_twin("starnet_s3", people.image_NHWC, batch=3)
    assert not twin.training
    stem = twin.get_submodule("stem.0.bn")
    assert isinstance(stem, torch.nn.BatchNorm2d)
    assert stem.num_batches_tracked is not None
    assert stem.num_batches_tracked.item() == 3


def test_both_networks_are_measured_and_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(identity_check, "simulate_people", made_people)
    folder = str(checkpoint_of(tmp_path))
    assert main(IdentityConfig, check_identities, [folder, "--people", "3", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["people"], data["pictures"], data["simulated"]) == (3, 12, True)
    for name in ("random", "pretrained"):
        assert 0 <= data[name]["rank1"] <= 1
        assert data[name]["queries"] == 3
    assert main(IdentityConfig, check_identities, [folder, "--people", "3"]) == 0
    assert "Rank-1" in capsys.readouterr().out


def test_what_has_no_persons_to_tell_apart_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = Card("x", "embedding", "imuconv_288k", 1, 1, IMU_INPUT, OutputSpec("embedding", dim=4))
    save_weights(tmp_path, build("imuconv_288k").state_dict(), card)
    assert main(IdentityConfig, check_identities, [str(tmp_path)]) == 2
    assert "imuconv_288k: ImuWindow to embedding; give the" in capsys.readouterr().err
    assert main(IdentityConfig, check_identities, [str(tmp_path / "none")]) == 1
    assert "no such folder" in capsys.readouterr().err
    for name in ("people", "each", "batch"):
        with pytest.raises(UsageError, match=f"--{name} is 0; it must be at least"):
            IdentityConfig(tmp_path, **{name: 0})  # type: ignore[arg-type]
