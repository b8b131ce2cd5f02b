"""Weights and silhouettes from a formula: OpenGait's networks, filled alike, gave the numbers in
these tests.

Every tensor has its place i in OpenGait's state dict, every element its place j in its tensor, and
u(i, j) is a hash of both, uniform in [-0.5, 0.5).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from edgehuman.nets.building import build
from edgehuman.nets.silhouette import opengait
from edgehuman.nets.silhouette.network import SilhouetteNet
from edgehuman.records import Float64

_DATA = Path(os.environ.get("EDGEHUMAN_DATA", Path(__file__).parents[4] / "shared" / "data"))
VECTORS = Path(os.environ.get("EDGEHUMAN_VECTORS", _DATA.parent / "reference" / "vectors"))
IDS = 50  # identities of the reference networks, where they have any
WITHOUT_IDS = ("gaitset", "gaitpart")
# The reference's name of each network, and the first three features of its first walk.
FIRST = {
    "gaitset": ("gaitset_gait3d", (3.03981, 3.12915, 3.92074)),
    "gaitpart": ("gaitpart_gait3d", (1.90939, 2.11558, 2.81528)),
    "gaitgl": ("gaitgl_gait3d", (2.70617, 2.67763, 2.51236)),
    "smplgait": ("smplgait_wo3d_gait3d", (1.03282, 1.84121, 0.98493)),
    "gaitbase": ("gaitbase_gait3d", (1.75038, 0.0, 0.52882)),
}
LARGE = {
    "gaitgl_wide": ("gaitgl_grew", (2.883, 1.59131, 1.28456)),
    "gaitgl_wide_bnneck": ("gaitgl_grew_bnneck", (2.883, 1.59131, 1.28456)),
    "deepgaitv2": ("deepgaitv2_p3d_gait3d", (886.105, 1448.5465, 1890.95997)),
}
# Of these the reference has no features, but their mean and deviation, and that of the embedding.
WIDE = {
    "gaitset_wide": "gaitset_grew",
    "gaitpart_wide": "gaitpart_grew",
    "baseline_wide": "baseline_grew_plain",
}


def uniform(count: int, index: int) -> Float64:
    """u(index, 0 … count - 1), in 32-bit arithmetic."""
    low = np.uint64(0xFFFFFFFF)
    h = np.arange(count, dtype=np.uint64) * np.uint64(2_654_435_761)
    h = (h + np.uint64((index + 1) * 40_503)) & low
    h ^= h >> np.uint64(15)
    h = (h * np.uint64(2_246_822_519)) & low
    h ^= h >> np.uint64(13)
    return np.asarray(h.astype(np.float64) / 2**32 - 0.5)


def waves(number: int = 2, frames: int = 9) -> Tensor:
    """Silhouettes (N, T, 64, 44) from 0 to 1 of nobody: waves that walk."""
    b, t, y, x = np.indices((number, frames, 64, 44))
    wave = np.sin(0.13 * y + 0.29 * x + 0.37 * t + 0.71 * b + 0.011 * y * x)
    return torch.from_numpy((0.5 + 0.5 * wave).astype(np.float32))


def filled(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of OpenGait, in its order, with the weights of the formula."""
    return {name: _filled(name, state[name], i) for i, name in enumerate(state)}


def _filled(name: str, tensor: Tensor, index: int) -> Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.zeros_like(tensor)
    u = uniform(tensor.numel(), index)
    last = name.rpartition(".")[2]
    if name == "HPP.p":
        value = np.full(u.shape, 6.5)
    elif last in ("running_var", "running_mean"):
        value = 1 + 0.5 * u if last == "running_var" else 0.2 * u
    elif tensor.ndim >= 2:
        fan = tensor.shape[1] if last == "fc_bin" else tensor[0].numel()
        value = u * np.sqrt(24 / fan)
    else:
        value = 1 + 0.2 * u if last == "weight" else 0.2 * u
    return torch.from_numpy(value.reshape(tensor.shape).astype(np.float32))


def reference_network(arch: str) -> SilhouetteNet:
    """A catalogued network with the weights of the formula, in eval mode."""
    network = build(arch, num_ids=0 if arch.startswith(WITHOUT_IDS) else IDS)
    assert isinstance(network, SilhouetteNet)
    state = filled(opengait.to_opengait(network))
    network.load_state_dict(opengait.from_opengait(network, state, "made").weights)
    return network


def reference(name: str) -> Any:
    """The arrays of a reference network, or a visible skip where they are not at hand."""
    path = VECTORS / f"opengait_{name}.npz"
    if not path.is_file():
        pytest.skip(f"reference arrays are not at {path}")
    return np.load(path)


def summary() -> dict[str, Any]:
    """Numbers of every reference network by its name, or a visible skip."""
    path = VECTORS / "opengait_summary.json"
    if not path.is_file():
        pytest.skip(f"reference numbers are not at {path}")
    return {row["name"]: row for row in json.loads(path.read_text())}


def require_as_published(arch: str, name: str, first: tuple[float, ...]) -> None:
    """The network of the formula's weights gives the features of the reference, and its
    embedding and logits where arrays are at hand.
    """
    network, sils_NTHW = reference_network(arch), waves()
    with torch.inference_mode():
        features_NCP = network.backbone(sils_NTHW[:1])
        embedding_NDP = network.head(features_NCP)
    scale = max(1.0, float(features_NCP.abs().max()) / 100)
    np.testing.assert_allclose(features_NCP[0, 0, :3], first, atol=1e-4 * scale)
    if not (VECTORS / f"opengait_{name}.npz").is_file():
        return
    found = reference(name)
    np.testing.assert_allclose(found["input"], sils_NTHW, atol=1e-6)
    np.testing.assert_allclose(features_NCP, found["feat"][:1], atol=1e-4)
    np.testing.assert_allclose(embedding_NDP, found["emb"][:1], atol=1e-4)
    if network.num_ids:
        with torch.inference_mode():
            logits_NKP = network.logits(embedding_NDP)
        np.testing.assert_allclose(logits_NKP, found["logits"][:1], atol=1e-4)
