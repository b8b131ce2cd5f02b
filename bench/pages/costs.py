"""What the papers' full schedules cost, from training steps measured on this machine.

    python -m edgehuman.bench.pages.costs [--seconds 20] [--out docs/many.md] [--json]

For each schedule the method's own model takes training steps on made input: samples per second are
measured, and the operations of a step are counted, forward and backward. CPU-days follow from the
first, GPU-hours from the second with a peak and a utilisation that are **assumed**, not measured:
no GPU was here. `--out` writes the table into the page, between its two marks.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from edgehuman.bench.entry import main
from edgehuman.bench.targets.ratios import require_torch
from edgehuman.config import require
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome
from edgehuman.runtime import machine

if TYPE_CHECKING:
    from torch import Tensor, nn

    Step = tuple[nn.Module, tuple[Tensor, ...]]

BEGIN, END = "<!-- costs: begin -->", "<!-- costs: end -->"
PEAK_TFLOPS = 989.0
"""Of an H100 SXM in bfloat16 without sparsity, from its data sheet."""
_HOUR_S, _DAY_S = 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class CostsConfig:
    """Measure training steps of every pretraining method, and work out the papers' schedules."""

    HELP_GROUP: ClassVar[str] = "what is measured"

    seconds: float = 20.0
    """How long each method's steps are timed."""
    threads: int = 1
    """CPU threads."""
    out: Path | None = None
    """Page to write the table into."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        rules = (
            (self.seconds > 0, "seconds", "above 0"),
            (self.threads > 0, "threads", "1 or more"),
        )
        require(self, rules)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A paper's training.

    Attributes:
        name, arch: method and network.
        said: the schedule in words.
        samples: in all.
        step: model and batch of one measured step.
        utilisation: assumed share of the GPU's peak.
    """

    name: str
    arch: str
    said: str
    samples: float
    step: Callable[[], Step]
    utilisation: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What a schedule costs.

    Attributes:
        per_s: samples per second, measured here.
        gflops: operations of a sample in training, counted, 1e9.
        cpu_days: at that speed.
        gpu_hours: at the assumed utilisation of the assumed GPU.
    """

    name: str
    arch: str
    said: str
    samples: float
    per_s: float
    gflops: float
    cpu_days: float
    utilisation: float
    gpu_hours: float


def _mae() -> Step:
    import torch

    from edgehuman.nets.building import build
    from edgehuman.pretrain.mae import MaskedAutoencoder

    encoder: Any = build("imuvit_512x5", 0)
    return MaskedAutoencoder(encoder), (torch.randn(256, 128, 6),)


def _contrastive() -> Step:
    import torch

    from edgehuman.nets.building import build
    from edgehuman.pretrain.contrastive.contrastive import Contrastive
    from edgehuman.pretrain.contrastive.settings import ContrastiveConfig

    encoder = build("gaitptv2_deep_1", 0)
    augment = ContrastiveConfig().augment(48)
    source = torch.rand(64, 1, augment.source_frames, 18, 3)
    length = torch.full((64, 1), augment.source_frames)
    return Contrastive(encoder, augment, 0.1, 0.01), (source, length)


def _saip() -> Step:
    import torch

    from edgehuman.pretrain.saip.saip import make_model
    from edgehuman.pretrain.saip.settings import SaipConfig

    config = SaipConfig(batch=4, accumulate=1)
    large = torch.randint(0, 256, (4, 2, config.height, config.width, 3), dtype=torch.uint8)
    small = torch.randint(
        0, 256, (4, config.local_views + 1, config.height // 2, config.width // 2, 3),
        dtype=torch.uint8,
    )  # fmt: skip
    return make_model(config), (large, small)


def _diffusion() -> Step:
    import torch

    from edgehuman.pretrain.diffusion.diffusion import make_model
    from edgehuman.pretrain.diffusion.settings import DiffusionConfig

    config = DiffusionConfig(arch="smplgait", frames=30, dim=64)
    walks = (255 * torch.randint(0, 2, (2, 30, 64, 64))).to(torch.uint8)
    return make_model(config), (walks, walks)


SCHEDULES: Sequence[Schedule] = (
    Schedule("mae", "imuvit_512x5", "1,620 runs of 500,000 steps of 2,048 windows, at this size",
             1620 * 500_000 * 2048.0, _mae, 0.05),
    Schedule("mae", "imuvit_512x5", "one of these runs", 500_000 * 2048.0, _mae, 0.05),
    Schedule("contrastive", "gaitptv2_deep_1", "2.7 M sequences, 25 epochs",
             2.7e6 * 25, _contrastive, 0.05),
    Schedule("saip", "tinyvit_5m", "LUP1M (1 M images), 300 epochs", 1e6 * 300, _saip, 0.20),
    Schedule("diffusion", "smplgait", "120,000 steps of 64 walks of 30 frames",
             120_000 * 64.0, _diffusion, 0.20),
)  # fmt: skip


def cost_of(schedule: Schedule, per_s: float, flops: float) -> Cost:
    """Return what a schedule costs.

    Args:
        per_s: samples per second. flops: operations of one sample in training.
    """
    gpu_s = schedule.samples * flops / (PEAK_TFLOPS * 1e12 * schedule.utilisation)
    return Cost(
        schedule.name,
        schedule.arch,
        schedule.said,
        schedule.samples,
        per_s,
        flops / 1e9,
        schedule.samples / per_s / _DAY_S,
        schedule.utilisation,
        gpu_s / _HOUR_S,
    )


def measured(step: Callable[[], Step], seconds: float) -> tuple[float, float]:
    """Return samples per second of training steps, and the operations of one sample in them."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    from edgehuman.training.optimiser import make_optimiser
    from edgehuman.training.settings import TrainingConfig

    torch.manual_seed(0)
    model, batch = step()
    model.train()
    optimiser = make_optimiser(model, TrainingConfig())
    count = len(batch[0])

    def take() -> None:
        optimiser.zero_grad(set_to_none=True)
        model(*batch)["loss"].backward()
        optimiser.step()

    counter = FlopCounterMode(display=False)
    with counter, sdpa_kernel(SDPBackend.MATH):  # the counter does not see fused attention
        take()
    begin_s, steps = time.perf_counter(), 0
    while steps < 2 or time.perf_counter() - begin_s < seconds:
        take()
        steps += 1
    return steps * count / (time.perf_counter() - begin_s), counter.get_total_flops() / count


