"""Our person networks and published ones of their size: FP32 latency in one interleaved run.

    python -m edgehuman.bench.pages.image.peer_table --out peers.md [--height 256 --width 128]

Every network runs on onnxruntime and in torch eager: one thread, batch 1, from raw uint8 pixels to
one vector, without a classifier. All weights are random: only speed is compared. It measures
processor time, which on one idle core equals the clock and which other work on the machine hardly
changes. The table takes about three minutes of one core.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgehuman import catalogue
from edgehuman.bench.contestants import Contestant, Entry, open_contestant, torch_contestant
from edgehuman.bench.entry import main
from edgehuman.bench.latency import CALLS_PER_BLOCK, measure
from edgehuman.card import RANDOM_WEIGHTS, Card, OutputSpec, image_input
from edgehuman.errors import ParityError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.progress import progress_bar
from edgehuman.runtime import machine

if TYPE_CHECKING:
    from torch import nn

OURS = ("starnet_s3", "vit_tiny", "tinyvit_5m")
IMAGES = 32
# Two engines of one network sum in a different order; they may differ by this much.
_ROUNDING = 1e-3


@dataclass(frozen=True, kw_only=True)
class PeerTableConfig:
    """Latency of our person networks and of published ones."""

    out: str = "-"
    """A Markdown file; - only prints the table."""
    height: int = 256
    """Of the images, pixels."""
    width: int = 128
    """Of the images, pixels."""
    rounds: int = 10
    """Blocks of 20 counted calls for each network on each engine."""
    seed: int = 0
    """Seed of weights and images."""
    json: bool = False
    """Print one object instead of the table."""

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise UsageError(f"--rounds is {self.rounds}; it must be at least 1")
        if self.seed < 0:
            raise UsageError(f"--seed is {self.seed}; it must be 0 or more")
        if self.out != "-" and Path(self.out).is_dir():
            raise UsageError(f"--out is {self.out}, a folder; give the name of a file")
        if self.out != "-" and not Path(self.out).parent.is_dir():
            raise UsageError(f"--out is {self.out}, but its folder does not exist; create it first")


@dataclass(frozen=True, slots=True)
class Row:
    """One network.

    Attributes:
        name: of the catalogue, or of the peer.
        ours: whether it is one of this project's.
        params: parameters of the graph that is timed.
        mmacs: millions of multiply-adds of one image.
        onnxruntime_ms, torch_ms: p50 of one image, processor time.
        onnxruntime_range_ms: the 95 % interval of its p50.
    """

    name: str
    ours: bool
    params: int
    mmacs: float
    onnxruntime_ms: float
    onnxruntime_range_ms: tuple[float, float]
    torch_ms: float


def networks(config: PeerTableConfig) -> dict[str, nn.Module]:
    """Ours, with windows that tile this size, then the peers.

    Raises:
        UsageError: the strides do not divide the size.
    """
    from edgehuman.bench.pages.image.peers import PEERS, build_peer
    from edgehuman.nets.building import build
    from edgehuman.nets.image.size import require_size
    from edgehuman.nets.image.tinyvit import tiling_windows

    size = (config.height, config.width)
    require_size(size)
    found: dict[str, nn.Module] = {}
    for name in OURS:
        tinyvit = catalogue.NETWORKS[name].family == "tinyvit"
        windows = {"windows": tiling_windows(size)} if tinyvit else {}
        found[name] = build(name, config.seed, image_size=size, **windows)
    return found | {name: build_peer(name, config.seed) for name in PEERS}


def time_networks(found: Mapping[str, nn.Module], config: PeerTableConfig) -> list[Row]:
    """Each network on both engines, all of them in turns.

    Args:
        found: by name, in eval mode: uint8 images (N, H, W, 3) -> vectors (N, D).

    Raises:
        ParityError: a graph and its network give different outputs.
    """
    import torch

    from edgehuman.nets.building import count_flops, count_params

    contestants: dict[tuple[str, str], Contestant] = {}
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        for name, network in progress_bar(found.items(), unit="export"):
            for engine, each in _on_both_engines(name, network, config, Path(folder)).items():
                contestants[name, engine] = each
        print(f"timing {len(found)} networks on two engines ...", file=sys.stderr, flush=True)
        opened = list(contestants.values())
        image_NHWC = opened[0].entry.noise(IMAGES, config.seed)
        timings = measure(
            opened, image_NHWC, config.rounds, seed=config.seed, clock=time.process_time_ns
        )
    timed = dict(zip(contestants, timings, strict=True))
    one_1HWC = torch.from_numpy(image_NHWC[:1])
    rows = []
    for name, network in found.items():
        p50 = timed[name, "onnxruntime"].percentiles()["p50"]
        mmacs = count_flops(network, one_1HWC) / 2e6
        row = Row(
            name, name in OURS, count_params(network), mmacs, p50.value, (p50.low, p50.high),
            timed[name, "torch"].p50_ms,
        )  # fmt: skip
        rows.append(row)
    return rows


def _on_both_engines(
    name: str, network: nn.Module, config: PeerTableConfig, folder: Path
) -> dict[str, Contestant]:
    """One network by engine.

    Raises:
        ParityError: the two give different outputs.
    """
    from edgehuman.export.graph.trace import to_onnx
    from edgehuman.runtime.engine.onnx_file import sealed

    record = image_input(config.height, config.width)
    card = Card(
        name=name,
        task="person-embedding",
        arch=name,
        params=0,
        flops=0,
        input=record,
        output=OutputSpec("embedding", distance="cosine"),
        recipe=f"{RANDOM_WEIGHTS}, for a measurement of speed",
    )
    path = folder / f"{name}.onnx"
    path.write_bytes(sealed(to_onnx(network, card).SerializeToString()))
    entry = Entry(
        name, str(path), "onnxruntime", name, None, seed=config.seed,
        record=record.record, shape=record.shape, dtype=record.dtype, kind="embedding",
    )  # fmt: skip
    sample = entry.noise(1, config.seed)
    graph = open_contestant(entry, sample)
    eager = torch_contestant(entry, sample, lambda: network)
    ours_ND, theirs_ND = graph.call(sample), eager.call(sample)
    worst = float(np.abs(ours_ND - theirs_ND).max())
    scale = float(np.abs(theirs_ND).max())
    if not worst <= _ROUNDING * scale:
        raise ParityError(
            f"{name}: the graph's answer differs by {worst:.3g} from the network's, whose largest "
            f"number is {scale:.3g}; a table of its speed would mean nothing"
        )
    return {"onnxruntime": graph, "torch": eager}


def render(rows: list[Row], where: str) -> str:
    """The Markdown table, and the measurement's conditions below it."""
    lines = [
        "| network | parameters | MMACs | onnxruntime FP32, ms | torch eager, ms | torch / it |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        name = f"**{row.name}**" if row.ours else row.name
        lines.append(
            f"| {name} | {row.params:,} | {row.mmacs:.0f} | {row.onnxruntime_ms:.2f} "
            f"| {row.torch_ms:.2f} | {row.torch_ms / row.onnxruntime_ms:.2f} |"
        )
    return "\n".join([*lines, "", where, ""])


def make_table(config: PeerTableConfig) -> Outcome:
    """Measure and render; write --out.

    Raises:
        UsageError: the strides do not divide the size.
        ParityError: a graph and its network give different outputs.
    """
    rows = time_networks(networks(config), config)
    where = (
        f"p50 of {CALLS_PER_BLOCK * config.rounds} calls in turns, processor time, one thread, "
        f"{config.height}x{config.width}, batch 1, random weights, no classifier; "
        f"{machine.cpu_model()}."
    )
    text = render(rows, where)
    if config.out != "-":
        Path(config.out).write_text(text, encoding="utf-8")
    data: dict[str, Any] = {"conditions": where, "networks": [asdict(row) for row in rows]}
    return Outcome(data, json.dumps(data) if config.json else text.rstrip())


if __name__ == "__main__":
    sys.exit(main(PeerTableConfig, make_table))
