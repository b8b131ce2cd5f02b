"""Prefetching does not change batches; an unreadable image does not stop training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from edgehuman.errors import DataError, ImageError
from edgehuman.records import Index
from edgehuman.tasks.image.reading_ahead import ReadAhead
from edgehuman.training.processes import Place

PLACE = Place(torch.device("cpu"), 0, 1, torch.float32)


def indices(step: int, place: Place) -> Index:
    return np.arange(3 * step, 3 * step + 3)


def noisy(index: int, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
    return np.array([index, rng.integers(1000)]), np.array(index % 2)


def drawn(workers: int, steps: list[int]) -> list[list[torch.Tensor]]:
    with ReadAhead(indices, noisy, seed=1, workers=workers) as batch:
        return [list(batch(step, PLACE)) for step in steps]


def test_threads_and_first_step_do_not_change_batches() -> None:
    slow, fast = drawn(0, [0, 1, 2, 3]), drawn(2, [0, 1, 2, 3])
    resumed = drawn(2, [2, 3])
    for one, other in zip([*slow, *slow[2:]], [*fast, *resumed], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert slow[1][0][:, 0].tolist() == [3, 4, 5]
    assert slow[1][1].tolist() == [1, 0, 1]


def test_another_image_replaces_an_unreadable_one() -> None:
    def broken(index: int, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        if index == 1:
            raise ImageError("cut short")
        return (np.array(index),)

    with ReadAhead(indices, broken, seed=0, workers=0) as batch:
        assert batch(0, PLACE)[0].tolist() == [0, 2, 2]
        assert batch.unreadable == {1: "cut short"}


@pytest.mark.parametrize("workers", [0, 1])
def test_a_batch_without_a_readable_image_is_an_error(workers: int) -> None:
    def broken(index: int, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        raise ImageError(f"picture {index} is empty")

    with (
        ReadAhead(indices, broken, seed=0, workers=workers) as batch,
        pytest.raises(DataError, match="cannot read any of the 3 images of a batch; the first"),
    ):
        batch(0, PLACE)
