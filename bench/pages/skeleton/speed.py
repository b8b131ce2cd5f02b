"""The page on the speed of the skeleton networks: sequences per second and memory.

    python -m edgehuman.bench.pages.skeleton.speed --out docs/gait_speed.md [--only gaitformer]

Each network is measured in its own process, on one thread, by processor time, which other work on
the machine hardly changes. Measured networks are kept under --work, so the command resumes where it
stopped. Those of --graphs are also exported, and timed on onnxruntime.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgehuman import catalogue
from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.entry import main
from edgehuman.bench.latency import peak_mb
from edgehuman.bench.targets.ratios import in_turns, require_torch
from edgehuman.config import require
from edgehuman.errors import UsageError
from edgehuman.install import module_line
from edgehuman.outcome import Outcome
from edgehuman.progress import progress_bar
from edgehuman.records import Float32
from edgehuman.runtime import machine

NAMES = tuple(catalogue.networks_of("skeleton"))


@dataclass(frozen=True, kw_only=True)
class GaitSpeedConfig:
    """Sequences per second and memory of the skeleton networks."""

    out: Path = Path("docs/gait_speed.md")
    """The Markdown page."""
    only: tuple[str, ...] = ()
    """Networks, by the start of their names; default: all."""
    graphs: tuple[str, ...] = ("gaitptv2_deep_1", "gaitptv2_wide_1", "gaitformer_1")
    """Networks to export too, by their full names."""
    work: Path = Path("runs/gait_speed")
    """Folder of the measured networks; a second call resumes from them."""
    batch: int = 8
    """Sequences per batch."""
    rounds: int = 3
    """Counted runs of a batch, after one uncounted run."""
    one: str | None = None
    """Measure this network in this process, and print one JSON object."""

    def __post_init__(self) -> None:
        counted = ("batch", "rounds")
        require(self, ((getattr(self, name) >= 1, name, "at least 1") for name in counted))
        for word in (*self.graphs, *([] if self.one is None else [self.one])):
            if word not in NAMES:
                raise UsageError(f"no skeleton network {word!r}; there are {', '.join(NAMES)}")


@dataclass(frozen=True, slots=True)
class Speed:
    """Time and memory of one network on one thread.

    Attributes:
        arch: its name.
        eager_ms: processor time of one sequence, batch 1, torch eager: the median.
        infer_per_s, train_per_s: sequences a second, by batches; a step of training is forward,
            backward and AdamW.
        infer_mb, train_mb: what the process grew to, at its peak, MB of 1e6 bytes: weights and
            work space of one batch; of training also gradients and the optimiser's state.
        graph_ms: as eager_ms, of the FP32 graph on onnxruntime; None: not exported.
    """

    arch: str
    eager_ms: float
    infer_per_s: float
    train_per_s: float
    infer_mb: float
    train_mb: float
    graph_ms: float | None = None


def speed_of(arch: str, batch: int, rounds: int, graph: bool) -> Speed:
    """Measure in this process, which should have done nothing else before."""
    require_torch()
    import torch

    from edgehuman.bench.targets.steps.gait import step_of
    from edgehuman.nets.building import build

    torch.set_num_threads(1)
    frames = catalogue.NETWORKS[arch].arguments["frames"]
    before_mb = peak_mb()
    network: Any = build(arch)
    skeleton_NTJ3 = torch.rand(batch, frames, 18, 3) * 300

    def infer(count: int) -> Callable[[], object]:
        def call() -> None:
            with torch.inference_mode():
                network(skeleton_NTJ3[:count])

        return call

    eager_ms = 1e3 * cpu_seconds(infer(1), 5 * rounds)
    infer_s = cpu_seconds(infer(batch), rounds)
    infer_mb = peak_mb() - before_mb
    graph_ms = None
    train = step_of(network, lambda: network.project(network(skeleton_NTJ3)))
    train_s = cpu_seconds(train, rounds)
    train_mb = peak_mb() - before_mb
    if graph:
        graph_ms = 1e3 * graph_seconds(arch, skeleton_NTJ3[:1].numpy(), 5 * rounds)
    return Speed(arch, eager_ms, batch / infer_s, batch / train_s, infer_mb, train_mb, graph_ms)


def graph_seconds(arch: str, record_NTJ3: Float32, rounds: int) -> float:
    """Processor time of one sequence through the network's FP32 graph."""
    from edgehuman.export.catalogued import export_random
    from edgehuman.runtime.model import load

    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        path = export_random(arch, 0, Path(folder))
        model = load(path, threads=1, engine="onnxruntime")
        return cpu_seconds(lambda: model.engine.run(record_NTJ3), rounds)


