"""Does the best learning rate stay the same as the network grows wider, with muP and without?

    python -m edgehuman.bench.pages.skeleton.mup [--out runs/mup]

Trains a shallow GaitFormer at four widths and several learning rates, once under the maximal update
parametrisation and once with one learning rate for everything, all on the same batches of the same
simulated walks, and draws the loss at the end (arXiv 2504.07598 relies on this transfer; the figure
is that of arXiv 2203.03466, figure 1). Finished trainings are kept, so the command resumes where it
stopped. It writes docs/mup.md and its picture.

Axes: W widths, L learning rates.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.pages.keep import once
from edgehuman.bench.pages.skeleton.mup_check import sized
from edgehuman.bench.targets.ratios import require_torch
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.skeleton.walks import SIMULATED_FRAMES
from edgehuman.errors import TrainingError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.pictures.figure import blank, save_png
from edgehuman.records import Float64

if TYPE_CHECKING:
    from edgehuman.pretrain.contrastive.walks import Walks

SIDES = {"muP": True, "without muP": False}


@dataclass(frozen=True, slots=True)
class TransferConfig:
    """Learning rates over widths."""

    out: Path = Path("runs/mup")
    """Folder of the trainings; finished ones are kept."""
    arch: str = "gaitformer_1"
    """The network at the base width."""
    factors: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0)
    """Widths, as shares of the base width."""
    rates: tuple[float, ...] = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032)
    """Learning rates."""
    depth: int = 2
    """Layers."""
    steps: int = 150
    """Optimiser steps per training."""
    batch: int = 64
    """Views per step."""
    frames: int = 16
    """Frames per view."""
    people: int = 256
    """Simulated people, with two walks each."""
    seeds: int = 1
    """Trainings averaged per point."""
    threads: int = 1
    """CPU threads."""
    page: Path = Path("docs/mup.md")
    """The table."""
    picture: Path = Path("docs/pictures/mup_transfer.png")
    """The plot."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if len(set(self.factors)) < 2 or len(set(self.rates)) < 3:
            raise UsageError(
                f"--factors is {self.factors} and --rates {self.rates}; give at least two widths "
                "and three learning rates"
            )
        counted = ("depth", "steps", "people", "seeds", "threads")
        held = f"from 2 to {SIMULATED_FRAMES}, as many frames as a simulated walk has"
        rules = [(getattr(self, name) > 0, name, "above 0") for name in counted]
        require(self, [*rules, (1 < self.frames <= SIMULATED_FRAMES, "frames", held)])


def width_of(config: TransferConfig, factor: float) -> int:
    """Width of the network at a share of the base width."""
    from edgehuman.catalogue import NETWORKS, find

    arguments = find(NETWORKS, "network", config.arch).arguments
    width: int = arguments.get("width", arguments.get("output"))
    return round(width * factor)


