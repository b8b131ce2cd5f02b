"""Pruning a network of somebody's own: what is written, what it costs, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from edgehuman import own
from edgehuman.card import WEIGHTS
from edgehuman.cli import main
from edgehuman.distill.prune import prune as module
from edgehuman.distill.prune.channels import narrowed
from edgehuman.distill.prune.prune import prune
from edgehuman.distill.prune.settings import PruneConfig
from edgehuman.errors import CheckpointError, MissingDependencyError, TrainingError, UsageError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import load_network
from edgehuman.runtime.model import load
from tests.distill.wide import Wide

WIDE = "tests.distill.wide:Wide"
RECORD = torch.randn(2, 128, 6, generator=torch.Generator().manual_seed(0))

needs_library = pytest.mark.skipif(
    own.is_missing("torch_pruning"), reason="torch-pruning is not installed; the extra is `prune`"
)


def timed(monkeypatch: pytest.MonkeyPatch, before_ms: float, after_ms: float) -> None:
    monkeypatch.setattr(module, "latencies_ms", lambda networks, record: (before_ms, after_ms))


@needs_library
def test_it_is_written_with_its_card_and_loaded_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed(monkeypatch, 2.0, 1.0)
    done = prune(PruneConfig(network=WIDE, width=0.5, out=tmp_path / "narrow"))
    assert isinstance(done.data, dict)
    assert done.data["latency_ms"] == {"before": 2.0, "after": 1.0}
    assert done.data["gain"] == 0.5
    network, card = load_network(tmp_path / "narrow")
    assert sum(each.numel() for each in network.parameters()) == card.params
    assert done.data["params"] == {"before": 19462, "after": card.params}
    assert card.pruned
    assert card.recipe.endswith("pruned to width 0.5, not trained since")
    same = narrowed(build(WIDE, num_classes=6), RECORD, 0.5, ())
    torch.testing.assert_close(network(RECORD), same(RECORD))
    assert isinstance(network, Wide)
    assert (network.depth.groups, network.depth.in_channels, network.norm.num_features) == (48,) * 3


@needs_library
def test_a_gain_under_a_tenth_is_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed(monkeypatch, 2.0, 1.81)
    with pytest.raises(
        TrainingError, match=r"from 2\.00 to 1\.81 ms, a gain of 9 %.*smaller --wid"
    ):
        prune(PruneConfig(network=WIDE, out=tmp_path / "narrow"))
    assert not (tmp_path / "narrow" / WEIGHTS).exists()


@needs_library
def test_the_catalogue_s_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"imuconv_288k, of the catalogue; .*smaller architecture"):
        prune(PruneConfig(network="imuconv_288k", out=tmp_path / "narrow"))


def test_both_are_timed_in_turns_on_one_thread() -> None:
    threads = []

    class Slow(torch.nn.Module):
        def forward(self, record: torch.Tensor) -> torch.Tensor:
            threads.append(torch.get_num_threads())
            return record

    before = torch.get_num_threads()
    first_ms, second_ms = module.latencies_ms((Slow(), torch.nn.Identity()), RECORD)
    assert first_ms > 0
    assert second_ms > 0
    assert threads == [1] * 60
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("width", [0.0, 1.0, float("nan")])
def test_a_width_that_is_no_share_is_refused(width: float) -> None:
    with pytest.raises(UsageError, match="it must be above 0 and below 1"):
        PruneConfig(network=WIDE, width=width)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_missing", lambda name: True)
    with pytest.raises(MissingDependencyError, match="the extra `prune` brings it; run: pip ins"):
        prune(PruneConfig(network=WIDE))


@pytest.mark.slow
@needs_library
def test_what_it_writes_is_exported_and_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed(monkeypatch, 2.0, 1.0)
    narrow, tuned = tmp_path / "narrow", tmp_path / "tuned"
    assert main(["prune", WIDE, "--width", "0.5", "--out", str(narrow)]) == 0
    path = tmp_path / "narrow.onnx"
    assert main(["export", str(narrow), "--out", str(path)]) == 0
    network, _ = load_network(narrow)
    with torch.inference_mode():
        expected = network(RECORD).numpy()
    np.testing.assert_allclose(load(str(path)).logits(RECORD.numpy()), expected, atol=1e-4)
    with pytest.raises(CheckpointError, match="is pruned: its widths cannot be read back"):
        load_network(path)
    words = f"finetune --task activity --arch {WIDE} --steps 2 --batch 8"
    data = ["--data", "simulated", "--no-read-test", "--weights", str(narrow), "--out", str(tuned)]
    assert main([*words.split(), *data]) == 0
    again, card = load_network(tuned)
    assert card.pruned
    assert card.params == sum(each.numel() for each in again.parameters())
    assert again.get_parameter("stem.weight").shape == (48, 6, 5)
