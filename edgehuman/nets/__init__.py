"""Networks: they only map arrays to arrays. `load` reads one from a checkpoint or from the zoo."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def load(folder: str | os.PathLike[str]) -> Any:
    """Load the network of a checkpoint folder, of `zoo:NAME` or of an FP32 .onnx, in eval mode.

    Every network has `forward_features(records)`: raw records (N, ...) in, one embedding (N, width)
    out, before any head. A network of person images has `backbone(x_NCHW)`, `features`, `taps` and
    `normalise` (`edgehuman.nets.image.features`), and takes raw uint8 (N, H, W, 3) when called.

    Raises:
        UsageError, ArtefactError: no such model in the zoo, or no such graph.
        CheckpointError: no such folder, damaged, or weights that do not match the card.
    """
    from edgehuman.nets.checkpoint import load_network

    network, _ = load_network(Path(folder))
    return network
