"""The coordinate check of the maximal update parametrisation, on gait networks.

    python -m edgehuman.bench.pages.skeleton.mup_check [--arch gaitformer_1] [--factors 1 2]

Networks of one depth and growing width take a few steps of contrastive training on the same
simulated walks. How far the output of every linear layer moved, as a root mean square, must not
depend on the width under muP; without it, it grows (Yang et al., arXiv 2203.03466, appendix D.1,
and section 3 of "Tensor Programs IV"). The slope of its logarithm over that of the width is printed
layer by layer; the exit code is 1 if one exceeds --most under muP.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.targets.ratios import require_torch
from edgehuman.config import require
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class MupCheckConfig:
    """Do activations keep their size as a network grows wider?"""

    arch: str = "gaitformer_1"
    """The network at the base width."""
    factors: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    """Widths, as shares of the base width."""
    depth: int = 2
    """Layers; for GaitPTv2, layers of each module."""
    steps: int = 4
    """Optimiser steps before the activations are compared."""
    lr: float = 0.0016
    """Learning rate at the base width."""
    batch: int = 32
    """Sequences, the same in all steps."""
    frames: int = 16
    """Frames per sequence."""
    seeds: int = 3
    """Random starts to average."""
    most: float = 0.2
    """Largest slope, positive or negative, that counts as flat."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if len(set(self.factors)) < 2:
            raise UsageError(f"--factors is {self.factors}; give at least two widths")
        counted = ("depth", "steps", "lr", "batch", "frames", "seeds", "most")
        require(self, ((getattr(self, name) > 0, name, "above 0") for name in counted))


def movements(config: MupCheckConfig, factor: float, mup: bool, seed: int) -> dict[str, float]:
    """How far the output of every linear layer moved in a few steps, by the layer's name."""
    import torch

    from edgehuman.pretrain.contrastive.contrastive import nt_xent
    from edgehuman.pretrain.mup import decay_scale, lr_scale, prepare
    from edgehuman.training.optimiser import make_optimiser
    from edgehuman.training.settings import TrainingConfig

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network, base = (sized(config.arch, f, config.depth) for f in (factor, 1.0))
    scaled = prepare(network, base if mup else network, seed)
    settings = TrainingConfig(out="", lr=config.lr, weight_decay=0.0)  # type: ignore[arg-type]
    optimiser = make_optimiser(network, settings, lr_scale(scaled), decay_scale(scaled))
    for group in optimiser.param_groups:
        group["lr"] = config.lr * group["lr_scale"]
    first_NTJ3, second_NTJ3 = _two_views(config)
    before = _results(network, first_NTJ3)
    for _ in range(config.steps):
        embedding_NE = network(torch.cat([first_NTJ3, second_NTJ3]))
        loss = nt_xent(network.project(embedding_NE), 0.1)  # type: ignore[operator]
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    after = _results(network, first_NTJ3)
    return {name: float((after[name] - before[name]).square().mean().sqrt()) for name in before}


def sized(arch: str, factor: float, depth: int) -> nn.Module:
    """A gait network at a share of its width, with the given number of layers in every module."""
    from edgehuman.catalogue import NETWORKS, find
    from edgehuman.pretrain.mup import widened

    row = find(NETWORKS, "network", arch)
    depths = {"depth": depth} if "depth" in row.arguments else {"depths": (depth,) * 4}
    return widened(arch, factor, **depths)


def _two_views(config: MupCheckConfig) -> tuple[Tensor, Tensor]:
    """Two parts of the same walks, (N, T, 18, 3) each."""
    import torch

    from edgehuman.simulate.skeleton.walks import simulate_skeletons

    walks = simulate_skeletons(config.batch, 1, seed=0, frames=2 * config.frames)
    first, second = torch.from_numpy(walks.skeleton_NTJ3).chunk(2, dim=1)
    return first, second


def _results(network: nn.Module, skeleton_NTJ3: Tensor) -> dict[str, Tensor]:
    """Output of every linear layer, by its name, in the order of the layers."""
    import torch
    from torch import nn

    found: dict[str, Tensor] = {}
    hooks = [
        module.register_forward_hook(
            lambda module, given, result, name=name: found.__setitem__(name, result.detach())
        )
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear)
    ]
    with torch.no_grad():
        network.project(network(skeleton_NTJ3))  # type: ignore[operator]
    for hook in hooks:
        hook.remove()
    return found


def slopes(config: MupCheckConfig, mup: bool) -> dict[str, float]:
    """Slope of log2 movement over log2 width, by the layer's name; means over seeds."""
    by_factor = [
        [movements(config, factor, mup, seed) for seed in range(config.seeds)]
        for factor in config.factors
    ]
    log_width_F = np.log2(config.factors)
    return {
        name: float(
            np.polyfit(
                log_width_F,
                [np.mean([np.log2(each[name]) for each in runs]) for runs in by_factor],
                1,
            )[0]
        )
        for name in by_factor[0][0]
    }


def rendered(config: MupCheckConfig, muP: Mapping[str, float], plain: Mapping[str, float]) -> str:
    """One line per layer."""
    wide = max(map(len, muP))
    lines = [f"{config.arch} at {', '.join(f'{f:g}' for f in config.factors)} times its width, "]
    lines[0] += f"after {config.steps} steps: slope of log2 movement over log2 width"
    lines.append(f"{'layer':<{wide}}  {'muP':>7}  {'without':>7}")
    lines += [f"{name:<{wide}}  {muP[name]:>+7.2f}  {plain[name]:>+7.2f}" for name in muP]
    return "\n".join(lines)


def check(config: MupCheckConfig) -> Outcome:
    """Measure with muP and without; the exit code is 1 if a layer is not flat under muP."""
    require_torch()
    import torch

    torch.set_num_threads(1)
    flat, plain = slopes(config, mup=True), slopes(config, mup=False)
    worst = max(flat.values(), key=abs)
    data: dict[str, Any] = {"arch": config.arch, "factors": list(config.factors), "mup": flat}
    data |= {"without": plain, "worst": worst, "flat": abs(worst) <= config.most}
    verdict = f"muP: the steepest of {len(flat)} layers is {worst:+.2f}; without it the mean is "
    verdict += f"{np.mean(list(plain.values())):+.2f}. "
    verdict += "Flat" if data["flat"] else f"NOT flat: the most is {config.most:g}"
    text = json.dumps(data) if config.json else f"{rendered(config, flat, plain)}\n{verdict}"
    return Outcome(data, text, int(not data["flat"]))


if __name__ == "__main__":
    sys.exit(main(MupCheckConfig, check))
