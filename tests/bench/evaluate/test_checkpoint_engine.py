"""A network of PyTorch behind the interface of the engines gives the network's own answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.evaluate.checkpoint_engine import open_checkpoint, open_random
from edgehuman.errors import CheckpointError, UsageError

torch = pytest.importorskip("torch")

NAME = "imuconv_288k"


def test_a_catalogued_network_answers_with_seeded_random_weights() -> None:
    imu_NTC = np.random.default_rng(0).normal(size=(3, 128, 6)).astype(np.float32)
    one, same, other = (open_random(NAME, seed) for seed in (1, 1, 2))
    logits_NC = one.logits(imu_NTC)
    assert logits_NC.shape[0] == 3
    assert logits_NC.dtype == np.float32
    np.testing.assert_array_equal(logits_NC, same.logits(imu_NTC))
    assert not np.array_equal(logits_NC, other.logits(imu_NTC))
    assert dict(one.engine.describe()) == {
        "engine": "torch", "version": torch.__version__, "threads": 1, "path": NAME
    }  # fmt: skip


def test_a_network_of_walks_takes_windows_of_any_length() -> None:
    model = open_random("gaitptv2_deep_1", 0, frames=20)
    assert model.card.input.shape == (20, 18, 3)
    assert model.logits(np.zeros((2, 20, 18, 3), np.float32)).shape[0] == 2
    assert open_random("gaitptv2_deep_1", 0).card.input.shape[0] != 20


def test_a_checkpoint_answers_as_the_network_that_it_holds(tmp_path: Path) -> None:
    from edgehuman.export.networks import random_network
    from edgehuman.training.checkpoint import save_weights

    network, card = random_network(NAME, 3)
    save_weights(tmp_path, network.state_dict(), card)
    model = open_checkpoint(tmp_path, threads=1)
    imu_NTC = np.random.default_rng(0).normal(size=(2, 128, 6)).astype(np.float32)
    with torch.inference_mode():
        expected_NC = network.eval()(torch.from_numpy(imu_NTC)).numpy()
    np.testing.assert_array_equal(model.logits(imu_NTC), expected_NC)
    assert model.name == str(tmp_path)


def test_what_is_no_checkpoint_and_no_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        open_checkpoint(tmp_path)
    with pytest.raises(UsageError, match="unknown network 'nope'"):
        open_random("nope", 0)