def cpu_seconds(call: Callable[[], object], rounds: int) -> float:
    """Median processor time of a call, after one uncounted call."""
    return in_turns({"call": call}, rounds, time.process_time)["call"]


def measured(config: GaitSpeedConfig, arch: str) -> Speed:
    """Measure a network in a new process, or return what an earlier call kept.

    Raises:
        FailedRun: the process failed; the message is the last line of its stderr.
    """
    graph = arch in config.graphs
    kept = config.work / f"{arch}-{config.batch}-{config.rounds}{'-graph' if graph else ''}.json"
    if not kept.is_file():
        words = module_line("edgehuman.bench.pages.skeleton.speed", "--one", arch)
        words += ["--batch", str(config.batch), "--rounds", str(config.rounds), "--graphs"]
        done = subprocess.run(words + [arch] * graph, capture_output=True, text=True, check=False)
        if done.returncode:
            raise FailedRun((done.stderr.strip().splitlines() or ["the process died"])[-1])
        config.work.mkdir(parents=True, exist_ok=True)
        kept.write_text(done.stdout.splitlines()[-1], encoding="utf-8")
    return Speed(**json.loads(kept.read_text(encoding="utf-8")))


def render(rows: Sequence[Speed], batch: int) -> str:
    """The Markdown page."""
    lines = [
        "# Speed and memory of the skeleton networks",
        "",
        "    python -m edgehuman.bench.pages.skeleton.speed --out docs/gait_speed.md",
        "",
        f"{machine.cpu_model()}, one thread, PyTorch eager in float32. Every number is processor "
        "time of one process, which other work on the machine hardly changes; windows of 48 "
        f"(deep) or 32 frames, batches of {batch}.",
        "",
        "- **GFLOPs**: of one window, as the paper counts (`edgehuman models`).",
        "- **ms**: one window alone; on onnxruntime in FP32 for the networks that were exported. "
        "The goal of 1.5 for eager / it is claimed for these alone.",
        "- **windows/s**: in batches; a step of training is forward, backward and AdamW.",
        "- **MB**: growth of the process to its peak, weights and work space of a batch; training "
        "adds gradients and the optimiser's state.",
        "",
        "| network | parameters | GFLOPs | eager ms | onnxruntime ms | eager / it | windows/s | "
        "training windows/s | MB | training MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*lines, *(_row(speed) for speed in rows), ""])


def _row(speed: Speed) -> str:
    row = catalogue.NETWORKS[speed.arch]
    graph = "- | -"
    if speed.graph_ms is not None:
        graph = f"{speed.graph_ms:.1f} | {speed.eager_ms / speed.graph_ms:.2f}"
    return (
        f"| {speed.arch} | {row.params:,} | {row.flops / 1e9:.3f} | {speed.eager_ms:.1f} | {graph} "
        f"| {speed.infer_per_s:.1f} | {speed.train_per_s:.1f} | {speed.infer_mb:.0f} "
        f"| {speed.train_mb:.0f} |"
    )


def make_page(config: GaitSpeedConfig) -> Outcome:
    """Measure what is missing, and write the page.

    Raises:
        UsageError: no network's name begins with a word.
        FailedRun: a process failed; what was measured before is kept.
    """
    if config.one is not None:
        found = asdict(
            speed_of(config.one, config.batch, config.rounds, config.one in config.graphs)
        )
        return Outcome(found, json.dumps(found))
    for word in config.only:
        if not any(name.startswith(word) for name in NAMES):
            raise UsageError(
                f"--only is {word!r}, but no network begins with it; choose from {', '.join(NAMES)}"
            )
    chosen = [name for name in NAMES if name.startswith(config.only or "")]
    rows = [measured(config, name) for name in progress_bar(chosen, unit="network")]
    text = render(rows, config.batch)
    config.out.parent.mkdir(parents=True, exist_ok=True)
    config.out.write_text(text, encoding="utf-8")
    return Outcome({"networks": [asdict(speed) for speed in rows]}, text)


if __name__ == "__main__":
    sys.exit(main(GaitSpeedConfig, make_page))
