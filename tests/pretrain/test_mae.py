"""Masked autoencoding: hidden patches, encoder input, loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgehuman.errors import DataError, UsageError
from edgehuman.nets.checkpoint import load_network
from edgehuman.nets.imu.imuvit import ImuVit
from edgehuman.pretrain import mae
from edgehuman.pretrain.mae import MaskedAutoencoder, reconstruction_loss
from edgehuman.pretrain.mae_settings import MaeConfig
from edgehuman.records import WindowSet


def tiny(**options: Any) -> MaskedAutoencoder:
    torch.manual_seed(0)
    return MaskedAutoencoder(ImuVit(16, 1, 64), **options)


def test_nine_of_thirty_two_patches_stay_visible() -> None:
    assert tiny().visible == 9
    assert tiny(mask_ratio=0.5).visible == 16


def test_the_loss_counts_hidden_patches_only() -> None:
    patch_NSK, predicted_NSK = torch.zeros(1, 3, 2), torch.zeros(1, 3, 2)
    predicted_NSK[0, 0] = 100.0  # seen: does not count
    predicted_NSK[0, 1] = torch.tensor([1.0, 3.0])
    order_NS = torch.tensor([[0, 2, 1]])
    # Hidden: patches 2 (error 0) and 1 (error (1 + 9) / 2 = 5).
    assert reconstruction_loss(predicted_NSK, patch_NSK, order_NS, 1).item() == 2.5
    everything = reconstruction_loss(predicted_NSK, patch_NSK, order_NS, 0).item()
    assert everything == pytest.approx((10_000 + 0 + 5) / 3)


def test_only_visible_patches_reach_the_encoder() -> None:
    model = tiny()
    seen: list[tuple[int, ...]] = []
    model.encoder.blocks[0].register_forward_pre_hook(lambda m, x: seen.append(x[0].shape))
    model(torch.randn(2, 128, 6))
    slow = tiny(encode="all")
    slow.encoder.blocks[0].register_forward_pre_hook(lambda m, x: seen.append(x[0].shape))
    slow(torch.randn(2, 128, 6))
    assert seen == [(2, 9, 16), (2, 32, 16)]


@pytest.mark.parametrize("encode", ["visible", "all"])
def test_hidden_patches_cannot_leak_into_the_prediction(encode: Any) -> None:
    model = tiny(encode=encode).eval()
    patch_NSK = torch.randn(1, 32, 48)
    order_NS = torch.randperm(32)[None]
    changed_NSK = patch_NSK.clone()
    changed_NSK[0, order_NS[0, model.visible :]] += 5.0
    with torch.inference_mode():
        before = model.reconstruct(patch_NSK, order_NS)
        after = model.reconstruct(changed_NSK, order_NS)
        changed_NSK[0, order_NS[0, 0]] += 1.0
        third = model.reconstruct(changed_NSK, order_NS)
    torch.testing.assert_close(before, after)
    assert not torch.allclose(before, third)


def test_every_weight_learns() -> None:
    model = tiny()
    model(torch.randn(4, 128, 6))["loss"].backward()
    idle = [name for name, p in model.named_parameters() if p.grad is None]
    assert idle == []


def walkers(people: int = 4, windows: int = 12) -> WindowSet:
    """Return sine waves, one frequency per person; the last person is a test person."""
    time_T = np.arange(128) / 50
    imu_NTC = np.zeros((people * windows, 128, 6), np.float32)
    for i in range(people * windows):
        hertz = 1.5 + i // windows * 0.2
        wave_T = np.sin(2 * np.pi * hertz * time_T + i)
        imu_NTC[i] = wave_T[:, None] * np.array([0.3, 0.2, 0.1, 1.0, 0.5, 0.2])
    imu_NTC[..., 0] += 1
    subject_N = np.repeat([f"made:{p}" for p in range(people)], windows)
    count = len(imu_NTC)
    return WindowSet(
        imu_NTC, np.full(count, -1), subject_N, subject_N == f"made:{people - 1}", (), ("made",)
    )


@pytest.fixture
def made_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mae, "load_windows", lambda path, hop, format: walkers())


@pytest.mark.usefixtures("made_data")
def test_training_learns_without_test_people(tmp_path: Path) -> None:
    config = MaeConfig(
        out=tmp_path, threads=1, data=("x",), steps=30, batch=16, lr=2e-3, log_every=5
    )
    outcome = mae.train(config)
    assert isinstance(outcome.data, dict)
    assert outcome.data["finished"] is True
    assert outcome.data["people"] == 2  # four, less one test person, less one held out
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert len(lines) == 7
    network, card = load_network(tmp_path)
    assert card.arch == "imuvit_512x5"
    assert card.data[0].subjects == 2
    assert network(torch.zeros(1, 128, 6)).shape == (1, 128)
    first, last = (json.loads(lines[i])["loss"] for i in (0, 5))
    assert last < first


def test_the_loss_of_the_raw_view_leaves_the_fine_one_out() -> None:
    both = torch.arange(2 * 32 * 48, dtype=torch.float32).reshape(2, 32, 48)
    raw_NSK = mae.raw_of(both)
    assert raw_NSK.shape == (2, 32, 24)
    # Of each of a patch's four samples the first six of twelve values.
    assert raw_NSK[0, 0].tolist() == [*range(6), *range(12, 18), *range(24, 30), *range(36, 42)]
    imu_NTC = torch.randn(4, 128, 6)
    losses = []
    for view in ("both", "raw"):
        torch.manual_seed(0)
        model = MaskedAutoencoder(ImuVit(16, 1, 64), loss_view=view).eval()
        torch.manual_seed(1)
        losses.append(model(imu_NTC)["loss"].item())
    assert losses[0] != losses[1]


@pytest.mark.usefixtures("made_data")
@pytest.mark.parametrize(("by", "people"), [("user", 1), ("random", 2)])
def test_subsets_by_user_drop_people_and_by_random_keep_them(
    tmp_path: Path, by: Any, people: int
) -> None:
    config = MaeConfig(out=tmp_path, data=("x",), subset=0.5, subset_by=by)
    learn, valid = mae.pretraining_windows(config)
    assert len(learn[0]) == 12
    assert len(np.unique(learn[0].subject_N)) == people
    assert not set(learn[0].subject_N.tolist()) & set(valid[0].subject_N.tolist())


def test_an_occupied_folder_is_refused_before_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mae, "load_windows", lambda path, hop, format: pytest.fail("too late"))
    (tmp_path / "state.pt").write_bytes(b"kept")
    with pytest.raises(UsageError, match="already contains a checkpoint"):
        mae.train(MaeConfig(out=tmp_path))


def test_only_test_people_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only = walkers(1)
    monkeypatch.setattr(mae, "load_windows", lambda path, hop, format: only)
    with pytest.raises(DataError, match="no windows left without the test people"):
        mae.train(MaeConfig(out=tmp_path, data=("x",)))


def test_wrong_settings_name_the_flag_and_the_rule(tmp_path: Path) -> None:
    for ratio in (1.5, 0.99, 0.0):
        with pytest.raises(UsageError, match=rf"--mask-ratio is {ratio}; it must be a share that"):
            MaeConfig(out=tmp_path, mask_ratio=ratio)
    with pytest.raises(UsageError, match="unknown network 'imuvit_512x6'"):
        mae.train(MaeConfig(out=tmp_path, arch="imuvit_512x6"))