def final_loss(
    config: TransferConfig, learn: Walks, factor: float, rate: float, mup: bool, seed: int
) -> float:
    """Mean training loss over the last fifth of one training; infinite if it diverged."""
    from edgehuman.pretrain.contrastive.contrastive import encoder_card, fit
    from edgehuman.pretrain.contrastive.settings import ContrastiveConfig

    slug = f"{'mup' if mup else 'plain'}-{width_of(config, factor)}-{rate:g}-{seed}"
    folder = config.out / slug
    settings = ContrastiveConfig(
        out=folder, arch=config.arch, base_arch=config.arch, mup=mup, lr=rate, min_lr=0.0,
        steps=config.steps, batch=config.batch, frames=config.frames, seed=seed, log_every=1,
        save_every=config.steps, threads=config.threads, exam_people=0, device="cpu",
    )  # fmt: skip

    def run(resume: bool) -> Outcome:
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network, base = (sized(config.arch, f, config.depth) for f in (factor, 1.0))
        card = encoder_card(settings, network, learn.rows())
        try:
            asked = dataclasses.replace(settings, resume=resume)
            progress = fit(asked, network, base, learn, card, None)
        except TrainingError:
            return Outcome({"loss": None}, "")
        losses = [record["loss"] for record in progress.records]
        last = losses[-max(1, config.steps // 5) :]
        return Outcome({"loss": sum(last) / len(last)}, "", int(progress.stopped))

    words = [slug, *(f"{getattr(config, n)}" for n in ("arch", "depth", "steps", "batch"))]
    loss = once(folder, [*words, str(config.frames), str(config.people)], None, run)["loss"]
    (folder / "state.pt").unlink(missing_ok=True)
    return math.inf if loss is None else float(loss)


def measure(config: TransferConfig) -> dict[str, Float64]:
    """Losses (W, L) with muP and without, means over seeds."""
    from edgehuman.data.skeleton.load import load_skeletons
    from edgehuman.pretrain.contrastive.walks import Walks
    from edgehuman.training.skeleton.augment import SkeletonAugment

    longest = SkeletonAugment(frames=config.frames).source_frames
    walks = load_skeletons(SIMULATED, seed=0, people=config.people, each=2)
    learn = Walks([walks], longest, "sequence")
    return {
        side: np.array(
            [
                [
                    np.mean(
                        [
                            final_loss(config, learn, factor, rate, mup, seed)
                            for seed in range(config.seeds)
                        ]
                    )
                    for rate in config.rates
                ]
                for factor in config.factors
            ]
        )
        for side, mup in SIDES.items()
    }


def best_rates(rates: Sequence[float], loss_WL: Float64) -> Float64:
    """Learning rate of the least loss at each width (W,): the vertex of a parabola through the best
    rate and its neighbours, on a logarithmic axis; at the edge of the grid the best rate itself.
    """
    log_L = np.log2(rates)
    found = []
    for loss_L in loss_WL:
        best = int(np.argmin(loss_L))
        near = slice(best - 1, best + 2)
        if 0 < best < len(log_L) - 1 and np.isfinite(loss_L[near]).all():
            a, b, _ = np.polyfit(log_L[near], loss_L[near], 2)
            found.append(-b / (2 * a))
        else:
            found.append(log_L[best])
    return np.asarray(2.0 ** np.array(found))


def drift(factors: Sequence[float], best_W: Float64) -> float:
    """Powers of two by which the best learning rate changes when the width doubles."""
    return float(np.polyfit(np.log2(factors), np.log2(best_W), 1)[0])


def draw(config: TransferConfig, losses: dict[str, Float64]) -> None:
    """Plot loss over learning rate: a line per width, a panel per side.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    figure = blank(9.0, 3.8)
    from matplotlib import colormaps

    panels: Any = figure.subplots(1, len(losses), sharey=True)
    shades = np.linspace(0.15, 0.85, len(config.factors))
    for axes, (side, loss_WL) in zip(panels, losses.items(), strict=True):
        for factor, shade, loss_L in zip(config.factors, shades, loss_WL, strict=True):
            colour = colormaps["viridis"](1 - shade)
            label = f"width {width_of(config, factor)}"
            axes.plot(config.rates, loss_L, "o-", color=colour, markersize=3, label=label)
            best = int(np.argmin(loss_L))
            axes.plot(config.rates[best], loss_L[best], "*", color=colour, markersize=13)
        axes.set_xscale("log", base=2)
        axes.set_xticks(config.rates, [f"{rate:g}" for rate in config.rates], rotation=45)
        axes.set_title(side)
        axes.set_xlabel("learning rate")
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("training loss at the end")
    panels[0].legend(fontsize=8)
    save_png(figure, config.picture)


def render(config: TransferConfig, losses: dict[str, Float64]) -> str:
    """The page: method, picture, tables."""
    lines = [
        "# Learning rates over widths",
        "",
        "How far does the best learning rate move as a network grows wider: under the maximal",
        "update parametrisation (`edgehuman/pretrain/mup.py`), and with one learning rate for all",
        f"parameters? On simulated walkers: {config.arch} with {config.depth} layers a module, "
        f"{config.steps} steps of",
        f"{config.batch} views of {config.frames} frames, {config.people} simulated people, "
        f"{config.seeds} random start(s) a point, the same starts and batches",
        "on both sides. The numbers are the mean training loss over the last fifth of the steps;",
        "the best of each row is bold.",
        "",
        "    python -m edgehuman.bench.pages.skeleton.mup",
        "",
        f"![loss over learning rate](pictures/{config.picture.name})",
        "",
    ]
    for side, loss_WL in losses.items():
        best_W = best_rates(config.rates, loss_WL)
        heads = " | ".join(f"{rate:g}" for rate in config.rates)
        lines += [f"## {side[0].upper() + side[1:] if side != 'muP' else 'With muP'}", ""]
        lines += [f"| width | {heads} | best (parabola) |"]
        lines += ["|---:|" + "---:|" * (len(config.rates) + 1)]
        for factor, loss_L, best in zip(config.factors, loss_WL, best_W, strict=True):
            cells = [
                f"**{loss:.3f}**" if i == np.argmin(loss_L) else f"{loss:.3f}"
                for i, loss in enumerate(loss_L)
            ]
            lines.append(f"| {width_of(config, factor)} | {' | '.join(cells)} | {best:.4f} |")
        slope = drift(config.factors, best_W)
        lines += [
            "",
            f"The best learning rate changes by 2^{slope:+.2f} when the width doubles.",
            "",
        ]
    return "\n".join(lines)


def transfer(config: TransferConfig) -> Outcome:
    """Run the missing trainings, then write the page and the picture."""
    require_torch()
    losses = measure(config)
    draw(config, losses)
    page = render(config, losses)
    config.page.parent.mkdir(parents=True, exist_ok=True)
    config.page.write_text(page, encoding="utf-8")
    drifts = {
        side: drift(config.factors, best_rates(config.rates, loss_WL))
        for side, loss_WL in losses.items()
    }
    data = {
        "page": str(config.page),
        "picture": str(config.picture),
        "rates": list(config.rates),
        "widths": [width_of(config, factor) for factor in config.factors],
        "losses": {side: loss_WL.tolist() for side, loss_WL in losses.items()},
        "drift": drifts,
    }
    text = f"{config.page}, {config.picture}: the best learning rate moves by "
    text += ", ".join(f"2^{slope:+.2f} {side}" for side, slope in drifts.items())
    text += " when the width doubles"
    return Outcome(data, json.dumps(data) if config.json else text)


if __name__ == "__main__":
    sys.exit(main(TransferConfig, transfer))
