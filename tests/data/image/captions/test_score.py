"""Text-to-image search, scored by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from edgehuman.data.image.captions.score import caption_scores, search_metrics
from edgehuman.data.image.set import PersonSet
from edgehuman.errors import ArtefactError, DataError, ImageError
from edgehuman.records import Float32, Uint8


def turned(degrees: Sequence[float]) -> Float32:
    """Unit vectors at these angles."""
    angle_N = np.radians(degrees)
    return np.stack([np.cos(angle_N), np.sin(angle_N)], axis=1).astype(np.float32)


def test_the_example_of_two_matches_at_ranks_1_and_4_of_5() -> None:
    # Pictures at 10 to 50 degrees from the caption; its person is on the first and the fourth.
    found = search_metrics(
        turned([0]), np.array([7]), turned([10, 20, 30, 40, 50]), np.array([7, 1, 2, 7, 3])
    )
    assert found["mean_ap"] == pytest.approx((1 / 1 + 2 / 4) / 2)
    assert found["mean_inp"] == pytest.approx(2 / 4)
    assert (found["rank1"], found["rank5"], found["rank10"]) == (1, 1, 1)


def test_every_caption_asks_and_its_own_picture_counts() -> None:
    # Two captions of person 1, at 0 and 90 degrees; her picture at 0, the other's at 80.
    found = search_metrics(turned([0, 90]), np.array([1, 1]), turned([0, 80]), np.array([1, 2]))
    assert found["rank1"] == 0.5
    assert found["mean_ap"] == pytest.approx((1 + 1 / 2) / 2)


class Broken(list[Uint8]):
    """Pictures of which the second cannot be read."""

    def __getitem__(self, index: int) -> Uint8:  # type: ignore[override]
        if index == 1:
            raise ImageError("1.jpg: no such file; copy it again")
        return super().__getitem__(index)


def people() -> PersonSet:
    grey = [np.full((16, 8, 3), level, np.uint8) for level in (10, 20, 200)]
    return PersonSet(
        Broken(grey),
        np.array([0, 0, 1]),
        np.full(3, -1),
        np.array(["test"] * 3),
        captions=(("dark", "dim"), ("lost",), ("light",)),
        dataset="grey",
    )


def see(image_NHWC: Uint8) -> Float32:
    return turned((image_NHWC[:, 0, 0, 0] / 3).tolist())


def speak(sentences: Sequence[str]) -> Float32:
    return turned([{"dark": 0, "dim": 5, "light": 60}[one] for one in sentences])


def test_a_missing_picture_is_counted_and_its_captions_do_not_ask() -> None:
    found = caption_scores(people(), np.arange(3), see, speak, (16, 8), batch=2)
    assert found.metrics["rank1"] == 1
    assert (found.pictures, found.unreadable) == (2, 1)
    assert found.said == "3 captions against 2 pictures of 2 people"


def test_vectors_that_are_not_finite_and_no_picture_are_refused() -> None:
    with pytest.raises(ArtefactError, match="not finite"):
        caption_scores(people(), np.arange(3), lambda x: see(x) * np.nan, speak, (16, 8))
    with pytest.raises(DataError, match="no picture to score, or none is readable"):
        caption_scores(people(), np.array([1]), see, speak, (16, 8))
