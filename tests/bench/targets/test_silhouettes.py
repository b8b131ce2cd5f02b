"""What silhouettes cost: both sides of a ratio give the same, and the ratios are of two sides."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from edgehuman.bench.contestants import NotMeasured
from edgehuman.bench.targets import silhouettes
from edgehuman.bench.targets.targets import choose
from edgehuman.nets.silhouette.gaitbase import GaitBase
from edgehuman.nets.silhouette.gaitgl import GaitGl


def test_the_slow_networks_give_the_features_of_the_fast() -> None:
    torch.manual_seed(0)
    sils_NTHW = torch.rand(2, 7, 64, 44)
    base, gl = GaitBase((4, 4, 8, 8)).eval(), GaitGl((4, 4, 8)).eval()
    wide = GaitGl((4, 4, 8), depth=2, strips=2).eval()
    with torch.inference_mode():
        found = silhouettes.gaitbase_by_frame(base, sils_NTHW)
        torch.testing.assert_close(found, base.backbone(sils_NTHW))
        for network in (gl, wide):
            found = silhouettes.gaitgl_by_frame(network, sils_NTHW)
            torch.testing.assert_close(found, network.backbone(sils_NTHW))


@pytest.mark.parametrize(
    ("measure", "said", "ratio"),
    [
        (lambda: silhouettes.by_frame_over_whole("gaitbase"), {"by frame": 3, "whole": 2}, 1.5),
        (
            lambda: silhouettes.diffusion_step_over_networks("gaitset_small", dim=8),
            {"step": 3, "networks": 2},
            1.5,
        ),
    ],
)
def test_the_ratios_are_of_two_sides(
    measure: Any, said: dict[str, float], ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []

    def in_turns(sides: dict[str, Any], rounds: int, clock: Any) -> dict[str, float]:
        taken.extend(sides)
        return said

    monkeypatch.setattr(silhouettes, "in_turns", in_turns)
    assert measure() == ratio
    assert sorted(taken) == sorted(said)


def test_a_small_step_of_diffusion_runs_and_teaches_both_networks() -> None:
    from edgehuman.pretrain.diffusion.diffusion import make_model
    from edgehuman.pretrain.diffusion.settings import DiffusionConfig

    config = DiffusionConfig(arch="gaitset_small", dim=8, batch=2, frames=2)
    model = make_model(config).train()
    names = ("network.", "denoiser.")
    first = {n: next(p for k, p in model.named_parameters() if k.startswith(n)) for n in names}
    before = {name: weight.detach().clone() for name, weight in first.items()}
    silhouettes._networks_of(model)()
    assert all(weight.grad is not None for weight in first.values())
    silhouettes._step_of(model)()
    assert not any(torch.equal(before[name], first[name]) for name in names)


def test_batches_come_from_a_packed_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_turns(sides: dict[str, Any], rounds: int, clock: Any) -> dict[str, float]:
        sides["read"]()
        return {"read": 2.0}

    monkeypatch.setattr(silhouettes, "in_turns", in_turns)
    # 32 walks of 30 frames.
    assert silhouettes.packed_frames_per_second(people=8, batches=1) == 480.0


def test_the_simulators_frames_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_turns(sides: dict[str, Any], rounds: int, clock: Any) -> dict[str, float]:
        sides["make"]()
        return {"make": 0.5}

    monkeypatch.setattr(silhouettes, "in_turns", in_turns)
    # 2 people with two walks of 60 frames.
    assert silhouettes.simulated_frames_per_second(people=2) == 480.0


def test_they_are_targets_and_say_so_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [
        "by-frame",
        "gaitset",
        "gaitbase",
        "packed",
        "simulated",
        "one-frame",
        "diffusion-step",
    ]
    goals = [(t.sense, t.goal) for t in choose(names)]
    assert goals == [
        *[("at least", 1.5)] * 4,
        ("at least", 3000.0),
        ("at least", 500.0),
        ("at most", 0.05),
        ("at most", 1.25),
    ]
    monkeypatch.setattr("importlib.util.find_spec", lambda *words: None)
    with pytest.raises(NotMeasured, match="PyTorch is not installed"):
        silhouettes.by_frame_over_whole("gaitbase")
