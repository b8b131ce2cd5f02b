"""The coordinate check of CompleteP over depth and width, on the transformers of two records.

    python -m edgehuman.bench.pages.depth_check [--net gaitformer] [--out depth.png]

Networks of growing depth (and width) take a few steps of pretraining on the same simulated data.
How far the residual stream moved after the last layer, as a root mean square, must not depend on
the depth: one learning rate then serves all of a series (Dey et al., arXiv 2505.01618, section 4).
With the network's usual start and learning rate (sp) it grows. The slope of its logarithm over that
of the depth is printed; the exit code is 1 if CompleteP's exceeds --most.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.targets.ratios import require_torch
from edgehuman.config import require
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome
from edgehuman.pictures.figure import blank, save_png

if TYPE_CHECKING:
    from torch import Tensor, nn

SIDES = ("sp", "completep")
_HEAD = 16


@dataclass(frozen=True, slots=True)
class DepthCheckConfig:
    """Do activations keep their size as a network grows deeper?"""

    net: Literal["imuvit", "gaitformer"] = "imuvit"
    """ImuVit by masked autoencoding, or GaitFormer by contrast."""
    depths: tuple[int, ...] = (2, 4, 8, 16, 32)
    """Layers; --lr is that of the first."""
    widths: tuple[int, ...] = (32, 64, 128)
    """Widths at the first depth; --lr is that of the first."""
    steps: int = 4
    """Optimiser steps before the activations are compared."""
    lr: float = 0.001
    """Learning rate of the base."""
    batch: int = 16
    """Windows or sequences, the same in all steps."""
    seeds: int = 3
    """Random starts to average."""
    most: float = 0.2
    """Largest slope, positive or negative, that counts as flat."""
    out: Path | None = None
    """Picture to write (.png)."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        for name in ("depths", "widths"):
            if len(set(getattr(self, name))) < 2:
                said = f"--{name} is {getattr(self, name)}; give at least two"
                raise UsageError(said)
        if any(width % _HEAD for width in self.widths):
            raise UsageError(f"--widths is {self.widths}; each must be a multiple of {_HEAD}")
        counted = ("steps", "lr", "batch", "seeds", "most")
        require(self, ((getattr(self, name) > 0, name, "above 0") for name in counted))


def movement(config: DepthCheckConfig, width: int, depth: int, side: str, seed: int) -> float:
    """How far the residual stream after the last layer moved in a few steps, root mean square."""
    import torch

    from edgehuman.pretrain import completep
    from edgehuman.training.optimiser import make_optimiser
    from edgehuman.training.settings import TrainingConfig

    torch.manual_seed(seed)
    model, loss, norm = _make(config, width, depth)
    scales = completep.scales({})
    if side == "completep":
        base, _, _ = _make(config, config.widths[0], config.depths[0])
        scales = completep.scales(completep.prepare(model, base))
    settings = TrainingConfig(out="", lr=config.lr, weight_decay=0.0)  # type: ignore[arg-type]
    optimiser = make_optimiser(model, settings, **scales)
    for group in optimiser.param_groups:
        group["lr"] = config.lr * group["lr_scale"]
    before = _stream(model, norm, loss)
    for _ in range(config.steps):
        optimiser.zero_grad()
        loss(model).backward()
        optimiser.step()
    return float((_stream(model, norm, loss) - before).square().mean().sqrt())


Loss = Any  # (model) -> its loss on the fixed batch


def _make(config: DepthCheckConfig, width: int, depth: int) -> tuple[nn.Module, Loss, str]:
    """A model of this size, its loss on fixed data, and the path of its last norm."""
    return (_imuvit if config.net == "imuvit" else _gaitformer)(config, width, depth)


def _imuvit(config: DepthCheckConfig, width: int, depth: int) -> tuple[nn.Module, Loss, str]:
    import torch

    from edgehuman.nets.imu.imuvit import ImuVit
    from edgehuman.pretrain.mae import MaskedAutoencoder, reconstruction_loss

    heads = width // _HEAD
    encoder = ImuVit(width, depth, 4 * width, heads=heads)
    model = MaskedAutoencoder(encoder, decoder_depth=1)
    generator = torch.Generator().manual_seed(0)
    wave_NT1 = torch.rand(config.batch, 1, 1, generator=generator) * torch.arange(128)[:, None] / 4
    noise_NTC = torch.randn(config.batch, 128, 6, generator=generator)
    imu_NTC = (wave_NT1 + torch.arange(6)).sin() + 0.1 * noise_NTC
    order_NS = torch.rand(config.batch, encoder.tokens, generator=generator).argsort(dim=1)

    def loss(model: Any) -> Tensor:
        patch_NSK = model.encoder.patches(imu_NTC)
        predicted_NSK = model.reconstruct(patch_NSK, order_NS)
        return reconstruction_loss(predicted_NSK, patch_NSK, order_NS, model.hidden_from)

    return model, loss, "encoder.norm"


