"""Make a network of your own narrower: whole channels are removed, the weakest first.

    edgehuman prune mypackage.nets:MyNet --width 0.5 --out runs/narrow

Channels that depend on each other go together (torch-pruning's dependency graph, arXiv 2301.12900);
the weakest are those with the smallest weights in their group. What is left of a layer is a
multiple of 8 channels, the nearest, which processors and TensorRT want. The answer keeps its shape.
A pruned network has lost accuracy: train it on with --weights, at best with `edgehuman distill`
from the one that it was. Its card says that it is pruned, and every command reads it. Left out:
heads of attention; a network that splits its width into heads is refused, unless --keep names the
layers before.

A gain is counted in measured milliseconds, not in operations: the fastest of 50 forwards of one
record, on this machine's CPU, one thread, in PyTorch. Under 10 % the network is not written. For
networks of the catalogue there are smaller ones.
"""

from __future__ import annotations

import time
from pathlib import Path

import torch
from torch import Tensor, nn

from edgehuman import catalogue
from edgehuman.card import RANDOM_WEIGHTS, WEIGHTS, Card, InputSpec
from edgehuman.distill.prune.channels import narrowed
from edgehuman.distill.prune.settings import PruneConfig
from edgehuman.errors import TrainingError, UsageError
from edgehuman.files import require_own_folder
from edgehuman.install import not_installed
from edgehuman.nets.building import size_of
from edgehuman.nets.checkpoint import load_network
from edgehuman.outcome import Outcome
from edgehuman.own import is_missing, is_own
from edgehuman.training.checkpoint import save_weights

LEAST_GAIN = 0.1
FRAMES = 24  # of a record of any length, as tried and timed
ROUNDS = 50


def prune(config: PruneConfig) -> Outcome:
    """Prune a network, time both, and write the narrower one.

    Raises:
        UsageError: a network of the catalogue, or one that cannot be made this narrow.
        TrainingError: it is less than 10 % faster; nothing is written.
        MissingDependencyError: torch-pruning is not installed.
    """
    if is_missing("torch_pruning"):
        raise not_installed("torch_pruning", "pruning")
    require_own_folder(config.out, {WEIGHTS}, "--out")
    network, card = _given(config)
    record = example(card.input, config.seed)
    narrow = narrowed(network, record, config.width, config.keep)
    before_ms, after_ms = latencies_ms((network, narrow), record[:1])
    gain = 1 - after_ms / before_ms
    if gain < LEAST_GAIN:
        raise TrainingError(
            f"--width {config.width:g} takes {config.network} from {before_ms:.2f} to "
            f"{after_ms:.2f} ms, a gain of {100 * gain:.0f} %; under {100 * LEAST_GAIN:.0f} % "
            "nothing is written: choose a smaller --width, or keep the network"
        )
    params, flops = size_of(card.arch, narrow, card.input)
    recipe = f"{card.recipe}; pruned to width {config.width:g}, not trained since"
    changed = {"params": params, "flops": flops, "recipe": recipe, "pruned": True}
    new = card.replace(**changed, metrics=(), parity={})
    save_weights(config.out, narrow.state_dict(), new)
    data = {
        "network": config.network,
        "params": {"before": card.params, "after": params},
        "flops": {"before": card.flops, "after": flops},
        "latency_ms": {"before": round(before_ms, 3), "after": round(after_ms, 3)},
        "gain": round(gain, 3),
        "out": str(config.out),
    }
    text = (
        f"{config.network}: {card.params:,} -> {params:,} parameters, {before_ms:.2f} -> "
        f"{after_ms:.2f} ms (one thread, PyTorch)\nwritten to {config.out}; train it on before use"
    )
    return Outcome(data, text)


def _given(config: PruneConfig) -> tuple[nn.Module, Card]:
    if is_own(config.network):
        row = catalogue.network(config.network)
        card = Card(
            name=config.network,
            task=row.task,
            arch=config.network,
            params=0,
            flops=0,
            input=catalogue.step(row.input, "input")(row),
            output=catalogue.step(row.input, "output")(row),
            recipe=f"{RANDOM_WEIGHTS}, seed {config.seed}",
        )
        network: nn.Module = catalogue.step(row.input, "build")(card, {}, config.seed)
        params, flops = size_of(card.arch, network, card.input)
        return network, card.replace(params=params, flops=flops)
    arch = config.network
    if arch not in catalogue.NETWORKS:
        network, card = load_network(Path(config.network))
        arch = card.arch
    if not is_own(arch):
        raise UsageError(
            f"{config.network} is {arch}, of the catalogue; pruning is for networks of your own: "
            "choose a smaller architecture from `edgehuman models` and distil into it"
        )
    return network, card


def example(input: InputSpec, seed: int) -> Tensor:
    """Return two made records (N, ...) of an input."""
    generator = torch.Generator().manual_seed(seed)
    shape = (2, *(size or max(FRAMES, input.least) for size in input.shape))
    if input.dtype == "uint8":
        return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    return torch.rand(shape, generator=generator)


def latencies_ms(networks: tuple[nn.Module, nn.Module], record: Tensor) -> tuple[float, float]:
    """Return the least time of a forward of each, of 50 in turns, on one thread.

    The least, because other programs only add to it; medians of a busy machine differ by 20 %.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    took_ms: tuple[list[float], list[float]] = ([], [])
    try:
        with torch.inference_mode():
            for turn in range(ROUNDS + ROUNDS // 5):
                for network, found in zip(networks, took_ms, strict=True):
                    begin_ns = time.perf_counter_ns()
                    network(record)
                    if turn >= ROUNDS // 5:
                        found.append((time.perf_counter_ns() - begin_ns) / 1e6)
    finally:
        torch.set_num_threads(threads)
    return min(took_ms[0]), min(took_ms[1])
