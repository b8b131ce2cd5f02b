"""`edgehuman import`: convert published weights to a checkpoint folder for the other commands.

    edgehuman import tiny_vit_5m.pth --source tinyvit --arch tinyvit_5m --image-size 256x128 --out D

Without --image-size the network keeps the size and windows of its weights, and computes the same
as the source. Only tensors and plain values are read from files; no code in them is run.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import nn

from edgehuman import catalogue
from edgehuman.card import WEIGHTS, Card, OutputSpec, image_input, sha256_of_file
from edgehuman.errors import UsageError
from edgehuman.nets.building import build, count_flops, count_params
from edgehuman.nets.image.tinyvit import STOCK_WINDOWS, tiling_windows
from edgehuman.nets.image.weights import Imported, import_state
from edgehuman.outcome import Outcome
from edgehuman.training import checkpoint
from edgehuman.training.foreign import read_foreign, require_finite
from edgehuman.training.image.import_settings import ImportConfig
from edgehuman.training.ledger import commit, versions

# The image size of all these published weights.
PUBLISHED_SIZE = (224, 224)


def import_weights(config: ImportConfig) -> Outcome:
    """Run `edgehuman import`.

    Raises:
        UsageError: unknown network, source without that network, invalid size, or folder in use.
        CheckpointError: no such file, not weights, or weights of another network; the message lists
            what did not match.
    """
    network = _build(config)
    if (config.out / WEIGHTS).exists():
        raise UsageError(f"--out {config.out} already holds a checkpoint; choose another folder")
    state = read_foreign(config.checkpoint)
    pixels = None if config.pixels == "auto" else config.pixels
    found = import_state(
        network, state, config.source, str(config.checkpoint), pixels, config.which
    )
    require_finite(network.state_dict(), str(config.checkpoint))
    card = _card(config, network)
    checkpoint.save_weights(config.out, network.state_dict(), card)
    checkpoint.save_config(config.out, config)
    return _outcome(config, card, found, getattr(network, "windows", None))


def parse_size(text: str) -> tuple[int, int]:
    """Parse `256x128` to (256, 128): height, width.

    Raises:
        UsageError: not of this form, or a side under 32 pixels.
    """
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    size = (int(found.group(1)), int(found.group(2))) if found else (0, 0)
    if min(size) < 32:
        raise UsageError(
            f"--image-size is {text!r}; give HEIGHTxWIDTH in pixels, at least 32x32, such as "
            "256x128"
        )
    return size


def _build(config: ImportConfig) -> nn.Module:
    row: catalogue.Network = catalogue.find(catalogue.NETWORKS, "network", config.arch)
    if config.arch not in catalogue.networks_of("image"):
        raise UsageError(
            f"--arch {config.arch} reads a {row.input}; choose a person-image network from "
            "`edgehuman models`"
        )
    size = PUBLISHED_SIZE if config.image_size is None else parse_size(config.image_size)
    arguments: dict[str, Any] = {"image_size": size}
    if row.family == "tinyvit":
        tiling = STOCK_WINDOWS if config.image_size is None else tiling_windows(size)
        arguments["windows"] = config.windows or tiling
    elif config.windows is not None:
        raise UsageError(f"--windows needs a TinyViT; {config.arch} has no windows")
    if config.windows is not None and min(config.windows) < 1:
        raise UsageError(f"--windows are {config.windows}; each must be at least 1")
    return build(config.arch, **arguments)


def _card(config: ImportConfig, network: Any) -> Card:
    height, width = network.image_size
    image_NHWC = torch.zeros(1, height, width, 3, dtype=torch.uint8)
    return Card(
        name=f"{config.arch} from {config.source}",
        task="person-embedding",
        arch=config.arch,
        params=count_params(network),
        flops=count_flops(network, image_NHWC),
        input=image_input(height, width),
        output=OutputSpec("embedding", distance="cosine", dim=network.width),
        recipe=(
            f"imported from {config.checkpoint.name} "
            f"(sha256 {sha256_of_file(config.checkpoint)[:16]}), source {config.source}; see its "
            "publisher for training data and licence"
        ),
        commit=commit(),
        versions=versions(),
    )


def _outcome(
    config: ImportConfig, card: Card, found: Imported, windows: tuple[int, ...] | None
) -> Outcome:
    height, width = card.input.shape[:2]
    data = {
        "out": str(config.out),
        "arch": config.arch,
        "source": config.source,
        "params": card.params,
        "flops": card.flops,
        "image_size": [height, width],
        "windows": windows,
        "pixels": found.pixels,
        "resampled": list(found.resampled),
        "dropped": list(found.dropped),
        "taken": list(found.taken),
    }
    lines = [
        f"{config.out}: {config.arch} from {config.checkpoint.name}, {card.params:,} parameters, "
        f"{height}x{width}",
        *found.taken,
        f"pixel normalisation: {found.pixels}; change it with --pixels",
    ]
    if windows is not None and windows != STOCK_WINDOWS:
        sides = ", ".join(map(str, windows))
        lines.append(f"windows of {sides} cells; --windows 7 14 7 keeps the published ones")
    for what, names in (("resampled", found.resampled), ("left out", found.dropped)):
        if names:
            more = f" and {len(names) - 4} more" if len(names) > 4 else ""
            lines.append(f"{what}: {', '.join(names[:4])}{more}")
    return Outcome(data, "\n".join(lines))