def _gaitformer(config: DepthCheckConfig, width: int, depth: int) -> tuple[nn.Module, Loss, str]:
    import torch

    from edgehuman.nets.skeleton.gaitformer import GaitFormer
    from edgehuman.pretrain.contrastive.contrastive import nt_xent
    from edgehuman.simulate.skeleton.walks import simulate_skeletons

    walks = simulate_skeletons(config.batch, 1, seed=0, frames=32)
    views_MTJ3 = torch.cat(torch.from_numpy(walks.skeleton_NTJ3).chunk(2, dim=1))

    def loss(model: Any) -> Tensor:
        return nt_xent(model.project(model(views_MTJ3)), 0.1)

    return GaitFormer(width, depth, width // _HEAD), loss, "norm"


def _stream(model: nn.Module, norm: str, loss: Callable[[nn.Module], Tensor]) -> Tensor:
    """What a model's last norm is given: the residual stream after all layers."""
    import torch

    seen: list[Tensor] = []
    hook = model.get_submodule(norm).register_forward_pre_hook(
        lambda module, given: seen.append(given[0].detach().clone())
    )
    with torch.no_grad():
        loss(model)
    hook.remove()
    return seen[0]


def movements(config: DepthCheckConfig, side: str) -> dict[str, list[float]]:
    """Mean log2 movement at each depth (at the base width) and each width (at the base depth)."""
    width, depth = config.widths[0], config.depths[0]
    shapes = {"depth": [(width, d) for d in config.depths]}
    shapes["width"] = [(w, depth) for w in config.widths]

    def mean(width: int, depth: int) -> float:
        each = [movement(config, width, depth, side, seed) for seed in range(config.seeds)]
        return float(np.log2(each).mean())

    return {axis: [mean(*shape) for shape in row] for axis, row in shapes.items()}


def slope(sizes: tuple[int, ...], moved: list[float]) -> float:
    """Slope of log2 movement over log2 size."""
    return float(np.polyfit(np.log2(sizes), moved, 1)[0])


def check(config: DepthCheckConfig) -> Outcome:
    """Measure with CompleteP and without; the exit code is 1 if an axis is not flat with it."""
    require_torch()
    import torch

    torch.set_num_threads(1)
    moved = {side: movements(config, side) for side in SIDES}
    sizes = {"depth": config.depths, "width": config.widths}
    slopes = {
        side: {axis: slope(sizes[axis], row) for axis, row in rows.items()}
        for side, rows in moved.items()
    }
    flat = max(abs(each) for each in slopes["completep"].values()) <= config.most
    data: dict[str, Any] = {"net": config.net, "slopes": slopes, "log2_moved": moved, "flat": flat}
    lines = [f"{config.net} after {config.steps} steps: slope of log2 movement over log2 size"]
    lines += [f"{'':10} {'depth':>7} {'width':>7}"]
    lines += [
        f"{side:<10} {row['depth']:>+7.2f} {row['width']:>+7.2f}" for side, row in slopes.items()
    ]
    lines += ["Flat" if flat else f"NOT flat: the most is {config.most:g}"]
    if config.out is not None:
        _draw(config.out, moved, sizes, config.net)
        data["picture"] = str(config.out)
    return Outcome(data, json.dumps(data) if config.json else "\n".join(lines), int(not flat))


def _draw(
    out: Path,
    moved: dict[str, dict[str, list[float]]],
    sizes: dict[str, tuple[int, ...]],
    net: str,
) -> None:
    figure = blank(8.0, 3.2)
    for number, axis in enumerate(sizes):
        plot = figure.add_subplot(1, 2, number + 1)
        for side, rows in moved.items():
            plot.plot(sizes[axis], np.exp2(rows[axis]), "o-", label=side)
        plot.set(xlabel=axis, xscale="log", title=net)
        plot.set_yscale("log", base=2)
        plot.set_xticks(sizes[axis], [str(size) for size in sizes[axis]])
        plot.minorticks_off()
        plot.grid(alpha=0.3)
        plot.legend()
    figure.axes[0].set_ylabel("movement of the residual stream")
    save_png(figure, out)


if __name__ == "__main__":
    sys.exit(main(DepthCheckConfig, check))
