"""Pictures that calibrate and judge: any size becomes the network's; the unreadable are left."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.card import Card, OutputSpec, image_input, skeleton_input
from edgehuman.data.gait.walks import simulated_set
from edgehuman.errors import DataError
from edgehuman.export.proof import samples as records
from edgehuman.export.proof.samples import load_samples


@pytest.fixture
def person_card() -> Card:
    output = OutputSpec("embedding", distance="cosine", dim=8)
    return Card("toy", "person-embedding", "toy", 1, 1, image_input(64, 32), output)


def write(path: Path, height: int, width: int, grey: int) -> None:
    cv2.imwrite(str(path), np.full((height, width, 3), grey, np.uint8))


def test_pictures_of_a_folder_take_the_size_of_the_network(
    tmp_path: Path, person_card: Card
) -> None:
    write(tmp_path / "large.png", 200, 90, 10)
    write(tmp_path / "small.png", 20, 20, 200)
    (tmp_path / "torn.png").write_bytes(b"\x89PNG and no more")
    samples = load_samples(person_card, tmp_path)
    assert samples.array.shape == (2, 64, 32, 3)
    assert samples.array.dtype == np.uint8
    assert samples.array[:, 5, 5, 0].tolist() == [10, 200]
    assert samples.person_N.tolist() == ["large.png", "small.png"]
    assert samples.label_N.tolist() == [-1, -1]
    assert samples.source == f"pictures of {tmp_path.name}"


def test_a_folder_without_one_sound_picture_is_refused(tmp_path: Path, person_card: Card) -> None:
    (tmp_path / "torn.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match="none of its 1 pictures can be read"):
        load_samples(person_card, tmp_path)
    (tmp_path / "torn.png").unlink()
    with pytest.raises(DataError):
        load_samples(person_card, tmp_path)


def test_simulated_people_are_several_pictures_of_each(person_card: Card) -> None:
    samples = load_samples(person_card, "simulated")
    assert samples.array.shape[1:] == (64, 32, 3)
    people, count_P = np.unique(samples.person_N, return_counts=True)
    assert len(people) >= 32
    assert set(count_P.tolist()) == {4}
    assert samples.source == "simulated people"


@pytest.fixture
def gait_card() -> Card:
    output = OutputSpec("embedding", distance="cosine", dim=8)
    return Card("toy", "gait-embedding", "toy", 1, 1, skeleton_input(32), output)


def test_simulated_walks_are_cut_one_stretch_after_the_other(gait_card: Card) -> None:
    samples = load_samples(gait_card, "simulated")
    assert samples.array.shape[1:] == (32, 18, 3)
    assert samples.array.dtype == np.float32
    people, count_P = np.unique(samples.person_N, return_counts=True)
    assert len(people) == 64
    # Four walks of 96 frames each.
    assert set(count_P.tolist()) == {12}
    assert samples.source == "simulated walks"


def test_walks_come_at_the_rate_of_the_card_and_those_to_be_tested_stay_out(
    gait_card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = simulated_set(people=2, each=2, seed=0, frames=50)
    role_N = np.array(["train", "probe", "train", "probe"])
    # As if the cameras had taken 12 frames a second: twice as many at 24.
    made = dataclasses.replace(walks, role_N=role_N, rate_hz_N=np.full(4, 12.0))
    monkeypatch.setattr(records, "load_skeletons", lambda data, **few: made)
    samples = load_samples(gait_card, "made")
    assert len(samples) == 2 * 3
    first_J3 = made.sequence(0)[0]
    assert samples.array[0, 0] == pytest.approx(first_J3, abs=1e-3)
    assert samples.source == "walks of simulated"


def test_walks_that_are_all_too_short_are_refused(
    gait_card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = simulated_set(people=1, each=2, seed=0, frames=30)
    monkeypatch.setattr(records, "load_skeletons", lambda data, **few: walks)
    with pytest.raises(DataError, match="none of its 2 walks has 32 frames at 24 Hz"):
        load_samples(gait_card, "made")
