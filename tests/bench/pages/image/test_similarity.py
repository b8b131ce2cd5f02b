"""The similarity picture: what asks, what answers, and that it is drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.pages.image import similarity as similarity_picture
from edgehuman.bench.pages.image.similarity import (
    SimilarityConfig,
    agreement,
    margin,
    picture_similarity,
    scenes,
    similarity,
)
from edgehuman.card import IMU_INPUT, Card, OutputSpec
from edgehuman.errors import UsageError
from edgehuman.nets.building import build
from edgehuman.training.checkpoint import save_weights
from tests.bench.pages.image.test_identity import checkpoint_of, made_people


def test_the_person_is_shown_small_large_and_between_two_others() -> None:
    people = made_people(4, 2, 0, 64, 32)
    small, large, crowd = scenes(people, (0.5, 1.5))
    assert (small.shape, large.shape, crowd.shape) == ((32, 16, 3), (96, 48, 3), (64, 96, 3))
    shades = people.image_NHWC[::2, 0, 0, 0].tolist()
    assert crowd[0, [16, 48, 80], 0].tolist() == [shades[1], shades[0], shades[2]]


def test_similarity_is_the_cosine_less_the_mean_cell() -> None:
    map_EHW = np.array([[[3.0, 1.0, 1.0]], [[1.0, 5.0, -1.0]]], np.float32)
    found = similarity(np.array([2.0, 1.0]), map_EHW, np.array([1.0, 1.0]))
    np.testing.assert_allclose(found, [[1.0, 0.0, 0.0]])


def test_the_numbers_by_hand() -> None:
    crowd_HW = np.array([[0.1, 0.9, 0.3]] * 2, np.float32)
    assert margin(crowd_HW) == pytest.approx(0.7)
    small = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    large = np.kron(small, np.ones((2, 2), np.float32))
    assert agreement(large, small) == pytest.approx(1.0)
    assert agreement(small, 1 - large) == pytest.approx(-1.0)


def test_the_picture_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(similarity_picture, "simulate_people", made_people)
    out = tmp_path / "new" / "map.png"
    words = ["--model", str(checkpoint_of(tmp_path)), "--out", str(out), "--json"]
    assert main(SimilarityConfig, picture_similarity, words) == 0
    data = json.loads(capsys.readouterr().out)
    assert set(data["pretrained"]) == {"margin", "agreement"}
    drawn = cv2.imread(str(out))
    assert drawn is not None
    assert min(drawn.shape[:2]) > 300


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scales": (0.1, 1.0)}, r"--scales are \(0.1, 1.0\); they must be from 0.25 to 4"),
        ({"out": Path("x.jpg")}, r"--out is x.jpg; its name must end in .png"),
        ({"seed": -1}, "--seed is -1; it must be at least 0"),
    ],
)
def test_wrong_words_name_the_rule(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        SimilarityConfig(model=Path("nowhere"), **changes)


def test_a_network_that_reads_no_pictures_is_refused(tmp_path: Path) -> None:
    card = Card("x", "embedding", "imuconv_288k", 1, 1, IMU_INPUT, OutputSpec("embedding", dim=4))
    save_weights(tmp_path, build("imuconv_288k").state_dict(), card)
    with pytest.raises(UsageError, match="holds imuconv_288k, which reads ImuWindow; give the"):
        picture_similarity(SimilarityConfig(model=tmp_path))
