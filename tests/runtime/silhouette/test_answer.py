"""One walk is one answer: frames that cannot be used are counted, and the model never sees them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.card import OutputSpec
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.preprocess.silhouette.normalise import normalise_walk
from edgehuman.runtime.gallery import Gallery, empty_gallery
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.silhouette.answer import Identifier, require_silhouettes
from edgehuman.runtime.silhouette.source import walks_in
from tests.runtime.gait_models import write_gait_model
from tests.runtime.outlines import (
    ANNA,
    BOB,
    STRANGER,
    expected,
    mask,
    outline_card,
    step,
    walk,
    write_outline_model,
    write_walk,
)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load(write_outline_model(tmp_path / "outline.onnx"))


@pytest.fixture
def gallery() -> Gallery:
    known = empty_gallery(outline_card())
    for name, body in (("ANNA", ANNA), ("BOB", BOB)):
        known = known.enrol(name, name.lower(), expected(normalise_walk(walk(body, 6))))
    return known


@pytest.mark.parametrize(("body", "label"), [(ANNA, "ANNA"), (BOB, "BOB"), (STRANGER, "unknown")])
def test_a_walk_has_one_identity(
    model: Model, gallery: Gallery, tmp_path: Path, body: tuple[int, int], label: str
) -> None:
    (found,) = walks_in(write_walk(tmp_path / "w", walk(body, 9)))
    result = Identifier(model, gallery).answer(found)
    assert (result.label, result.frames, result.used, result.reason) == (label, 9, 9, "")
    assert result.how == "running maximum"
    assert result.distance == pytest.approx(1 - result.score)
    assert result.embedding_PD is not None
    assert result.embedding_PD.shape == (2, 4)
    assert (result.score >= 0.95) == (label != "unknown")


def test_bad_frames_change_nothing_but_the_counts(model: Model, tmp_path: Path) -> None:
    good = walk(ANNA, 5)
    bad = [np.zeros_like(good[0]), 255 - good[0], np.dstack([good[0], good[0], good[0] // 2])]
    clean = Identifier(model).answer(walks_in(write_walk(tmp_path / "clean", good))[0])
    told: list[str] = []
    mixed = write_walk(tmp_path / "mixed", [good[0], *bad, *good[1:], bad[0]])
    result = Identifier(model, notify=told.append).answer(walks_in(mixed)[0])
    assert np.array_equal(result.embedding_PD, clean.embedding_PD)  # type: ignore[arg-type]
    assert (result.frames, result.used) == (9, 5)
    assert result.dropped == {"empty": 2, "inverted": 1, "colour": 1}
    # Each kind of mistake once, with its frame.
    assert [line.partition(":")[0] for line in told] == ["mixed"] * 3
    assert "2.png" in told[0]
    assert "3.png" in told[1]
    assert "4.png" in told[2]


@pytest.mark.parametrize(
    ("frames", "least", "said"),
    [
        (2, 3, "2 of 2 frames can be used, but outline needs at least 3; give a longer walk"),
        (1, 1, ""),
        (3, 3, ""),
    ],
)
def test_fewer_frames_than_the_model_needs(
    tmp_path: Path, frames: int, least: int, said: str
) -> None:
    model = load(write_outline_model(tmp_path / "o.onnx", parts=False, least=least))
    (found,) = walks_in(write_walk(tmp_path / "w", walk(ANNA, frames)))
    assert Identifier(model).answer(found).reason == said
    if said:
        with pytest.raises(DataError, match=said):
            Identifier(model).embed(found).embed()


def test_a_walk_of_nobody_says_why(model: Model, tmp_path: Path) -> None:
    (found,) = walks_in(write_walk(tmp_path / "w", [np.zeros((80, 100), np.uint8)] * 4))
    result = Identifier(model, notify=lambda line: None).answer(found)
    assert result.reason.startswith("none of 4 frames can be used; the first: frame 1.png shows")
    assert result.dropped == {"empty": 4}


def test_a_model_that_gives_no_numbers_is_no_answer(tmp_path: Path) -> None:
    model = load(write_outline_model(tmp_path / "o.onnx", gain=np.nan))
    (found,) = walks_in(write_walk(tmp_path / "w", [mask(ANNA)]))
    assert "not finite" in Identifier(model).answer(found).reason


def test_other_models_and_galleries_are_refused(model: Model, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="weights bbbbbbbbbbbb"):
        Identifier(model, empty_gallery(outline_card("b" * 64)))
    with pytest.raises(ArtefactError, match="SkeletonSequence to embedding; give a model of silh"):
        require_silhouettes(load(write_gait_model(tmp_path / "nose.onnx")))
    with pytest.raises(ArtefactError, match=r"is a part of a model; give .*outline\.onnx"):
        require_silhouettes(load(tmp_path / "outline.frame.onnx"))
    classes = write_outline_model(
        tmp_path / "c.onnx", parts=False, output=OutputSpec("classes", ("a", "b"))
    )
    with pytest.raises(ArtefactError, match="classes have 2 axes"):
        load(classes)
    tokens = write_outline_model(tmp_path / "t.onnx", parts=False, output=OutputSpec("tokens"))
    with pytest.raises(ArtefactError, match="SilhouetteSequence to tokens"):
        require_silhouettes(load(tokens))
    with pytest.raises(UsageError, match="threshold is 2; it must be from -1 to 1"):
        Identifier(model, threshold=2)


def test_an_empty_gallery_knows_nobody(model: Model, tmp_path: Path) -> None:
    told: list[str] = []
    identifier = Identifier(model, empty_gallery(outline_card()), notify=told.append)
    (found,) = walks_in(write_walk(tmp_path / "w", walk(ANNA, 2)))
    assert identifier.answer(found).label == "unknown"
    assert told == ["the gallery is empty: everybody is unknown"]


@pytest.mark.parametrize("fps", [10, 50])
def test_steps_of_a_video_of_masks_are_counted_by_its_own_rate(
    model: Model, tmp_path: Path, fps: int
) -> None:
    """Four seconds of somebody who takes 1.8 steps a second."""
    path = tmp_path / "door.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (100, 80))
    for t in range(4 * fps):
        video.write(cv2.cvtColor(mask((24, 24 - step(t, fps))), cv2.COLOR_GRAY2BGR))
    video.release()
    (found,) = walks_in(path)
    quality = Identifier(model).answer(found).quality
    assert quality is not None
    assert quality.seen == pytest.approx(7.2, rel=0.15)