def table(costs: Sequence[Cost], config: CostsConfig) -> str:
    """Return the table with its notes, in Markdown."""
    lines = [
        "| method | network | schedule | samples | GFLOP a sample | samples/s here | CPU-days | "
        "assumed MFU | H100-hours |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {c.name} | {c.arch} | {c.said} | {c.samples:.2g} | {c.gflops:.2f} | {c.per_s:,.1f} | "
        f"{c.cpu_days:,.0f} | {100 * c.utilisation:.0f} % | {c.gpu_hours:,.1f} |"
        for c in costs
    ]
    lines += [
        "",
        f"samples/s and CPU-days: measured, {machine.cpu_model()}, {config.threads} "
        f"thread{'s' * (config.threads > 1)}, float32, {config.seconds:g} s a method, input made "
        "beforehand.",
        "GFLOP: counted, forward and backward of matrix products and convolutions. H100-hours: "
        f"**derived, not measured**, at {PEAK_TFLOPS:.0f} TFLOP/s (bfloat16, data sheet) times the "
        "assumed MFU; small networks are bound by launches and reading, so theirs is low.",
    ]
    return "\n".join(lines)


def written(page: str, text: str, name: object) -> str:
    """Return a page with the text between its marks.

    Raises:
        UsageError: a page without them.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UsageError(f"--out {name} has no lines {BEGIN} and {END}; add them where it goes")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def costs(config: CostsConfig) -> Outcome:
    """Measure every method once, and say what its schedules cost.

    Raises:
        UsageError: see `written`, before anything is measured.
    """
    require_torch()
    import torch

    page = None if config.out is None else config.out.read_text(encoding="utf-8")
    if page is not None:
        written(page, "", config.out)
    torch.set_num_threads(config.threads)
    steps = dict.fromkeys(each.step for each in SCHEDULES)
    found = {step: measured(step, config.seconds) for step in steps}
    rows = [cost_of(each, *found[each.step]) for each in SCHEDULES]
    text = table(rows, config)
    if config.out is not None and page is not None:
        config.out.write_text(written(page, text, config.out), encoding="utf-8")
    data = {"costs": [asdict(row) for row in rows], "cpu": machine.cpu_model()}
    return Outcome(data, json.dumps(data) if config.json else text)


if __name__ == "__main__":
    sys.exit(main(CostsConfig, costs))
