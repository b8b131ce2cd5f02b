"""A view of a sample is the same in whatever order and company it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgehuman.distill.views import Views
from edgehuman.records import Index
from edgehuman.tasks.finetune import TrainingSamples
from edgehuman.tasks.imu.activity import prepare
from edgehuman.tasks.imu.settings import ActivityConfig
from edgehuman.tasks.learner import Learner
from tests.tasks.conftest import made_windows

AUGMENTED = {"rotation_deg": 90.0, "jitter": 0.1, "mixup": 0.4}


class Noisy(Learner):
    """Adds noise to whole batches."""

    def __init__(self, noise: float) -> None:
        super().__init__()
        self.network, self.noise = nn.Identity(), noise

    def viewed(self, *batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if not self.noise:
            return batch
        return batch[0] + self.noise * torch.randn_like(batch[0]), batch[1]

    def loss_of(self, output_N: torch.Tensor, *target: torch.Tensor) -> dict[str, torch.Tensor]:
        raise AssertionError("views have no loss")


def views(together: int, seed: int = 0, number: int = 3, shift_at: int = -1) -> Views:
    """Views of 20 samples.

    Args:
        shift_at: a sample whose record is another.
    """

    def batch_of(index_B: Index, rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
        made_B = torch.from_numpy(index_B + 100 * rng.random(len(index_B)))
        made_B[torch.from_numpy(index_B == shift_at)] += 1
        return made_B, torch.from_numpy(index_B)

    names = tuple(f"s{place}" for place in range(20))
    samples = TrainingSamples(names, lambda step, place: np.arange(4), batch_of, together)
    # Where samples are read one by one, reading alone augments.
    return Views(samples, Noisy(float(together > 1)), number, seed)


@pytest.mark.parametrize("together", [1, 8, 64])
def test_order_and_company_change_nothing(together: int) -> None:
    drawn = views(together)
    all_N, target_N = drawn.batch(np.arange(20), 1)
    some_B, target_B = views(together).batch(np.array([17, 3, 3]), 1)
    assert torch.equal(some_B, all_N[[17, 3, 3]])
    assert torch.equal(target_B, target_N[[17, 3, 3]])
    assert not torch.equal(drawn.batch(np.arange(20), 2)[0], all_N)
    assert np.array_equal(drawn.records(np.arange(20), 1), all_N.numpy())


def test_drawing_views_leaves_the_trainings_random_numbers_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    views(8).batch(np.arange(4), 0)
    assert torch.equal(torch.rand(1), expected)


def test_the_digest_tells_another_preprocessing() -> None:
    digests = [views(8).digest(), views(8, seed=1).digest(), views(64).digest()]
    assert len(set(digests)) == 3
    assert views(8).digest() == digests[0]


@pytest.mark.parametrize("together", [1, 8])
def test_the_digest_tells_of_a_rare_augmentation_and_not_of_more_views(together: int) -> None:
    # 12 is none of eight samples spread evenly over the twenty.
    assert views(together, shift_at=12).digest() != views(together).digest()
    assert views(together, number=8).digest() == views(together).digest()


def test_every_pass_over_the_samples_has_the_next_view() -> None:
    drawn = views(8)
    assert [drawn.of_step(step, batch=10) for step in range(8)] == [0, 0, 1, 1, 2, 2, 0, 0]


def test_a_tasks_views_keep_record_and_target_together(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"arch": "imuconv_288k", "select_share": 0.25, **AUGMENTED}
    work = prepare(ActivityConfig(out=tmp_path, **fields), made_windows())
    training = work.training
    assert training.samples is not None
    learner: Any = training.learner(training.network)
    first = Views(training.samples, learner, 2, 0)
    index_B = np.array([5, 1])
    record_BTC, right_BPK, other_BPK, share_B = first.batch(index_B, 1)
    again = Views(training.samples, learner, 2, 0).batch(index_B[::-1].copy(), 1)
    assert torch.equal(again[0], record_BTC.flip(0))
    assert torch.equal(again[1], right_BPK.flip(0))
    assert record_BTC.shape[1:] == (128, 6)
    assert share_B.shape == (2,)
    assert other_BPK.shape == right_BPK.shape
